import { adminGet, adminJson } from "#mesh/local/envoy-admin.ts";
import type { BreakerState } from "./outcome.ts";
import { at, list } from "./world.ts";

/**
 * The state of one caller's breaker of a workload, from what its sidecar's clusters say of each host.
 *
 * @param callerKey what the names of the caller's clusters start with
 * @param replicas the workload's replicas by address
 */
export async function readBreaker(
  admin: string,
  callerKey: string,
  replicas: ReadonlyMap<string, string>,
): Promise<BreakerState> {
  const answer = await adminJson(admin, "/clusters?format=json");
  const state: BreakerState = { open: [], closed: [], blocked: 0 };
  const clusters: string[] = [];
  for (const cluster of list(at(answer, "cluster_statuses"))) {
    const name = String(at(cluster, "name"));
    if (!name.startsWith(`${callerKey}/outbound|`)) continue;
    for (const host of list(at(cluster, "host_statuses"))) {
      const replica = replicas.get(String(at(host, "address", "socket_address", "address")));
      if (replica === undefined) continue;
      clusters.push(name);
      const ejected = at(host, "health_status", "failed_outlier_check") === true;
      const side = ejected ? state.open : state.closed;
      if (!side.includes(replica)) side.push(replica);
    }
  }
  // Subsets are clusters of their own: a host that one of them has ejected counts as open.
  state.closed = state.closed.filter((replica) => !state.open.includes(replica));
  state.blocked = await overflows(admin, new Set(clusters));
  return state;
}

async function overflows(admin: string, clusters: ReadonlySet<string>): Promise<number> {
  const { body } = await adminGet(admin, "/stats?filter=outlier_detection.ejections_overflow");
  let sum = 0;
  for (const line of body.split("\n")) {
    const [, name, value] = /^cluster\.(.*?);?\.outlier_detection\.ejections_overflow: (\d+)$/.exec(line) ?? [];
    if (name !== undefined && [...clusters].some((cluster) => cluster.replaceAll(":", "_") === name))
      sum += Number(value);
  }
  return sum;
}
