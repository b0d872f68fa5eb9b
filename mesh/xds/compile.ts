import type { Finding } from "#mesh/istio/finding.ts";
import { applyAccessLogs } from "./access-log.ts";
import { type ClusterAndEndpoints, onwardClusters, outboundClusters } from "./cluster.ts";
import type { Compilation } from "./compilation.ts";
import { withTopology } from "./endpoint-slices.ts";
import { applyEnvoyFilters } from "./envoy-filter/apply.ts";
import { gatewayListeners } from "./gateway-listeners.ts";
import { gatewayRouteConfiguration } from "./gateway-routes.ts";
import { mergeGateways } from "./gateway-servers.ts";
import { inboundClusterOf } from "./inbound-cluster.ts";
import { inboundPorts } from "./inbound-ports.ts";
import type { JsonObject } from "./json.ts";
import { inboundListeners } from "./listener-inbound.ts";
import { outboundListeners } from "./listener-outbound.ts";
import type { Mesh } from "./mesh.ts";
import { inboundCluster } from "./names.ts";
import type { Proxy } from "./proxy.ts";
import { proxyHeaderSettings } from "./proxy-headers.ts";
import { sidecarRouteConfigurations } from "./route-configuration.ts";
import { scopeOf } from "./sidecar-scope.ts";
import { blackHole, inboundPassthrough, passthrough } from "./special-clusters.ts";

export { originOf } from "./origin.ts";

/** Everything that one Envoy gets. */
export interface ProxyConfiguration {
  listeners: JsonObject[];
  clusters: JsonObject[];
  routes: JsonObject[];
  endpoints: JsonObject[];
  findings: Finding[];
}

/** Makes what istiod would push to a proxy. Pure: the same mesh and proxy always give the same configuration. */
export function compileProxy(mesh: Mesh, node: Proxy): ProxyConfiguration {
  const proxy = withPodLabels(mesh, node);
  const direction = proxy.type === "router" ? "gateway" : "outbound";
  const compilation: Compilation = {
    mesh,
    proxy,
    scope: scopeOf(mesh, proxy),
    headers: proxyHeaderSettings(mesh.settings, direction),
    findings: [],
  };
  const made = proxy.type === "router" ? compileGateway(compilation) : compileSidecar(compilation);
  return { ...made, findings: distinct(made.findings) };
}

/** Where a proxy's pod is known, its labels count, with where it runs; else those that the proxy itself names. */
function withPodLabels({ workloads }: Mesh, proxy: Proxy): Proxy {
  const pod = workloads.named(proxy.namespace, proxy.name) ?? workloads.at(proxy.ip);
  return pod ? { ...proxy, labels: withTopology(pod.labels, pod) } : proxy;
}

/** What is wrong with a rule shows on every port that it is made for; once is enough. */
function distinct(findings: Finding[]): Finding[] {
  const byPlace = new Map(
    findings.map((one) => [`${one.code} ${one.file}:${one.line}:${one.column} ${one.message}`, one]),
  );
  return [...byPlace.values()];
}

function compileSidecar(compilation: Compilation): ProxyConfiguration {
  const { scope, mesh, findings } = compilation;
  const outbound = scope.services.flatMap((service) =>
    service.ports.flatMap((port) => outboundClusters(service, port, compilation)),
  );
  const { listeners, routeNames } = outboundListeners(compilation);
  const ports = inboundPorts(compilation);
  const clusters = [
    ...outbound.map(({ cluster }) => cluster),
    blackHole(mesh.settings),
    passthrough(mesh.settings),
    ...ports.map((port) => inboundClusterOf(port, compilation)),
    inboundPassthrough(mesh.settings),
  ];
  const routes = sidecarRouteConfigurations(routeNames, compilation);
  listeners.push(...inboundListeners(ports, compilation));
  applyAccessLogs(listeners, compilation);
  const made = {
    listeners,
    clusters,
    routes,
    endpoints: endpointsOf(outbound),
    findings,
  };
  const hosts = new Map(
    ports.map(({ targetPort, services }) => [inboundCluster(targetPort), services.map(({ hostname }) => hostname)]),
  );
  return applyEnvoyFilters(made, compilation, { hostsOf: (cluster) => hosts.get(cluster) ?? [] });
}

function compileGateway(compilation: Compilation): ProxyConfiguration {
  const { scope, mesh, proxy, findings } = compilation;
  const outbound = scope.services.flatMap((service) =>
    service.ports.flatMap((port) => outboundClusters(service, port, compilation)),
  );
  const merged = mergeGateways(mesh, proxy);
  const onward = merged.joinsServices
    ? scope.services.flatMap((service) => service.ports.flatMap((port) => onwardClusters(service, port, compilation)))
    : [];
  const listeners = gatewayListeners(merged, compilation);
  applyAccessLogs(listeners, compilation);
  const made = {
    listeners,
    clusters: [
      ...outbound.map(({ cluster }) => cluster),
      blackHole(mesh.settings),
      ...onward.map(({ cluster }) => cluster),
    ],
    routes: [...merged.byRoute.keys()].map((name) => gatewayRouteConfiguration(name, merged, compilation)),
    endpoints: endpointsOf([...outbound, ...onward]),
    findings,
  };
  const gatewayPorts = new Map(
    merged.groups.map(({ port, servers }) => [port, new Set(servers.map((server) => server.port))]),
  );
  return applyEnvoyFilters(made, compilation, { hostsOf: () => [], gatewayPorts });
}

function endpointsOf(clusters: ClusterAndEndpoints[]): JsonObject[] {
  return clusters.flatMap(({ endpoints }) => (endpoints ? [endpoints] : []));
}
