import { hostsOverlap, isWildcard } from "#mesh/istio/hosts.ts";
import type { Compilation } from "./compilation.ts";
import type { EgressListener } from "./egress-listener.ts";
import { hashForServicePort, hashPolicy } from "./hash-policy.ts";
import type { JsonObject } from "./json.ts";
import { isHttpOrSniffed } from "./protocol.ts";
import { buildRoutes, defaultRoute } from "./route.ts";
import { routeContext } from "./route-context.ts";
import { portOf, type Service, type ServicePort } from "./service.ts";
import { destinationRuleFor } from "./sidecar-scope.ts";
import type { VirtualServiceResource } from "./virtual-services.ts";

/** Virtual hosts that share their routes: on one port, the services and further hosts of one VirtualService, or one service. */
export interface HostGroup {
  port: number;
  services: Service[];
  hosts: string[];
  routes: JsonObject[];
  resource: VirtualServiceResource | undefined;
}

/** The VirtualServices and services of an egress listener on a port; port 0 stands for all ports, on the explicit proxy. */
export function hostGroups(egress: EgressListener, port: number, compilation: Compilation): HostGroup[] {
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
