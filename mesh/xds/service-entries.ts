import { isIpAddress } from "#mesh/istio/hosts.ts";
import type { ServiceSpec } from "#mesh/istio/kubernetes.ts";
import type { Resource } from "#mesh/istio/resource.ts";
import type { ServiceEntry, ServiceEntryPort, WorkloadEntry } from "#mesh/istio/service-entry.ts";
import { withTopology } from "./endpoint-slices.ts";
import { type KubernetesService, unspecifiedAddress } from "./kubernetes-services.ts";
import { spiffeId } from "./names.ts";
import { parseProtocol } from "./protocol.ts";
import { labelsMatch } from "./proxy.ts";
import type { Endpoint, Resolution, Service } from "./service.ts";
import { trafficDistribution } from "./traffic-distribution.ts";
import type { Workload, Workloads } from "./workloads.ts";

const resolutions: Record<NonNullable<ServiceEntry["resolution"]>, Resolution> = {
  NONE: "passthrough",
  STATIC: "eds",
  DNS: "dns",
  DNS_ROUND_ROBIN: "dns-round-robin",
  DYNAMIC_DNS: "dynamic",
};

interface Context {
  workloadEntries: Resource<WorkloadEntry>[];
  workloads: Workloads;
  trustDomain: string;
}

/** The services of a ServiceEntry: one for each host and address. */
export function servicesOfEntry(entry: Resource<ServiceEntry>, context: Context): Service[] {
  const { spec, object, namespace } = entry;
  const services: Service[] = [];
  for (const hostname of spec.hosts ?? []) {
    for (const address of addressesOf(spec)) {
      const service: Service = {
        hostname,
        name: hostname,
        namespace,
        registry: "external",
        address,
        addresses: [address],
        ports: (spec.ports ?? []).map(({ name = "", number = 0, protocol = "" }) => {
          return { name, number, protocol: parseProtocol(protocol) };
        }),
        resolution: resolutions[spec.resolution ?? "NONE"],
        meshExternal: spec.location !== "MESH_INTERNAL",
        exportTo: new Set(spec.exportTo ?? []),
        labels: object.metadata.labels,
        selector: spec.workloadSelector?.labels,
        externalName: "",
        aliases: [],
        identities: spec.subjectAltNames ?? [],
        distribution: trafficDistribution(undefined, object.metadata.annotations),
        nodeLocal: false,
        endpoints: [],
        targetPorts: targetPortsOf(spec),
        origin: object,
      };
      service.endpoints = endpointsOfEntry(service, spec, context);
      services.push(service);
    }
  }
  return services;
}

function targetPortsOf(spec: ServiceEntry): Map<number, number> {
  const changed = (spec.ports ?? []).filter(({ targetPort }) => targetPort);
  const applies = (spec.resolution ?? "NONE") === "NONE";
  return new Map(applies ? changed.map(({ number = 0, targetPort = 0 }) => [number, targetPort]) : []);
}

function addressesOf(spec: ServiceEntry): string[] {
  if (!spec.addresses || spec.addresses.length === 0) return [unspecifiedAddress];
  return spec.addresses.flatMap((address) => {
    const [ip = "", bits] = address.split("/");
    if (!isIpAddress(ip)) return [];
    return bits === (ip.includes(":") ? "128" : "32") ? [ip] : [address];
  });
}

function endpointsOfEntry(service: Service, spec: ServiceEntry, context: Context): Endpoint[] {
  const ports = spec.ports ?? [];
  const inline = spec.endpoints ?? [];
  const byDns = service.resolution === "dns" || service.resolution === "dns-round-robin";
  if (inline.length > 0) {
    const owner = { name: "", namespace: "" };
    return ports.flatMap((port) => inline.map((entry) => fromEntry(entry, port, { service, owner, ...context })));
  }
  if (spec.workloadSelector) return selected(service, spec, context);
  return byDns ? ports.map((port) => hostEndpoint(service.hostname, port)) : [];
}

function hostEndpoint(hostname: string, port: ServiceEntryPort): Endpoint {
  return {
    address: hostname,
    port: port.targetPort || port.number || 0,
    portName: port.name ?? "",
    labels: {},
    identity: "",
    weight: 1,
    locality: "",
    tlsMode: "disabled",
    health: undefined,
    workload: { name: "", namespace: "" },
    node: "",
  };
}

interface EntryContext {
  service: Service;
  owner: { name: string; namespace: string };
  trustDomain: string;
}

/** The port is the entry's own, else the service's targetPort, else the service's port. */
function fromEntry(entry: WorkloadEntry, port: ServiceEntryPort, context: EntryContext): Endpoint {
  const unix = entry.address?.startsWith("unix://") ?? false;
  const labels = entry.labels ?? {};
  const locality = entry.locality ?? labels["istio-locality"]?.replaceAll(".", "/") ?? "";
  const mode = labels["security.istio.io/tlsMode"] ?? (entry.serviceAccount ? "istio" : "disabled");
  return {
    address: unix ? (entry.address?.slice("unix://".length) ?? "") : (entry.address ?? ""),
    port: unix ? 0 : entry.ports?.[port.name ?? ""] || port.targetPort || port.number || 0,
    portName: port.name ?? "",
    labels: withTopology(labels, { locality, node: "" }),
    identity: entry.serviceAccount
      ? spiffeId(context.trustDomain, context.service.namespace, entry.serviceAccount)
      : "",
    weight: entry.weight || 1,
    locality,
    tlsMode: mode === "istio" ? "istio" : "disabled",
    health: undefined,
    workload: context.owner,
    node: "",
  };
}

/** A WorkloadEntry with the labels of its metadata, which count before those of its spec. */
export function withOwnLabels(entry: Resource<WorkloadEntry>): Resource<WorkloadEntry> {
  const labels = { ...entry.spec.labels, ...entry.object.metadata.labels };
  return { ...entry, spec: { ...entry.spec, labels } };
}

/** WorkloadEntries that the selector of a Kubernetes Service picks are endpoints of it, beside its pods. */
export function addWorkloadEntries(
  services: readonly KubernetesService[],
  { workloadEntries, trustDomain }: Pick<Context, "workloadEntries" | "trustDomain">,
): void {
  for (const { service, spec } of services) {
    const { selector = {}, resolution, namespace } = service;
    if (resolution !== "eds" || Object.keys(selector).length === 0) continue;
    for (const owner of workloadEntries.filter((entry) => entry.namespace === namespace)) {
      if (!labelsMatch(selector, owner.spec.labels ?? {})) continue;
      for (const port of spec.ports ?? []) {
        const number = portOnEntry(owner.spec, port);
        if (!number) continue;
        const entry = { ...owner.spec, ports: {} };
        service.endpoints.push(fromEntry(entry, { name: port.name ?? "", number }, { service, owner, trustDomain }));
      }
    }
  }
}

/** An entry names its ports as the Service does, or as its target ports where they have names. */
function portOnEntry(
  { ports = {} }: WorkloadEntry,
  { name = "", port, targetPort = port }: NonNullable<ServiceSpec["ports"]>[number],
): number | undefined {
  return typeof targetPort === "string" ? ports[targetPort] : ports[name] || targetPort;
}

/**
 * A workloadSelector selects WorkloadEntries and pods of the ServiceEntry's namespace. Those whose address is a name or a socket
 * count only where Envoy resolves the service by name.
 */
function selected(service: Service, spec: ServiceEntry, context: Context): Endpoint[] {
  const selector = spec.workloadSelector?.labels ?? {};
  if (Object.keys(selector).length === 0) return [];
  const ports = spec.ports ?? [];
  const byDns = service.resolution === "dns" || service.resolution === "dns-round-robin";
  const entries = context.workloadEntries
    .filter((entry) => entry.namespace === service.namespace && labelsMatch(selector, entry.spec.labels ?? {}))
    .filter(({ spec: { address = "" } }) => byDns || address === "" || isIpAddress(address))
    .flatMap((entry) => ports.map((port) => fromEntry(entry.spec, port, { service, owner: entry, ...context })));
  const pods = context.workloads.pods
    .filter((pod) => pod.namespace === service.namespace && pod.ready && labelsMatch(selector, pod.labels))
    .flatMap((pod) => ports.map((port) => fromPod(pod, port, context.trustDomain)));
  return [...entries, ...pods];
}

/** The port is the container's of the same name, else the service's targetPort, else the service's port. */
function fromPod(pod: Workload, port: ServiceEntryPort, trustDomain: string): Endpoint {
  const own = pod.ports.find(({ name, protocol }) => name !== "" && name === port.name && protocol === "TCP");
  return {
    address: pod.ip,
    port: own?.number || port.targetPort || port.number || 0,
    portName: port.name ?? "",
    labels: withTopology(pod.labels, pod),
    identity: spiffeId(trustDomain, pod.namespace, pod.serviceAccount),
    weight: 1,
    locality: pod.locality,
    tlsMode: pod.labels["security.istio.io/tlsMode"] === "istio" ? "istio" : "disabled",
    health: "HEALTHY",
    workload: { name: pod.owner, namespace: pod.namespace },
    node: pod.node,
  };
}
