import { isIpv6 } from "#mesh/istio/hosts.ts";
import { type JsonObject, message, unlessEmpty } from "./json.ts";
import { unspecifiedAddress } from "./kubernetes-services.ts";

/** What a connection must look like for a filter chain to take it. All of it must fit; what is empty fits everything. */
export interface ChainMatch {
  serverNames: string[];
  /** Address ranges of the destination. */
  ranges: string[];
  applicationProtocols: string[];
  transport: string;
}

export const everything: ChainMatch = { serverNames: [], ranges: [], applicationProtocols: [], transport: "" };

/** Envoy's matcher; undefined when the chain takes everything. */
export function chainMatch(match: ChainMatch): JsonObject | undefined {
  if (matchesAll(match)) return undefined;
  const anyName = match.serverNames.includes("*");
  const ranges = [...match.ranges]
    .sort()
    .map(toRange)
    .filter(({ address_prefix }) => address_prefix !== unspecifiedAddress);
  return message({
    prefix_ranges: unlessEmpty(ranges),
    server_names: anyName ? undefined : unlessEmpty([...match.serverNames].sort()),
    transport_protocol: match.transport || undefined,
    application_protocols: unlessEmpty(match.applicationProtocols),
  });
}

export function matchesAll({ serverNames, ranges, applicationProtocols, transport }: ChainMatch): boolean {
  const anyName = serverNames.length === 0 || serverNames.includes("*");
  return anyName && applicationProtocols.length === 0 && transport === "" && ranges.length === 0;
}

/** Whether two chains would take the same connections; Envoy refuses a listener with two such chains. */
export function sameMatch(a: ChainMatch, b: ChainMatch): boolean {
  return (
    a.transport === b.transport &&
    a.applicationProtocols.join() === b.applicationProtocols.join() &&
    sameSet(a.serverNames, b.serverNames) &&
    sameSet(a.ranges.filter(isLimited), b.ranges.filter(isLimited))
  );
}

function sameSet(a: string[], b: string[]): boolean {
  const [first, second] = [new Set(a.filter((one) => one !== "*")), new Set(b.filter((one) => one !== "*"))];
  return first.size === second.size && [...first].every((one) => second.has(one));
}

function isLimited(range: string): boolean {
  return !range.startsWith(unspecifiedAddress);
}

function toRange(range: string): { address_prefix: string; prefix_len: number } {
  const [address = "", bits] = range.split("/");
  return { address_prefix: address, prefix_len: bits === undefined ? (isIpv6(address) ? 128 : 32) : Number(bits) };
}
