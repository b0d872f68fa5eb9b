import type { DestinationRule } from "#mesh/istio/destination-rule.ts";
import type { L4Destination } from "#mesh/istio/virtual-service.ts";
import type { Compilation } from "./compilation.ts";
import { extension, type JsonObject, message, objectAt, optionalDuration } from "./json.ts";
import type { Protocol } from "./protocol.ts";
import { clusterOf } from "./route-context.ts";
import { destinationRuleFor } from "./sidecar-scope.ts";

const type = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";

/** A filter that passes a connection on to one cluster, as opaque bytes. */
export function tcpProxy(
  cluster: string,
  options: { rule?: DestinationRule | undefined; subset?: string; statPrefix?: string; tunnels?: boolean } = {},
): JsonObject {
  return extension("envoy.filters.network.tcp_proxy", type, {
    stat_prefix: options.statPrefix ?? cluster,
    cluster,
    ...ruleFields(options.rule, options.subset ?? ""),
    tunneling_config: options.tunnels === false ? undefined : tunneling(options.rule, options.subset ?? ""),
  });
}

/** The filters of a port that carries bytes. MongoDB's are looked into on the way, for statistics. */
export function networkFilters(protocol: Protocol, proxy: JsonObject): JsonObject[] {
  if (protocol !== "Mongo") return [proxy];
  const { stat_prefix } = objectAt(proxy, "typed_config");
  const mongo = "envoy.extensions.filters.network.mongo_proxy.v3.MongoProxy";
  return [extension("envoy.filters.network.mongo_proxy", mongo, { stat_prefix }), proxy];
}

/** The filter for the destinations of a TCP or TLS route. Their first one's DestinationRule decides about timeouts. */
export function routedTcpProxy(
  destinations: L4Destination[],
  { port, statPrefix, compilation }: { port: number; statPrefix: string; compilation: Compilation },
): JsonObject {
  const { scope, proxy } = compilation;
  const cluster = ({ destination = {} }: L4Destination): string =>
    clusterOf(destination, scope.servicesByHost.get(destination.host ?? ""), port);
  const [first, ...others] = destinations;
  const host = first?.destination?.host ?? "";
  const rule = scope.servicesByHost.has(host) ? destinationRuleFor(scope, proxy, host)?.spec : undefined;
  if (first && others.length === 0) return tcpProxy(cluster(first), { rule, subset: first.destination?.subset ?? "" });
  const clusters = destinations
    .filter(({ weight }) => weight)
    .map((one) => ({ name: cluster(one), weight: one.weight ?? 0 }));
  return extension("envoy.filters.network.tcp_proxy", type, {
    stat_prefix: statPrefix,
    weighted_clusters: { clusters },
    ...ruleFields(rule, ""),
    tunneling_config: tunneling(rule, ""),
  });
}

function ruleFields(rule: DestinationRule | undefined, subset: string): JsonObject {
  const tcp = rule?.trafficPolicy?.connectionPool?.tcp;
  return message({
    idle_timeout: optionalDuration(tcp?.idleTimeout),
    max_downstream_connection_duration: optionalDuration(tcp?.maxConnectionDuration),
    hash_policy: hashesSource(rule, subset) ? [{ source_ip: {} }] : undefined,
  });
}

function hashesSource(rule: DestinationRule | undefined, subset: string): boolean {
  const own = rule?.subsets?.find(({ name }) => (name ?? "") === subset)?.trafficPolicy?.loadBalancer;
  const deciding = own ?? rule?.trafficPolicy?.loadBalancer;
  return deciding?.consistentHash?.useSourceIp ?? false;
}

/** A subset does not inherit the tunnel of its rule. */
function tunneling(rule: DestinationRule | undefined, subset: string): JsonObject | undefined {
  const owner = subset === "" ? rule : rule?.subsets?.find(({ name }) => name === subset);
  const tunnel = owner?.trafficPolicy?.tunnel;
  if (!tunnel) return undefined;
  const { targetHost = "", targetPort = 0, protocol } = tunnel;
  const host = targetHost.includes(":") ? `[${targetHost}]` : targetHost;
  return message({ hostname: `${host}:${targetPort}`, use_post: protocol === "POST" || undefined });
}
