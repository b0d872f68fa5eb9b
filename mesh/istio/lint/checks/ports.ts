import type { Place } from "../place.ts";
import { isDnsLabel } from "./names.ts";
import { protocolFamily, protocolNames } from "./protocols.ts";

export function checkPortName(name: string, place: Place): void {
  if (!isDnsLabel(name)) {
    place.refuse(`"${name}" is no name of a port`, "write letters, digits and dashes, such as grpc or http-admin");
  }
}

/** An empty protocol is found out by looking at the traffic. */
export function checkProtocol(protocol: string | undefined, place: Place): void {
  if (protocol && !protocolFamily(protocol))
    place.refuse(`the protocol "${protocol}" is not known`, `write ${protocolNames}`);
}
