import { fieldAt, listAt, numberAt, textAt } from "../field.ts";
import { isHttp2, type Service, type ServicePort } from "../services.ts";
import type { World } from "../world.ts";
import type { Context } from "./context.ts";

/** Ports that serve gRPC and are not named so (M012). */
export function checkPortNames({ world }: Context): void {
  for (const service of world.services.all) {
    if (service.external) continue;
    service.ports.forEach((port, index) => {
      const reason = isHttp2(port) ? undefined : grpcEvidence(service, port, world);
      if (!reason) return;
      const taken = port.protocol ? `as ${port.protocol}` : "by looking at the traffic";
      const message = `${reason}, and Istio takes port ${port.number} ${taken}: retries, timeouts and gRPC's figures may be lost`;
      world
        .at(service.object)
        .in("spec", "ports", index)
        .find("M012", message, "write name: grpc, or appProtocol: grpc");
    });
  }
}

function grpcEvidence(service: Service, port: ServicePort, world: World): string | undefined {
  if (/^grpc(-|$)/.test(port.targetPort)) return `the pod's port is named ${port.targetPort}`;
  for (const { object, podPath, name } of world.workloadsOf(service)) {
    for (const container of listAt(object.raw, ...podPath, "containers")) {
      const named = listAt(container, "ports").find((entry) => textAt(entry, "name") === port.targetPort);
      const number = String(numberAt(named, "containerPort") ?? port.targetPort);
      const probed = ["readinessProbe", "livenessProbe", "startupProbe"].some(
        (probe) => String(fieldAt(container, probe, "grpc", "port")) === number,
      );
      if (probed) return `${name} is probed by gRPC there`;
    }
  }
  return undefined;
}
