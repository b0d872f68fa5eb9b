import type { Replica as PlacedReplica } from "../localize/types.ts";
import type { Replica } from "../supervisor/replica.ts";
import { textOf } from "../supervisor/template.ts";

/** A replica as the control plane wants to know it. */
export function toPlaced(replica: Replica): PlacedReplica {
  const { workload } = replica.template;
  return {
    name: replica.pod.name,
    namespace: workload.namespace,
    workload: workload.name,
    labels: workload.labels,
    serviceAccount: workload.serviceAccount,
    ip: replica.pod.ip,
    ports: replica.ports.map((port) => ({
      name: port.name,
      containerPort: port.containerPort,
      upstream: textOf(port),
    })),
    outbound: replica.pod.outbound,
    ready: replica.ready,
  };
}
