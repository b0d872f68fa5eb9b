import { hostsOverlap, isWildcard } from "#mesh/istio/hosts.ts";
import type { Destination } from "#mesh/istio/virtual-service.ts";
import type { Compilation } from "./compilation.ts";
import { hashForServicePort, hashPolicy } from "./hash-policy.ts";
import { type JsonObject, message } from "./json.ts";
import { bracketed, domainName, httpProxyRoute, outboundCluster, passthroughCluster } from "./names.ts";
import { from, fromObject } from "./origin.ts";
import { isHttpOrSniffed, parseProtocol } from "./protocol.ts";
import { buildRoutes, defaultRoute, type RouteContext } from "./route.ts";
import { timeoutOf } from "./route-action.ts";
import { portOf, type Service, type ServicePort } from "./service.ts";
import { destinationRuleFor, type EgressListener, egressFor } from "./sidecar-scope.ts";
import { DomainClaims, serviceDomains } from "./virtual-host.ts";
import type { VirtualServiceResource } from "./virtual-services.ts";

/** Virtual hosts that share their routes: on one port, the services and further hosts of one VirtualService, or one service. */
interface HostGroup {
  port: number;
  services: Service[];
  hosts: string[];
  routes: JsonObject[];
  resource: VirtualServiceResource | undefined;
}

/**
 * The route configuration of a sidecar: of a port (`50051`), of one service on a port (`host:50051`, where the protocol is
 * found out by looking), of a unix socket, or of the explicit proxy (`http_proxy`).
 */
export function sidecarRouteConfiguration(name: string, compilation: Compilation): JsonObject {
  const { port, host } = parseRouteName(name);
  let virtualHosts = buildVirtualHosts(name, port, compilation);
  if (host !== undefined) virtualHosts = onlyHost(virtualHosts, host, name);
  virtualHosts.sort((a, b) => (String(a["name"]) < String(b["name"]) ? -1 : 1));
  if (host === undefined) virtualHosts.push(catchAll(compilation));
  return {
    name,
    virtual_hosts: virtualHosts,
    validate_clusters: false,
    max_direct_response_body_size_bytes: 1_048_576,
    ignore_port_in_host_matching: true,
  };
}

function parseRouteName(name: string): { port: number; host: string | undefined } {
  if (name.startsWith("unix:") || name === httpProxyRoute) return { port: 0, host: undefined };
  const colon = name.indexOf(":");
  if (colon < 0) return { port: Number(name), host: undefined };
  return { port: Number(name.slice(colon + 1)), host: name.slice(0, colon) };
}

/** A service that is looked at has a listener of its own: whatever host a request names there, the service is meant. */
function onlyHost(virtualHosts: JsonObject[], host: string, name: string): JsonObject[] {
  const own = virtualHosts.filter(({ domains }) =>
    (domains as string[]).some((domain) => domain === host || domain === name),
  );
  const [first] = own;
  if (own.length === 1 && first) first["domains"] = ["*"];
  return own;
}

function buildVirtualHosts(name: string, routePort: number, compilation: Compilation): JsonObject[] {
  const egress = egressFor(compilation.scope, routePort, name);
  if (!egress) return [];
  const isProxy = egress.port && parseProtocol(egress.port.protocol) === "HTTP_PROXY";
  const port = isProxy ? 0 : routePort;
  const groups = buildGroups(egress, port, compilation);
  return port === 0
    ? withPortsOnly(toVirtualHosts(groups, port, compilation))
    : toVirtualHosts(groups, port, compilation).map(({ host }) => host);
}

/** On the explicit proxy a host without a port means port 80; other ports have to be named. */
function withPortsOnly(hosts: { host: JsonObject; port: number }[]): JsonObject[] {
  return hosts.flatMap(({ host, port }) => {
    if (port === 80) return [host];
    host["domains"] = (host["domains"] as string[]).filter((domain) => domain.includes(":"));
    return (host["domains"] as string[]).length > 0 ? [host] : [];
  });
}

function buildGroups(egress: EgressListener, port: number, compilation: Compilation): HostGroup[] {
  const registry = servicesOn(egress, port);
  const applicable = port === 80 ? egress.virtualServices : selectVirtualServices(egress.virtualServices, registry);
  const groups: HostGroup[] = [];
  for (const resource of applicable) groups.push(...groupsOf(resource, { registry, egress, port, compilation }));
  const routed = new Set(groups.flatMap((group) => group.services));
  for (const service of registry.values()) {
    if (routed.has(service) || service.resolution === "alias") continue;
    for (const servicePort of service.ports) {
      if (isHttpOrSniffed(servicePort.protocol)) groups.push(defaultGroup(service, servicePort, compilation));
    }
  }
  return groups;
}

/** The services that a route configuration is about; each with the one port, or with all of them for the explicit proxy. */
function servicesOn(egress: EgressListener, port: number): Map<string, Service> {
  const registry = new Map<string, Service>();
  for (const service of egress.services) {
    if (port === 0) registry.set(service.hostname, service);
    const servicePort = port === 0 ? undefined : portOf(service, port);
    if (!servicePort) continue;
    const hostname = service.hostname.toLowerCase();
    const one = service.ports.length === 1 && hostname === service.hostname;
    registry.set(hostname, one ? service : { ...service, hostname, ports: [servicePort] });
  }
  return registry;
}

function selectVirtualServices(
  resources: VirtualServiceResource[],
  registry: Map<string, Service>,
): VirtualServiceResource[] {
  const hosts = [...registry.keys()];
  const wildcards = hosts.filter(isWildcard);
  return resources.filter(({ spec }) =>
    (spec.hosts ?? []).some((name) => {
      const host = name.toLowerCase();
      return registry.has(host) || (isWildcard(host) ? hosts : wildcards).some((other) => hostsOverlap(host, other));
    }),
  );
}

interface GroupContext {
  registry: Map<string, Service>;
  egress: EgressListener;
  port: number;
  compilation: Compilation;
}

function groupsOf(resource: VirtualServiceResource, context: GroupContext): HostGroup[] {
  const { port, compilation, registry } = context;
  const routes = buildRoutes(resource, routeContext(compilation, port, registry));
  if (routes.length === 0) return [];
  const { services, hosts } = splitHosts(resource, context);
  const byPort = new Map<number, Service[]>();
  for (const service of services) {
    for (const { number, protocol } of service.ports) {
      if (isHttpOrSniffed(protocol)) byPort.set(number, [...(byPort.get(number) ?? []), service]);
    }
  }
  // Hosts outside of the registry exist on port 80 only.
  if (byPort.size === 0 && port === 80) byPort.set(80, []);
  return [...byPort]
    .sort(([a], [b]) => a - b)
    .map(([number, list]) => ({ port: number, services: list, hosts, routes, resource }));
}

export function routeContext(
  compilation: Compilation,
  port: number,
  registry: ReadonlyMap<string, Service>,
): RouteContext {
  const { scope, proxy, mesh, findings } = compilation;
  return {
    proxy,
    port,
    gateways: new Set(["mesh"]),
    isTls: false,
    defaultRetry: mesh.settings.fields.defaultHttpRetryPolicy,
    appendForwardedHost: compilation.headers.forwardedHost,
    clusterOf: (destination) => clusterOf(destination, registry.get(destination.host ?? ""), port),
    destinationRule: (hostname) => destinationRuleFor(scope, proxy, hostname)?.spec,
    findings,
  };
}

/**
 * The cluster of a destination. Without a port it is the service's only one, else that of the listener, even where the service
 * has no such port.
 */
export function clusterOf(destination: Destination, service: Service | undefined, listenerPort: number): string {
  if (!destination.host) return "UnknownService";
  const host = service?.externalName || destination.host;
  const [only, ...others] = service?.ports ?? [];
  const inferred = only && others.length === 0 ? only.number : listenerPort;
  return outboundCluster({ port: destination.port?.number ?? inferred, subset: destination.subset ?? "", host });
}

/** A VirtualService's hosts: the services that it is for, and names that are no services. */
function splitHosts(
  resource: VirtualServiceResource,
  { registry, egress }: GroupContext,
): { services: Service[]; hosts: string[] } {
  const services: Service[] = [];
  const hosts: string[] = [];
  const names = resource.spec.hosts ?? [];
  for (const name of names.filter((host) => !isWildcard(host))) {
    const service = registry.get(name.toLowerCase());
    if (service) services.push(service);
    else hosts.push(name);
  }
  for (const name of names.filter(isWildcard)) {
    const pattern = name.toLowerCase();
    const matching = [...registry.values()].filter((service) => hostsOverlap(service.hostname, pattern));
    services.push(...matching.filter((service) => isSame(egress.mostSpecific.get(service.hostname), resource)));
    if (matching.length === 0) hosts.push(pattern);
  }
  return { services, hosts };
}

function isSame(a: VirtualServiceResource | undefined, b: VirtualServiceResource): boolean {
  return a?.name === b.name && a.namespace === b.namespace;
}

function defaultGroup(service: Service, port: ServicePort, compilation: Compilation): HostGroup {
  const rule = destinationRuleFor(compilation.scope, compilation.proxy, service.hostname)?.spec;
  const route = defaultRoute(service, port.number, {
    retry: compilation.mesh.settings.fields.defaultHttpRetryPolicy,
    hashPolicy: rule && hashPolicy(hashForServicePort(rule, port.number)),
  });
  return { port: port.number, services: [service], hosts: [], routes: [route], resource: undefined };
}

/** The first virtual host of a name wins, and the first that claims a domain: so the first VirtualService of a host does. */
function toVirtualHosts(
  groups: HostGroup[],
  port: number,
  compilation: Compilation,
): { host: JsonObject; port: number }[] {
  const fullNames = new Set(
    groups.flatMap((group) => group.services.flatMap((one) => [one.hostname, domainName(one.hostname, group.port)])),
  );
  const claims = new DomainClaims(fullNames);
  const names = new Set<string>();
  const hosts: { host: JsonObject; port: number }[] = [];
  for (const group of groups) {
    const add = (hostname: string, service: Service | undefined): void => {
      const name = domainName(hostname, group.port);
      if (names.has(name)) return;
      names.add(name);
      const domains = claims.claim(
        service
          ? serviceDomains(service, compilation.proxy.namespace, port === 0 ? group.port : undefined)
          : { domains: [bracketed(hostname)], short: new Set() },
      );
      if (domains.length > 0)
        hosts.push({ host: virtualHost(name, domains, { group, service, compilation }), port: group.port });
    };
    for (const hostname of group.hosts) add(hostname.toLowerCase(), undefined);
    for (const service of group.services) add(service.hostname, service);
  }
  return hosts.filter(({ port: number }) => port === 0 || number === port);
}

interface HostContext {
  group: HostGroup;
  service: Service | undefined;
  compilation: Compilation;
}

function virtualHost(name: string, domains: string[], { group, service, compilation }: HostContext): JsonObject {
  const host = message({
    name,
    domains,
    routes: group.routes,
    include_request_attempt_count: compilation.headers.attemptCount || undefined,
  });
  if (group.resource) return fromObject(group.resource.object, ["spec", "hosts"], host);
  return service ? fromObject(service.origin, ["metadata", "name"], host) : host;
}

/** What happens to requests for hosts that nothing is known about. */
function catchAll(compilation: Compilation): JsonObject {
  const { scope, headers } = compilation;
  const name = scope.allowAny ? "allow_any" : "block_all";
  const { egressProxy } = scope;
  const cluster = egressProxy ? clusterOf(egressProxy, undefined, 0) : passthroughCluster;
  const action = scope.allowAny
    ? {
        route: message({
          cluster,
          ...timeoutOf(undefined),
          append_x_forwarded_host: headers.forwardedHost || undefined,
        }),
      }
    : { direct_response: { status: 502 } };
  const host = message({
    name,
    domains: ["*"],
    routes: [{ name, match: { prefix: "/" }, ...action }],
    include_request_attempt_count: headers.attemptCount || undefined,
  });
  return egressProxy ? from(egressProxy, host) : host;
}
