import { isIP, isIPv6 } from "node:net";
import type { Place } from "../place.ts";

export function isIpAddress(text: string): boolean {
  return isIP(text) !== 0;
}

export function isCidr(text: string): boolean {
  const [address = "", bits = "", ...more] = text.split("/");
  if (more.length > 0 || address.includes("%") || !isIpAddress(address)) return false;
  return /^(0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= (isIPv6(address) ? 128 : 32);
}

const addressHint = "write an address such as 10.1.2.3, or a range such as 10.1.0.0/16";

/** An address, or a range of them. */
export function checkSubnet(text: string, place: Place): void {
  const valid = text.split("/").length === 2 ? isCidr(text) : isIpAddress(text);
  if (!valid) place.refuse(`"${text}" is neither an IP address nor a CIDR range`, addressHint);
}

export function checkSubnets(texts: string[] | undefined, place: Place): void {
  texts?.forEach((text, index) => {
    const valid = text.includes("/") ? isCidr(text) : isIpAddress(text);
    if (!valid) place.in(index).refuse(`"${text}" is neither an IP address nor a CIDR range`, addressHint);
  });
}

/** The absolute path behind `unix://`, or an abstract socket's name behind `@`. */
export function checkUnixPath(path: string, place: Place): void {
  if (path.startsWith("@")) return;
  if (!path.startsWith("/") || path.endsWith("/")) {
    place.refuse(`"unix://${path}" names no file by its absolute path`, "write unix:///path/to/socket");
  }
}
