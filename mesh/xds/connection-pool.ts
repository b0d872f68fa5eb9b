import type { ConnectionPool, TcpKeepalive, TrafficPolicy } from "#mesh/istio/destination-rule.ts";
import type { HttpProtocolOptions } from "./http-protocol-options.ts";
import { durationOf, type JsonObject, message, optionalDuration } from "./json.ts";
import { percent } from "./percentage.ts";
import { isHttp, isHttp2, isHttpOrSniffed, type Protocol } from "./protocol.ts";
import type { MeshSettings } from "./settings.ts";

/** Istio takes all of Envoy's limits away; Envoy's own default for parallel retries is 3. */
const unlimited = 4_294_967_295;

/** The fields of a cluster that a connection pool decides. */
export function connectionPoolFields(
  pool: ConnectionPool | undefined,
  budget: TrafficPolicy["retryBudget"],
  settings: MeshSettings,
): Record<string, JsonObject | string | undefined> {
  return {
    connect_timeout: durationOf(pool?.tcp?.connectTimeout ?? settings.connectTimeoutMs),
    circuit_breakers: pool || budget ? { thresholds: [thresholds(pool, budget)] } : noLimits,
    upstream_connection_options: keepalive(settings.fields.tcpKeepalive, pool?.tcp?.tcpKeepalive),
  };
}

const noLimits: JsonObject = { thresholds: [thresholds(undefined, undefined)] };

/** Zero means unlimited too: a limit of none cannot be written. */
function thresholds(pool: ConnectionPool | undefined, budget: TrafficPolicy["retryBudget"]): JsonObject {
  const limit = (value: number | undefined): number => (value && value > 0 ? value : unlimited);
  return message({
    max_connections: limit(pool?.tcp?.maxConnections),
    max_pending_requests: limit(pool?.http?.http1MaxPendingRequests),
    max_requests: limit(pool?.http?.http2MaxRequests),
    max_retries: limit(pool?.http?.maxRetries),
    retry_budget: budget && {
      budget_percent: percent(budget.percent ?? 0.2),
      min_retry_concurrency: budget.minRetryConcurrency || 3,
    },
  });
}

/** Each field of the rule replaces that of the mesh; an empty block turns keepalive on with the system's values. */
function keepalive(mesh: TcpKeepalive | undefined, rule: TcpKeepalive | undefined): JsonObject | undefined {
  if (!mesh && !rule) return undefined;
  const seconds = (ms: number | undefined): number | undefined =>
    ms === undefined ? undefined : Math.trunc(ms / 1000);
  return {
    tcp_keepalive: message({
      keepalive_probes: rule?.probes || mesh?.probes || undefined,
      keepalive_time: seconds(rule?.time ?? mesh?.time),
      keepalive_interval: seconds(rule?.interval ?? mesh?.interval),
    }),
  };
}

/** How a cluster speaks HTTP: from the port's protocol, the pool's upgrade policy, and the pool's limits on connections. */
export function httpOptions(
  protocol: Protocol,
  pool: ConnectionPool | undefined,
  { upgradable, followsClient, settings }: { upgradable: boolean; followsClient: boolean; settings: MeshSettings },
): HttpProtocolOptions {
  const http = pool?.http;
  const preservesCase = settings.preservesHeaderCase && !isHttp2(protocol) && isHttpOrSniffed(protocol);
  const sniffs = protocol === "sniffed" && followsClient;
  const own = isHttp2(protocol) ? "http2" : sniffs ? "downstream" : preservesCase ? "http1" : undefined;
  const upgraded = own ?? (upgradable && upgrades(protocol, http, settings) ? "http2" : undefined);
  const spoken = http?.useClientProtocol ? "downstream" : upgraded;
  return {
    protocol: spoken,
    preservesCase,
    idleTimeout: optionalDuration(http?.idleTimeout ?? pool?.tcp?.idleTimeout),
    maxConnectionDuration: optionalDuration(pool?.tcp?.maxConnectionDuration),
    maxRequestsPerConnection: http?.maxRequestsPerConnection || undefined,
    maxConcurrentStreams: http?.maxConcurrentStreams || undefined,
  };
}

/** UPGRADE in a rule counts for every port that it covers; that of the mesh only for HTTP ports. */
function upgrades(protocol: Protocol, http: ConnectionPool["http"], settings: MeshSettings): boolean {
  if (http?.useClientProtocol || http?.h2UpgradePolicy === "DO_NOT_UPGRADE") return false;
  return http?.h2UpgradePolicy === "UPGRADE" || (settings.h2Upgrade && isHttp(protocol));
}
