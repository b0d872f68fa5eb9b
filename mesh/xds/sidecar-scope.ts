import { isDeepStrictEqual } from "node:util";
import type { Resource } from "#mesh/istio/resource.ts";
import type { OutboundTrafficPolicy, Sidecar, SidecarEgress } from "#mesh/istio/sidecar.ts";
import { type MergedRule, ruleForProxy } from "./destination-rules.ts";
import { type EgressListener, egressListener } from "./egress-listener.ts";
import type { Mesh } from "./mesh.ts";
import { parseProtocol } from "./protocol.ts";
import { labelsMatch, type Proxy } from "./proxy.ts";
import { portOf, type Service, withPorts } from "./service.ts";
import { destinationsOf } from "./virtual-services.ts";

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
  scope.egress = listeners.map((listener) => egressListener(mesh, namespace, listener));
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
  if (!areAlike(existing, service)) return undefined;
  const missing = service.ports.filter(({ number }) => !portOf(existing, number));
  return missing.length === 0 ? undefined : { ...existing, ports: [...existing.ports, ...missing] };
}

/** Whether two services of a host are so much alike that one can have the other's ports too. */
function areAlike(a: Service, b: Service): boolean {
  return (
    a.namespace === b.namespace &&
    a.resolution === b.resolution &&
    isDeepStrictEqual(a.labels, b.labels) &&
    isDeepStrictEqual(a.selector, b.selector) &&
    isDeepStrictEqual(a.exportTo, b.exportTo)
  );
}
