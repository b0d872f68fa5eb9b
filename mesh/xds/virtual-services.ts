import type { Finding } from "#mesh/istio/finding.ts";
import { resolveGatewayName, resolveShortName } from "#mesh/istio/hosts.ts";
import { byPrecedence, type Resource } from "#mesh/istio/resource.ts";
import type { Destination, HttpRoute, VirtualService } from "#mesh/istio/virtual-service.ts";
import { mergeDelegates } from "./delegates.ts";
import type { MeshSettings } from "./settings.ts";
import { audienceOf, VisibilityIndex } from "./visibility.ts";

export type VirtualServiceResource = Resource<VirtualService>;

/** The VirtualServices of the mesh, with names resolved and delegates merged, by the gateway that they are bound to. */
export class VirtualServices {
  readonly #byGateway = new Map<string, VisibilityIndex<VirtualServiceResource>>();
  readonly #destinationsByGateway = new Map<string, Set<string>>();
  readonly all: VirtualServiceResource[];

  constructor(resources: VirtualServiceResource[], settings: MeshSettings, findings: Finding[]) {
    for (const resource of resources) resolveNames(resource);
    this.all = mergeDelegates(resources, settings.virtualServiceExportTo, findings).sort(byPrecedence);
    for (const resource of this.all) this.#add(resource, settings);
  }

  /** What applies to proxies of a namespace through a gateway, or through `mesh`; in the order in which it counts. */
  visibleFrom(namespace: string, gateway: string): VirtualServiceResource[] {
    return this.#byGateway.get(gateway)?.visibleFrom(namespace) ?? [];
  }

  /** The hosts that the VirtualServices of a gateway send to: a gateway needs no other clusters. */
  destinationsOf(gateway: string): ReadonlySet<string> {
    return this.#destinationsByGateway.get(gateway) ?? new Set();
  }

  #add(resource: VirtualServiceResource, settings: MeshSettings): void {
    const { spec, namespace } = resource;
    const audience = audienceOf(spec.exportTo ?? [], namespace, settings.virtualServiceExportTo);
    for (const gateway of new Set(gatewaysOf(spec))) {
      const index = this.#byGateway.get(gateway) ?? new VisibilityIndex<VirtualServiceResource>();
      this.#byGateway.set(gateway, index);
      index.add(resource, namespace, audience);
      if (gateway === "mesh") continue;
      const hosts = this.#destinationsByGateway.get(gateway) ?? new Set<string>();
      this.#destinationsByGateway.set(gateway, hosts);
      for (const host of destinationsOf(spec).keys()) hosts.add(host);
    }
  }
}

function gatewaysOf(spec: VirtualService): string[] {
  return spec.gateways && spec.gateways.length > 0 ? spec.gateways : ["mesh"];
}

/**
 * The hosts that a VirtualService sends to, with the ports that it names; 0 stands for "no port named". Routes that only apply
 * to other namespaces are left out when one is given.
 */
export function destinationsOf(spec: VirtualService, namespace?: string): Map<string, Set<number>> {
  const hosts = new Map<string, Set<number>>();
  const add = (destination: Destination | undefined): void => {
    if (!destination) return;
    const host = destination.host ?? "";
    const ports = hosts.get(host) ?? new Set<number>();
    hosts.set(host, ports.add(destination.port?.number ?? 0));
  };
  for (const route of spec.http ?? []) {
    if (namespace !== undefined && !appliesToNamespace(route, namespace)) continue;
    for (const { destination } of route.route ?? []) add(destination);
    add(route.mirror);
    for (const { destination } of route.mirrors ?? []) add(destination);
  }
  for (const route of [...(spec.tcp ?? []), ...(spec.tls ?? [])]) {
    for (const { destination } of route.route ?? []) add(destination);
  }
  return hosts;
}

/** As istiod decides it: the last match with a sourceNamespace speaks, unless one names this namespace. */
function appliesToNamespace(route: HttpRoute, namespace: string): boolean {
  const named = (route.match ?? []).map((match) => match.sourceNamespace).filter((name) => name);
  return named.length === 0 || named.includes(namespace);
}

/** Writes full names in the place of short ones, in a resource that was just read. */
function resolveNames({ namespace, spec }: VirtualServiceResource): void {
  const host = (name: string): string => resolveShortName(name, namespace);
  const gateways = (part: { gateways?: string[] }): void => {
    if (part.gateways) part.gateways = part.gateways.map((name) => resolveGatewayName(name, namespace));
  };
  const destination = (part: Destination | undefined): void => {
    if (part) part.host = host(part.host ?? "");
  };
  if (spec.hosts) spec.hosts = spec.hosts.map(host);
  gateways(spec);
  for (const route of [...(spec.http ?? []), ...(spec.tcp ?? []), ...(spec.tls ?? [])]) {
    for (const match of route.match ?? []) gateways(match);
    for (const one of route.route ?? []) destination(one.destination);
  }
  for (const route of spec.http ?? []) {
    destination(route.mirror);
    for (const one of route.mirrors ?? []) destination(one.destination);
  }
}
