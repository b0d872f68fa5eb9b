import { numberAt, selects } from "../field.ts";
import type { Gateway, Server } from "../kinds/gateway/schema.ts";
import type { Resource } from "../resources.ts";
import type { Workload } from "../workloads.ts";
import type { World } from "../world.ts";

/** Gateways against their pods and Services (IST0101, IST0162) and against one another (IST0138, IST0145). */
export function analyzeGateways(world: World): void {
  const gateways = world.resources.Gateway;
  for (const gateway of gateways) {
    analyzePods(gateway, world);
    for (const other of gateways) {
      if (other === gateway) continue;
      analyzeConflict(gateway, other, world);
      analyzeCertificates(gateway, other);
    }
  }
}

function analyzePods({ spec, place }: Resource<Gateway>, world: World): void {
  const { selector = {} } = spec;
  const keys = Object.keys(selector);
  const candidates = world.workloads.filter(({ labels }) => keys.every((key) => key in labels));
  if (keys.length === 0 || candidates.length === 0) return;
  const pods = candidates.filter(({ labels }) => selects(selector, labels));
  const text = Object.entries(selector)
    .map((label) => label.join("="))
    .join(",");
  if (pods.length === 0) {
    const message = `no workload has the labels ${text}, so nothing listens`;
    return place
      .in("selector")
      .find("IST0101", message, "correct the selector: its labels are those of the gateway's pods");
  }
  const ports = new Set(pods.flatMap((pod) => servedPorts(pod, world)));
  spec.servers?.forEach(({ port }, index) => {
    if (port?.number === undefined || ports.has(port.number)) return;
    const message = `no Service of the pods ${text} leads to port ${port.number}, so no request arrives`;
    const hint = `write one of ${[...ports].join(", ") || "its ports"}, or add the port to the Service`;
    place.in("servers", index, "port", "number").find("IST0162", message, hint);
  });
}

/** Both numbers of each port: the Service's and the pod's. */
function servedPorts(pod: Workload, world: World): number[] {
  return world
    .servicesOf(pod)
    .flatMap(({ ports }) =>
      ports.flatMap(({ number, targetPort }) => [number, numberAt(Number(targetPort)) ?? number]),
    );
}

function analyzeConflict(gateway: Resource<Gateway>, other: Resource<Gateway>, world: World): void {
  if (!sameSelector(gateway, other) && !sharePods(gateway, other, world)) return;
  gateway.spec.servers?.forEach((server, index) => {
    const shared = (other.spec.servers ?? []).flatMap((rival) => sharedHosts(server, rival));
    if (shared.length === 0) return;
    const name = `${other.object.metadata.namespace}/${other.object.metadata.name}`;
    const message = `the Gateway ${name} serves ${shared.join(", ")} on port ${server.port?.number}, too: one of them is dropped`;
    gateway.place.in("servers", index, "hosts").find("IST0145", message, "keep each host of a port in one Gateway");
  });
}

function sharedHosts(server: Server, rival: Server): string[] {
  if (server.port?.number !== rival.port?.number || (server.bind ?? "") !== (rival.bind ?? "")) return [];
  return (server.hosts ?? []).filter((host) => rival.hosts?.includes(host));
}

function sameSelector(a: Resource<Gateway>, b: Resource<Gateway>): boolean {
  const first = a.spec.selector ?? {};
  const second = b.spec.selector ?? {};
  return Object.keys(first).length === Object.keys(second).length && selects(first, second);
}

/** Whether the one selector has the other's labels and more, and the files have a pod that both select. */
function sharePods(a: Resource<Gateway>, b: Resource<Gateway>, world: World): boolean {
  const first = a.spec.selector ?? {};
  const second = b.spec.selector ?? {};
  if (!selects(first, second) && !selects(second, first)) return false;
  return world.workloads.some(({ labels }) => selects(first, labels) && selects(second, labels));
}

function analyzeCertificates(gateway: Resource<Gateway>, other: Resource<Gateway>): void {
  if (!selects(gateway.spec.selector ?? {}, other.spec.selector ?? {})) return;
  const used = new Set((other.spec.servers ?? []).flatMap(certificateOf));
  gateway.spec.servers?.forEach((server, index) => {
    const [certificate] = certificateOf(server);
    if (certificate === undefined || !used.has(certificate)) return;
    const name = `${other.object.metadata.namespace}/${other.object.metadata.name}`;
    const message = `the Gateway ${name} has the same certificate: a client that reuses its connection gets 404`;
    gateway.place
      .in("servers", index, "tls")
      .find("IST0138", message, "serve the certificate's hosts from one Gateway");
  });
}

function certificateOf({ tls }: Server): string[] {
  if (tls?.credentialName) return [`secret ${tls.credentialName}`];
  return tls?.serverCertificate && tls.privateKey ? [`files ${tls.serverCertificate} ${tls.privateKey}`] : [];
}
