import type { ConnectionPool } from "#mesh/istio/destination-rule.ts";
import type { Compilation } from "./compilation.ts";
import { connectionPoolFields, httpOptions } from "./connection-pool.ts";
import { ruleForProxy } from "./destination-rules.ts";
import { protocolOptionsField } from "./http-protocol-options.ts";
import type { InboundPort } from "./inbound-ports.ts";
import { type JsonObject, message } from "./json.ts";
import { socketAddress } from "./load-assignment.ts";
import { inboundCluster, statPrefix } from "./names.ts";
import { from, fromObject } from "./origin.ts";
import { loopbackSource } from "./special-clusters.ts";
import { type EffectivePolicy, policyForPort } from "./traffic-policy.ts";

/** The longest duration that Envoy takes: destinations are never forgotten. */
const never = "9223372035s";

/**
 * The cluster of a workload's own port. Of DestinationRules only the connection pool counts here, so that the receiving side
 * has the room that its callers were given.
 */
export function inboundClusterOf(port: InboundPort, compilation: Compilation): JsonObject {
  const { settings } = compilation.mesh;
  const name = inboundCluster(port.targetPort);
  const policy = policyOf(port, compilation);
  const address = endpointAddress(port, compilation);
  const options = httpOptions(port.protocol, policy.connectionPool, {
    upgradable: false,
    followsClient: true,
    settings,
  });
  const cluster = message({
    name,
    alt_stat_name: statPrefix(name),
    type: address ? "STATIC" : "ORIGINAL_DST",
    lb_policy: address ? undefined : "CLUSTER_PROVIDED",
    ...connectionPoolFields(policy.connectionPool, policy.retryBudget, settings),
    typed_extension_protocol_options: protocolOptionsField(options),
    cleanup_interval: address ? undefined : never,
    load_assignment: address && { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
    upstream_bind_config: isLoopback(address) ? undefined : loopbackSource,
    common_lb_config: {},
    metadata: metadataOf(port),
  });
  if (port.ingress) return from(port.ingress, cluster);
  if (policy.connectionPool) return from(policy.connectionPool, cluster);
  return port.origin ? fromObject(port.origin, ["spec", "ports"], cluster) : cluster;
}

/** The Sidecar's pool counts before that of the DestinationRule for the workload's own service, and drops its retry budget. */
function policyOf(port: InboundPort, { scope, proxy }: Compilation): EffectivePolicy {
  const rules = scope.rules.get(port.services[0]?.hostname ?? "") ?? [];
  const rule = ruleForProxy(rules, proxy, { inbound: true });
  const policy = policyForPort(rule?.spec.trafficPolicy, port.servicePort);
  const pool: ConnectionPool | undefined = port.ingress?.connectionPool ?? scope.sidecar?.spec.inboundConnectionPool;
  return pool ? { connectionPool: pool } : policy;
}

/** Where the workload itself listens; undefined for wherever the caller's connection was meant to go. */
function endpointAddress({ ingress, targetPort }: InboundPort, { mesh, proxy }: Compilation): JsonObject | undefined {
  if (!ingress) return mesh.settings.inboundOnLocalhost ? socketAddress("127.0.0.1", targetPort) : undefined;
  const endpoint = ingress.defaultEndpoint ?? "";
  if (endpoint.startsWith("unix://")) return socketAddress(endpoint, 0);
  const colon = endpoint.lastIndexOf(":");
  const [host, number] = [endpoint.slice(0, colon), Number(endpoint.slice(colon + 1))];
  if (colon < 0 || !Number.isInteger(number)) return undefined;
  if (host === "0.0.0.0") return socketAddress(proxy.ip, number);
  return host === "127.0.0.1" || host === "[::1]" ? socketAddress("127.0.0.1", number) : undefined;
}

function isLoopback(address: JsonObject | undefined): boolean {
  const socket = address?.["socket_address"] as JsonObject | undefined;
  return socket?.["address"] === "127.0.0.1";
}

function metadataOf({ services }: InboundPort): JsonObject | undefined {
  if (services.length === 0) return undefined;
  const listed = services.map(({ hostname: host, name, namespace }) => ({ host, name, namespace }));
  return { filter_metadata: { istio: { services: listed } } };
}
