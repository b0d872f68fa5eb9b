import { hostsOverlap, isSubsetOf, isWildcard, mostSpecific } from "#mesh/istio/hosts.ts";
import type { Resource } from "#mesh/istio/resource.ts";
import type { OutboundTrafficPolicy, Sidecar, SidecarEgress } from "#mesh/istio/sidecar.ts";
import { type MergedRule, ruleForProxy } from "./destination-rules.ts";
import type { Mesh } from "./mesh.ts";
import { parseProtocol } from "./protocol.ts";
import { labelsMatch, type Proxy } from "./proxy.ts";
import { portOf, type Service } from "./service.ts";
import { destinationsOf, type VirtualServiceResource } from "./virtual-services.ts";

/** What one egress listener of a Sidecar lets through. */
export interface EgressListener {
  /** The port that it is for; undefined for the listener that takes all other ports. */
  port: { number: number; protocol: string; name: string } | undefined;
  bind: string;
  captureMode: "DEFAULT" | "IPTABLES" | "NONE";
  services: Service[];
  virtualServices: VirtualServiceResource[];
  /** For every service that a VirtualService is for: the VirtualService with the most specific host. */
  mostSpecific: Map<string, VirtualServiceResource>;
}

/** What a proxy may know of the mesh: what its namespace sees, cut down by its Sidecar. */
export interface Scope {
  namespace: string;
  sidecar: Resource<Sidecar> | undefined;
  egress: EgressListener[];
  services: Service[];
  servicesByHost: Map<string, Service>;
  allowAny: boolean;
  egressProxy: OutboundTrafficPolicy["egressProxy"];
  rules: Map<string, MergedRule[]>;
}

/** The scope of a proxy. Proxies of one namespace that share a Sidecar share the scope, so it is made once. */
export function scopeOf(mesh: Mesh, proxy: Proxy): Scope {
  const sidecar = proxy.type === "sidecar" ? sidecarFor(mesh, proxy) : undefined;
  const key = `${proxy.type}/${proxy.namespace}/${sidecar ? `${sidecar.namespace}/${sidecar.name}` : ""}`;
  const known = mesh.scopes.get(key);
  if (known) return known;
  const scope =
    proxy.type === "router" ? gatewayScope(mesh, proxy.namespace) : buildScope(mesh, proxy.namespace, sidecar);
  mesh.scopes.set(key, scope);
  return scope;
}

/** The DestinationRule for a proxy's calls of a host. */
export function destinationRuleFor(scope: Scope, proxy: Proxy, hostname: string): MergedRule | undefined {
  return ruleForProxy(scope.rules.get(hostname) ?? [], proxy, { inbound: false });
}

/** The egress listener whose services a route configuration is made from. */
export function egressFor(scope: Scope, port: number, bind: string): EgressListener | undefined {
  return scope.egress.find((listener) => {
    if (!listener.port) return true;
    if (listener.port.number !== port) return false;
    return port !== 0 || listener.bind === bind;
  });
}

/** A Sidecar with a selector that fits comes first, then the namespace's own, then the root namespace's. */
function sidecarFor(mesh: Mesh, proxy: Proxy): Resource<Sidecar> | undefined {
  const own = mesh.sidecars.filter(({ namespace }) => namespace === proxy.namespace);
  const selecting = own.find(
    ({ spec }) => spec.workloadSelector && labelsMatch(spec.workloadSelector.labels ?? {}, proxy.labels),
  );
  const general = own.find(({ spec }) => !spec.workloadSelector);
  const isRoot = ({ namespace, spec }: Resource<Sidecar>): boolean =>
    namespace === mesh.settings.rootNamespace && !spec.workloadSelector;
  return selecting ?? general ?? mesh.sidecars.find(isRoot);
}

function gatewayScope(mesh: Mesh, namespace: string): Scope {
  const scope = emptyScope(mesh, namespace, undefined);
  for (const service of mesh.registry.visibleFrom(namespace)) addService(scope, service);
  selectRules(mesh, scope);
  return scope;
}

function buildScope(mesh: Mesh, namespace: string, sidecar: Resource<Sidecar> | undefined): Scope {
  const scope = emptyScope(mesh, namespace, sidecar);
  const configured = sidecar?.spec.egress ?? [];
  const listeners: SidecarEgress[] = configured.length > 0 ? configured : [{ hosts: ["*/*"] }];
  scope.egress = listeners.map((listener) => buildEgress(mesh, namespace, listener));
  for (const listener of scope.egress) {
    for (const service of listener.services) addService(scope, service);
    addDestinations(mesh, scope, listener);
  }
  selectRules(mesh, scope);
  return scope;
}

function emptyScope(mesh: Mesh, namespace: string, sidecar: Resource<Sidecar> | undefined): Scope {
  const policy = sidecar?.spec.outboundTrafficPolicy;
  return {
    namespace,
    sidecar,
    egress: [],
    services: [],
    servicesByHost: new Map(),
    allowAny: policy ? policy.mode === "ALLOW_ANY" : mesh.settings.allowAnyOutbound,
    egressProxy: policy?.egressProxy,
    rules: new Map(),
  };
}

function selectRules(mesh: Mesh, scope: Scope): void {
  for (const service of scope.services) {
    const rules = mesh.destinationRules.rulesFor(service, scope.namespace);
    if (rules.length > 0) scope.rules.set(service.hostname, rules);
  }
}

/** Hosts that a Sidecar imports from one namespace. */
interface Imports {
  exact: Set<string>;
  all: string[];
}

function buildEgress(mesh: Mesh, namespace: string, listener: SidecarEgress): EgressListener {
  const imports = readImports(listener.hosts ?? [], namespace);
  const { number = 0, protocol = "", name = "" } = listener.port ?? {};
  const matchPort = listener.port && number !== 0 && parseProtocol(protocol) !== "HTTP_PROXY" ? number : undefined;
  const services = selectServices(mesh, namespace, { imports, matchPort });
  const virtualServices = selectVirtualServices(mesh, namespace, imports);
  return {
    port: listener.port && { number, protocol, name },
    bind: listener.bind ?? "",
    captureMode: listener.captureMode ?? "DEFAULT",
    services,
    virtualServices,
    mostSpecific: indexMostSpecific(virtualServices, services),
  };
}

function readImports(hosts: string[], namespace: string): Map<string, Imports> {
  const imports = new Map<string, Imports>();
  for (const entry of hosts) {
    const [from = "", host, ...rest] = entry.split("/");
    if (host === undefined || rest.length > 0) continue;
    const key = from === "." ? namespace : from;
    const list = imports.get(key) ?? { exact: new Set<string>(), all: [] };
    imports.set(key, list);
    if (!isWildcard(host)) list.exact.add(host);
    list.all.push(host);
  }
  return imports;
}

function importsHost({ exact, all }: Imports, host: string): boolean {
  return (
    exact.has(host) || all.some((imported) => (isWildcard(host) || isWildcard(imported)) && isSubsetOf(host, imported))
  );
}

/** A VirtualService is imported when its host and an imported host overlap in either direction. */
function importsVirtualServiceHost({ exact, all }: Imports, host: string): boolean {
  return (
    exact.has(host) ||
    all.some((imported) => (isWildcard(host) || isWildcard(imported)) && hostsOverlap(host, imported))
  );
}

interface Selection {
  imports: Map<string, Imports>;
  matchPort: number | undefined;
}

function selectServices(mesh: Mesh, namespace: string, { imports, matchPort }: Selection): Service[] {
  const everywhere = imports.get("*");
  const selected: Service[] = [];
  for (const service of mesh.registry.visibleFrom(namespace)) {
    const there = imports.get(service.namespace);
    const imported =
      (there && importsHost(there, service.hostname)) || (everywhere && importsHost(everywhere, service.hostname));
    if (!imported) continue;
    const trimmed = matchPort === undefined ? service : withPorts(service, new Set([matchPort]));
    if (trimmed) selected.push(trimmed);
  }
  return onePerHost(selected, namespace);
}

/** A host in several namespaces counts from one of them: the client's own, else one of Kubernetes, else the first. */
function onePerHost(services: Service[], namespace: string): Service[] {
  const chosen = new Map<string, Service>();
  for (const service of services) {
    const existing = chosen.get(service.hostname);
    const better =
      !existing ||
      service.namespace === namespace ||
      (existing.namespace !== namespace && existing.registry !== "kubernetes" && service.registry === "kubernetes");
    if (better) chosen.set(service.hostname, service);
  }
  return services.filter((service) => chosen.get(service.hostname)?.namespace === service.namespace);
}

function selectVirtualServices(mesh: Mesh, namespace: string, imports: Map<string, Imports>): VirtualServiceResource[] {
  const everywhere = imports.get("*");
  return mesh.virtualServices.visibleFrom(namespace, "mesh").filter((resource) => {
    const there = imports.get(resource.namespace);
    const hosts = resource.spec.hosts ?? [];
    const isImported = (list: Imports | undefined): boolean =>
      list !== undefined && hosts.some((host) => importsVirtualServiceHost(list, host));
    return isImported(there) || isImported(everywhere);
  });
}

function indexMostSpecific(
  virtualServices: VirtualServiceResource[],
  services: Service[],
): Map<string, VirtualServiceResource> {
  const exact = new Map<string, VirtualServiceResource>();
  const wildcards = new Map<string, VirtualServiceResource>();
  for (const resource of virtualServices) {
    for (const host of resource.spec.hosts ?? []) {
      const index = isWildcard(host) ? wildcards : exact;
      if (!index.has(host)) index.set(host, resource);
    }
  }
  const found = new Map<string, VirtualServiceResource>();
  for (const { hostname } of services) {
    const resource = mostSpecific(hostname, exact, wildcards);
    if (resource) found.set(hostname, resource);
  }
  return found;
}

/** A VirtualService that is imported brings the services that it sends to, even where the Sidecar does not name them. */
function addDestinations(mesh: Mesh, scope: Scope, listener: EgressListener): void {
  const isProxy = listener.port && parseProtocol(listener.port.protocol) === "HTTP_PROXY";
  const onlyPort = listener.port && listener.port.number !== 0 && !isProxy ? listener.port.number : undefined;
  for (const { spec } of listener.virtualServices) {
    for (const [host, ports] of destinationsOf(spec, scope.namespace)) {
      const service = chooseNamespace(mesh, host, scope.namespace);
      if (!service) continue;
      const wanted = onlyPort === undefined ? ports : new Set([onlyPort]);
      addService(scope, wanted.has(0) ? service : withPorts(service, wanted));
    }
  }
}

function chooseNamespace(mesh: Mesh, host: string, namespace: string): Service | undefined {
  const byNamespace = mesh.registry.named(host);
  const own = byNamespace.get(namespace);
  if (own) return own;
  const [first] = [...byNamespace].filter(([, service]) => mesh.registry.isVisible(service, namespace)).sort(byKey);
  return first?.[1];
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The service with some of its ports; itself when it has no others, undefined when it has none of them. */
function withPorts(service: Service, numbers: ReadonlySet<number>): Service | undefined {
  const ports = service.ports.filter(({ number }) => numbers.has(number));
  if (ports.length === 0) return undefined;
  return ports.length === service.ports.length ? service : { ...service, ports };
}

/** Adds a service, or the ports that it adds to one of the same host which is already there. */
function addService(scope: Scope, service: Service | undefined): void {
  if (!service) return;
  const existing = scope.servicesByHost.get(service.hostname);
  if (!existing) {
    scope.services.push(service);
    scope.servicesByHost.set(service.hostname, service);
    return;
  }
  const replacement = replace(existing, service);
  if (!replacement) return;
  scope.services[scope.services.indexOf(existing)] = replacement;
  scope.servicesByHost.set(service.hostname, replacement);
}

function replace(existing: Service, service: Service): Service | undefined {
  if (existing === service) return undefined;
  if (existing.registry !== service.registry) return service.registry === "kubernetes" ? service : undefined;
  if (existing.namespace !== service.namespace || existing.resolution !== service.resolution) return undefined;
  const missing = service.ports.filter(({ number }) => !portOf(existing, number));
  return missing.length === 0 ? undefined : { ...existing, ports: [...existing.ports, ...missing] };
}
