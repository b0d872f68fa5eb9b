import type { Finding } from "#mesh/istio/finding.ts";
import type { KubeObject } from "#mesh/istio/kube-object.ts";
import { type EndpointSlice, endpointSlice, type ServiceSpec } from "#mesh/istio/kubernetes.ts";
import { readPart } from "#mesh/istio/resource.ts";
import type { KubernetesService } from "./kubernetes-services.ts";
import { spiffeId } from "./names.ts";
import { labelsMatch } from "./proxy.ts";
import type { Endpoint } from "./service.ts";
import type { Workload, Workloads } from "./workloads.ts";

interface Context {
  workloads: Workloads;
  trustDomain: string;
  findings: Finding[];
}

/** Gives Kubernetes Services their endpoints: from EndpointSlices, or from pods in an input that has no EndpointSlice at all. */
export function addEndpoints(services: KubernetesService[], slices: KubeObject[], context: Context): void {
  if (slices.length === 0) addPodEndpoints(services, context);
  const byName = new Map(services.map((entry) => [`${entry.service.namespace}/${entry.service.name}`, entry]));
  for (const slice of slices) {
    const name = slice.metadata.labels["kubernetes.io/service-name"] ?? "";
    const entry = byName.get(`${slice.metadata.namespace}/${name}`);
    if (!entry) continue;
    const read = readPart(slice, [], { shape: endpointSlice, findings: context.findings }) ?? {};
    for (const endpoint of endpointsOfSlice(read, slice.metadata.namespace, context)) {
      addOnce(entry.service.endpoints, endpoint);
    }
  }
}

function endpointsOfSlice(slice: EndpointSlice, namespace: string, context: Context): Endpoint[] {
  if (slice.addressType === "FQDN") return [];
  const endpoints: Endpoint[] = [];
  for (const { addresses = [], conditions, targetRef } of slice.endpoints ?? []) {
    const health = healthOf(conditions ?? {});
    for (const address of addresses) {
      const isPod = targetRef?.kind === "Pod";
      const workload = isPod
        ? context.workloads.named(targetRef.namespace ?? namespace, targetRef.name ?? "")
        : context.workloads.at(address);
      if (isPod && !workload) continue;
      for (const port of slice.ports ?? []) {
        endpoints.push(
          toEndpoint(
            workload,
            { address, port: port.port ?? 0, portName: port.name ?? "", namespace, health },
            context,
          ),
        );
      }
    }
  }
  return endpoints;
}

interface Place {
  address: string;
  port: number;
  portName: string;
  namespace: string;
  health: Endpoint["health"];
}

function healthOf({
  ready = true,
  terminating = true,
}: {
  ready?: boolean;
  terminating?: boolean;
}): Endpoint["health"] {
  if (ready) return "HEALTHY";
  return terminating ? "TERMINATING" : "UNHEALTHY";
}

function toEndpoint(workload: Workload | undefined, place: Place, { trustDomain }: Context): Endpoint {
  const labels = withTopology(workload?.labels ?? {}, workload ?? { locality: "", node: "" });
  const { address, port, portName, health } = place;
  return {
    address,
    port,
    portName,
    labels,
    identity: workload ? spiffeId(trustDomain, workload.namespace, workload.serviceAccount) : "",
    weight: 1,
    locality: workload?.locality ?? "",
    tlsMode: labels["security.istio.io/tlsMode"] === "istio" ? "istio" : "disabled",
    health,
    workload: { name: workload?.owner ?? "", namespace: workload?.namespace ?? place.namespace },
    node: workload?.node ?? "",
  };
}

/** Istio adds to a workload's labels where it runs, so that subsets can select by it. */
export function withTopology(
  labels: Record<string, string>,
  { locality, node }: { locality: string; node: string },
): Record<string, string> {
  const [region, zone, subzone] = locality.split("/");
  return {
    ...labels,
    "topology.istio.io/cluster": "Kubernetes",
    ...(region ? { "topology.kubernetes.io/region": region } : {}),
    ...(zone ? { "topology.kubernetes.io/zone": zone } : {}),
    ...(subzone ? { "topology.istio.io/subzone": subzone } : {}),
    ...(node ? { "kubernetes.io/hostname": node } : {}),
  };
}

function addPodEndpoints(services: KubernetesService[], context: Context): void {
  for (const { service, spec } of services) {
    const { selector } = service;
    if (!selector || Object.keys(selector).length === 0) continue;
    for (const pod of context.workloads.pods) {
      if (pod.namespace !== service.namespace || pod.ip === "" || !pod.ready || !labelsMatch(selector, pod.labels))
        continue;
      for (const port of spec.ports ?? []) {
        const number = targetPortOf(port, pod);
        if (number === undefined) continue;
        const place = { address: pod.ip, port: number, portName: port.name ?? "", namespace: pod.namespace };
        service.endpoints.push(toEndpoint(pod, { ...place, health: "HEALTHY" }, context));
      }
    }
  }
}

type SpecPort = NonNullable<ServiceSpec["ports"]>[number];

/** The container's port behind a Service's port; undefined when the pod has no port of that name. */
export function targetPortOf(port: SpecPort, workload: Workload | undefined): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target !== "string") return target;
  const protocol = port.protocol ?? "TCP";
  return workload?.ports.find((candidate) => candidate.name === target && candidate.protocol === protocol)?.number;
}

function addOnce(endpoints: Endpoint[], endpoint: Endpoint): void {
  const known = endpoints.some(
    (other) =>
      other.address === endpoint.address && other.port === endpoint.port && other.portName === endpoint.portName,
  );
  if (!known) endpoints.push(endpoint);
}
