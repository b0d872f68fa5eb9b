import { isIpAddress } from "#mesh/istio/hosts.ts";
import type { Compilation } from "./compilation.ts";
import { withTopology } from "./endpoint-slices.ts";
import { type JsonObject, message, unlessEmpty } from "./json.ts";
import { localitySetting } from "./load-balancer.ts";
import { applyLocality, type LocalityGroup, type ProxyPlace } from "./locality.ts";
import type { Mesh } from "./mesh.ts";
import { workloadMutualTls } from "./peer-authentication.ts";
import { labelsMatch, type Proxy } from "./proxy.ts";
import type { Endpoint, Service, ServicePort } from "./service.ts";
import type { EffectivePolicy } from "./traffic-policy.ts";
import type { Workload } from "./workloads.ts";

/** Whose endpoints a cluster has. */
export interface AssignmentTarget {
  cluster: string;
  service: Service;
  port: ServicePort;
  /** Labels that endpoints of a subset must have. */
  labels: Record<string, string>;
  policy: EffectivePolicy;
  /** Leaves out endpoints without a sidecar. */
  onlyMutualTls: boolean;
}

/** The endpoints of a cluster, as EDS hands them out. */
export function loadAssignment(target: AssignmentTarget, compilation: Compilation): JsonObject {
  return assignment(target, compilation, { byDns: false });
}

/** The endpoints of a cluster that Envoy resolves by DNS: they may be host names, and are part of the cluster. */
export function inlineAssignment(target: AssignmentTarget, compilation: Compilation): JsonObject {
  return assignment(target, compilation, { byDns: true });
}

function assignment(
  { cluster, service, port, labels, policy, onlyMutualTls }: AssignmentTarget,
  { mesh, proxy }: Compilation,
  { byDns }: { byDns: boolean },
): JsonObject {
  const own = mesh.workloads.named(proxy.namespace, proxy.name) ?? mesh.workloads.at(proxy.ip);
  const endpoints = mesh.registry
    .endpointsOf(service, port)
    .filter(
      (endpoint) =>
        labelsMatch(labels, endpoint.labels) &&
        endpoint.health !== "TERMINATING" &&
        (endpoint.health !== "UNHEALTHY" || service.distribution !== undefined) &&
        (byDns || endpoint.port === 0 || isIpAddress(endpoint.address)) &&
        (!service.nodeLocal || endpoint.node === (own?.node ?? "")),
    );
  const secured = endpoints.map((endpoint) =>
    takesNoTls(endpoint, mesh) ? { ...endpoint, tlsMode: "disabled" as const } : endpoint,
  );
  const found = byLocality(secured);
  const groups = applyLocality(
    onlyMutualTls ? found.map(withMutualTls) : found,
    localitySetting(policy.loadBalancer, service, mesh.settings),
    {
      hasBreaker: policy.outlierDetection !== undefined,
      place: placeOf(proxy, own),
      byLabel: !byDns,
    },
  );
  return message({ cluster_name: cluster, endpoints: unlessEmpty(groups.map(toJson)) });
}

/** Where a proxy runs: as its labels say, else as its pod's node does. */
function placeOf(proxy: Proxy, own: Workload | undefined): ProxyPlace {
  const labels = withTopology(proxy.labels, own ?? { locality: "", node: "" });
  const parts = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"];
  return { locality: parts.map((part) => labels[part] ?? "").join("/"), labels };
}

/** A workload whose PeerAuthentication says DISABLE is called in plain text, although it has a sidecar. */
function takesNoTls({ tlsMode, workload, labels, port }: Endpoint, mesh: Mesh): boolean {
  if (tlsMode === "disabled" || mesh.peerAuthentications.length === 0) return false;
  const { mode, ports } = workloadMutualTls(mesh, { namespace: workload.namespace, labels });
  return (ports.get(port) ?? mode) === "DISABLE";
}

function byLocality(endpoints: Endpoint[]): LocalityGroup[] {
  const groups = new Map<string, LocalityGroup>();
  for (const endpoint of endpoints) {
    const { locality } = endpoint;
    const group = groups.get(locality) ?? { locality, endpoints: [], weight: 0, priority: 0 };
    groups.set(locality, group);
    group.endpoints.push({ endpoint, json: endpointJson(endpoint) });
    group.weight += endpoint.weight;
  }
  return [...groups.values()].sort((a, b) => (a.locality < b.locality ? -1 : 1));
}

function withMutualTls(group: LocalityGroup): LocalityGroup {
  const endpoints = group.endpoints.filter(({ endpoint }) => endpoint.tlsMode === "istio");
  return { ...group, endpoints, weight: endpoints.reduce((sum, { endpoint }) => sum + endpoint.weight, 0) };
}

function toJson({ locality, endpoints, weight, priority }: LocalityGroup): JsonObject {
  const [region, zone, subzone] = locality.split("/");
  return message({
    locality: message({ region: region || undefined, zone: zone || undefined, sub_zone: subzone || undefined }),
    lb_endpoints: unlessEmpty(endpoints.map(({ json }) => json)),
    load_balancing_weight: weight || undefined,
    priority: priority || undefined,
  });
}

function endpointJson(endpoint: Endpoint): JsonObject {
  const { address, port, workload, labels } = endpoint;
  const canonical = labels["service.istio.io/canonical-name"] ?? labels["app.kubernetes.io/name"] ?? labels["app"];
  const revision =
    labels["service.istio.io/canonical-revision"] ?? labels["app.kubernetes.io/version"] ?? labels["version"];
  const name = `${workload.name};${workload.namespace};${canonical ?? workload.name};${revision ?? ""};Kubernetes`;
  return message({
    endpoint: { address: port === 0 ? { pipe: { path: address } } : socketAddress(address, port) },
    health_status: endpoint.health,
    metadata: {
      filter_metadata: message({
        "envoy.transport_socket_match": endpoint.tlsMode === "istio" ? { tlsMode: "istio" } : undefined,
        istio: { workload: name },
      }),
    },
    load_balancing_weight: endpoint.weight,
  });
}

/** The address of a listener or an endpoint; `unix://` and a path for a unix socket. */
export function socketAddress(address: string, port: number): JsonObject {
  if (address.startsWith("unix://")) return { pipe: { path: address.slice("unix://".length) } };
  return { socket_address: { address, port_value: port } };
}
