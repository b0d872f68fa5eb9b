import { listAt, numberAt, textAt } from "../field.ts";
import { isControlPlane, isOutsideMesh } from "../in-mesh.ts";
import { suggest } from "../schema/suggest.ts";
import type { Service } from "../services.ts";
import type { Workload } from "../workloads.ts";
import type { World } from "../world.ts";

/** Port names (IST0118, IST0150), and workloads whose Services disagree (IST0116, IST0137). */
export function analyzeServices(world: World): void {
  for (const service of world.services.all) {
    if (!service.external && !isOfOthers(service)) analyzePortNames(service, world);
  }
  for (const workload of world.workloads) {
    if (workload.object.kind !== "Deployment") continue;
    const services = world.servicesOf(workload);
    if (services.length < 2 || isOutsideMesh(workload, world)) continue;
    analyzeProtocols(workload, services, world);
    analyzeTargets(workload, services, world);
  }
}

const protocols = ["grpc", "http", "http2", "https", "tcp", "tls", "mongo", "redis", "mysql"];

/** Whether a Service is Istio's own, one that istiod makes for a Gateway of the Gateway API, or Kubernetes'. */
function isOfOthers({ object, namespace }: Service): boolean {
  const managed = "gateway.istio.io/managed" in object.metadata.labels;
  return managed || isControlPlane(object) || ["kube-system", "kube-public"].includes(namespace);
}

function analyzePortNames({ object, ports }: Service, world: World): void {
  const isExternalName = textAt(object.spec, "type") === "ExternalName";
  ports.forEach(({ protocol, name, number }, index) => {
    const place = world.at(object).in("spec", "ports", index);
    if (isExternalName && (protocol === undefined || name === "tcp")) {
      const message = `port ${number} takes all TCP traffic of that number, whatever its destination`;
      place.find("IST0150", message, "name the port http, https, grpc or tls");
    } else if (protocol === undefined) {
      const meant = suggest(name.split("-")[0] ?? "", protocols);
      const hint = meant && name !== "" ? `did you mean ${meant}? Else write` : "write";
      const message = `the name "${name}" says no protocol, so Istio finds it out by looking at the traffic of port ${number}`;
      place.find(
        "IST0118",
        message,
        `${hint} name: grpc, http-${name || "web"} or tcp-${name || "db"}, or appProtocol`,
      );
    }
  });
}

function analyzeProtocols(workload: Workload, services: readonly Service[], world: World): void {
  const byPort = new Map<number, Map<string, string>>();
  for (const { object } of services) {
    for (const port of listAt(object.spec, "ports")) {
      const number = numberAt(port, "port") ?? 0;
      const protocols = byPort.get(number) ?? new Map();
      byPort.set(number, protocols.set(textAt(port, "protocol") ?? "TCP", object.metadata.name));
    }
  }
  for (const [port, protocols] of byPort) {
    if (protocols.size < 2) continue;
    const message = `port ${port} is ${[...protocols].map(([protocol, name]) => `${protocol} in ${name}`).join(", ")}`;
    world.at(workload.object).in("metadata", "name").find("IST0116", message, "use one protocol, or two ports");
  }
}

function analyzeTargets(workload: Workload, services: readonly Service[], world: World): void {
  const byTarget = new Map<string, Map<number, string>>();
  for (const { object, ports } of services) {
    for (const { targetPort, number } of ports) {
      byTarget.set(targetPort, (byTarget.get(targetPort) ?? new Map()).set(number, object.metadata.name));
    }
  }
  for (const [target, numbers] of byTarget) {
    if (numbers.size < 2) continue;
    const list = [...numbers].map(([number, name]) => `${number} of ${name}`).join(", ");
    const message = `the pod's port ${target} is ${list}: only one of them has an inbound listener`;
    world.at(workload.object).in("metadata", "name").find("IST0137", message, "use the same port in all Services");
  }
}
