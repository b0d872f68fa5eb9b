import type { Workload, World } from "#mesh/policy-test/world.ts";
import type { Proxy } from "#mesh/xds/proxy.ts";

/** The proxy of a workload, as one of its pods would have it. Which pod makes no difference to its configuration. */
export function proxyOf(workload: Workload, world: World): Proxy {
  const index = [...world.workloads.keys()].indexOf(workload.id);
  return {
    name: `${workload.name}-1`,
    namespace: workload.namespace,
    labels: workload.labels,
    ip: `10.223.${Math.floor(Math.max(0, index) / 250)}.${(Math.max(0, index) % 250) + 1}`,
    type: workload.gateway ? "router" : "sidecar",
    serviceAccount: workload.serviceAccount,
  };
}
