import type { ConsistentHash, DestinationRule, PortPolicy } from "#mesh/istio/destination-rule.ts";
import type { Destination } from "#mesh/istio/virtual-service.ts";
import { type JsonObject, message, optionalDuration, unlessEmpty } from "./json.ts";

/** What of a request decides on the host. A cookie without a lifetime is only read, never set. */
export function hashPolicy(hash: ConsistentHash | undefined): JsonObject | undefined {
  if (hash?.httpHeaderName !== undefined) return { header: { header_name: hash.httpHeaderName } };
  if (hash?.httpCookie) {
    const { name = "", path, ttl, attributes = [] } = hash.httpCookie;
    const pairs = attributes.map((attribute) => message({ name: attribute.name, value: attribute.value }));
    return { cookie: message({ name, ttl: optionalDuration(ttl), path, attributes: unlessEmpty(pairs) }) };
  }
  if (hash?.useSourceIp !== undefined) return { connection_properties: { source_ip: hash.useSourceIp } };
  return hash?.httpQueryParameterName === undefined
    ? undefined
    : { query_parameter: { name: hash.httpQueryParameterName } };
}

/** The hash for a destination of a VirtualService. Settings of a port only count when the destination names the port. */
export function hashForDestination(rule: DestinationRule, destination: Destination): ConsistentHash | undefined {
  const port = destination.port?.number;
  const subset = rule.subsets?.find(({ name }) => (name ?? "") === (destination.subset ?? ""))?.trafficPolicy;
  const top = rule.trafficPolicy;
  return (
    hashForPort(subset?.portLevelSettings, port) ??
    subset?.loadBalancer?.consistentHash ??
    hashForPort(top?.portLevelSettings, port) ??
    top?.loadBalancer?.consistentHash
  );
}

/** The hash for a service that no VirtualService routes. */
export function hashForServicePort(rule: DestinationRule, port: number): ConsistentHash | undefined {
  const top = rule.trafficPolicy;
  return hashForPort(top?.portLevelSettings, port) ?? top?.loadBalancer?.consistentHash;
}

function hashForPort(settings: PortPolicy[] | undefined, port: number | undefined): ConsistentHash | undefined {
  if (port === undefined) return undefined;
  return settings?.find((setting) => setting.port?.number === port)?.loadBalancer?.consistentHash;
}
