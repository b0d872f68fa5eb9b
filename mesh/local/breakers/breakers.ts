import { parseScoped } from "../localize/names.ts";
import type { AdminState, ClusterStatus, Detection, HostStatus, OutlierEvent } from "./admin-state.ts";
import type { Breaker, Limit, Limits, Retries } from "./breaker.ts";

const unlimited = 4_294_967_295;

/** The state of every caller's breakers, by caller, callee and host. */
export function breakersOf(state: AdminState): Breaker[] {
  return state.clusters
    .flatMap((cluster) => breakersOfCluster(cluster, state))
    .sort((a, b) => compare(sortKey(a), sortKey(b)));
}

function breakersOfCluster(cluster: ClusterStatus, state: AdminState): Breaker[] {
  const scope = parseScoped(cluster.name);
  const [direction, port = "", subset = "", service = ""] = scope?.name.split("|") ?? [];
  if (!scope || direction !== "outbound") return [];
  const stat = (name: string) => state.stats.get(`${cluster.name};.${name}`) ?? 0;
  const [pod = "", namespace = ""] = split(scope.key);
  const whole = { limits: limitsOf(cluster, stat), retries: retriesOf(stat) };
  return cluster.hosts.map((host) => ({
    caller: `${namespace}/${pod}`,
    callee: `${service}:${port}`,
    subset,
    host: host.address,
    ...positionOf(host, { cluster, state, overflows: stat("outlier_detection.ejections_overflow") }),
    ...whole,
  }));
}

type Position = Pick<Breaker, "state" | "since" | "until" | "cause">;

const closed: Position = { state: "closed", since: null, until: null, cause: "" };

function positionOf(
  host: HostStatus,
  { cluster, state, overflows }: { cluster: ClusterStatus; state: AdminState; overflows: number },
): Position {
  // Envoy also logs what a detector saw that the policy has switched off, often beside the one that ejected; nobody wanted that one.
  const last = state.events.findLast(
    (event) => event.enforced && event.cluster === cluster.name && event.host === host.address,
  );
  if (host.ejected) return open(last, state.detection.get(cluster.name));
  const othersOut = cluster.hosts.some(({ ejected }) => ejected);
  if (overflows > 0 && (othersOut || !last)) {
    const times = overflows === 1 ? "once" : `${overflows} times`;
    return {
      ...closed,
      state: "blocked",
      cause: `maxEjectionPercent did not allow an ejection (${times} for this service)`,
    };
  }
  return closed;
}

function open(event: OutlierEvent | undefined, detection: Detection | undefined): Position {
  if (event?.action !== "EJECT") return { ...closed, state: "open", cause: "ejected" };
  const lastsMs = detection && Math.min(detection.baseEjectionMs * event.ejections, detection.maxEjectionMs);
  const until = lastsMs ? new Date(Date.parse(event.timestamp) + lastsMs).toISOString() : null;
  return { state: "open", since: event.timestamp, until, cause: causeOf(event) };
}

const causes: Readonly<Record<string, string>> = {
  CONSECUTIVE_5XX: "consecutive errors (consecutive5xxErrors)",
  CONSECUTIVE_GATEWAY_FAILURE: "consecutive gateway errors (consecutiveGatewayErrors)",
  CONSECUTIVE_LOCAL_ORIGIN_FAILURE: "consecutive local errors: connections, timeouts (consecutiveLocalOriginFailures)",
  SUCCESS_RATE: "a success rate far below the other hosts'",
  FAILURE_PERCENTAGE: "too high a share of failures",
};

function causeOf(event: OutlierEvent): string {
  const cause = causes[event.type] ?? event.type.toLowerCase().replaceAll("_", " ");
  return event.ejections > 1 ? `${cause}, ejection ${event.ejections} in a row` : cause;
}

function limitsOf(cluster: ClusterStatus, stat: (name: string) => number): Limits {
  const limit = (name: string, now: number, refused: number): Limit => {
    const max = cluster.thresholds[name] ?? unlimited;
    return { max: max >= unlimited ? null : max, now, refused };
  };
  const pendingOverflow = stat("upstream_rq_pending_overflow");
  return {
    connections: limit("max_connections", stat("upstream_cx_active"), stat("upstream_cx_overflow")),
    // Envoy counts requests turned away by either limit in one number; over HTTP/2 it is nearly always the one of requests.
    pendingRequests: limit("max_pending_requests", stat("upstream_rq_pending_active"), pendingOverflow),
    requests: limit("max_requests", stat("upstream_rq_active"), pendingOverflow),
    retries: limit("max_retries", 0, stat("upstream_rq_retry_overflow")),
  };
}

function retriesOf(stat: (name: string) => number): Retries {
  return {
    made: stat("upstream_rq_retry"),
    succeeded: stat("upstream_rq_retry_success"),
    refused: stat("upstream_rq_retry_overflow"),
  };
}

function sortKey({ caller, callee, subset, host }: Breaker): string {
  return [caller, callee, subset, host].join(" ");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `pod.namespace`; a pod's name may have dots, a namespace has none. */
function split(key: string): string[] {
  const dot = key.lastIndexOf(".");
  return [key.slice(0, dot), key.slice(dot + 1)];
}
