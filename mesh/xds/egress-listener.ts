import { hostsOverlap, isSubsetOf, isWildcard, mostSpecific } from "#mesh/istio/hosts.ts";
import type { SidecarEgress } from "#mesh/istio/sidecar.ts";
import type { Mesh } from "./mesh.ts";
import { parseProtocol } from "./protocol.ts";
import { type Service, withPorts } from "./service.ts";
import type { VirtualServiceResource } from "./virtual-services.ts";

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

/** Hosts that a Sidecar imports from one namespace. */
interface Imports {
  exact: Set<string>;
  all: string[];
}

/** The services and VirtualServices that an egress listener imports into a namespace. */
export function egressListener(mesh: Mesh, namespace: string, listener: SidecarEgress): EgressListener {
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
    const importing = [there, everywhere].find((list) => list && importsHost(list, service.hostname));
    if (!importing) continue;
    const trimmed = matchPort === undefined ? service : withPorts(service, new Set([matchPort]));
    if (trimmed) selected.push(withAliases(trimmed, importing));
  }
  return onePerHost(selected, namespace);
}

/** Of the names that stand for a service a Sidecar has to import each by itself. */
function withAliases(service: Service, imports: Imports): Service {
  const aliases = service.aliases.filter(({ hostname }) => importsHost(imports, hostname));
  return aliases.length === service.aliases.length ? service : { ...service, aliases };
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
