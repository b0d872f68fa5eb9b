import { compareSpecificity, isSubsetOf } from "#mesh/istio/hosts.ts";
import type { Compilation } from "./compilation.ts";
import type { MergedGateways, MergedServer } from "./gateway-servers.ts";
import { type JsonObject, message } from "./json.ts";
import { isCatchAll } from "./match.ts";
import { domainName } from "./names.ts";
import { fromObject } from "./origin.ts";
import { buildRoutes } from "./route.ts";
import { clusterOf, routeContext } from "./route-context.ts";
import type { Service } from "./service.ts";
import type { VirtualServiceResource } from "./virtual-services.ts";

interface Host {
  name: string;
  domain: string;
  routes: JsonObject[];
  redirectsToHttps: boolean;
  resource: VirtualServiceResource | undefined;
}

/** The route configuration of a gateway's listener, or of one of its HTTPS servers. */
export function gatewayRouteConfiguration(name: string, merged: MergedGateways, compilation: Compilation): JsonObject {
  const hosts = new Map<string, Host>();
  const routes = new Map<string, JsonObject[]>();
  const servers = merged.byRoute.get(name) ?? [];
  for (const server of servers) {
    for (const resource of compilation.mesh.virtualServices.visibleFrom(compilation.proxy.namespace, server.gateway)) {
      const shared = intersect(hostsFor(server, resource.namespace), resource.spec.hosts ?? []);
      if (shared.length === 0) continue;
      const key = `${server.gateway} ${resource.namespace}/${resource.name}`;
      const own = routes.get(key) ?? routesOf(resource, server, compilation);
      if (own.length === 0) continue;
      routes.set(key, own);
      for (const host of shared) addRoutes(hosts, host.toLowerCase(), { server, resource, routes: own });
    }
    if (server.server.tls?.httpsRedirect) redirectHosts(hosts, server);
  }
  return {
    name,
    virtual_hosts: hosts.size > 0 ? toVirtualHosts(hosts, compilation) : [nothingHere(servers[0]?.port ?? 0)],
    validate_clusters: false,
    max_direct_response_body_size_bytes: 1_048_576,
    ignore_port_in_host_matching: true,
  };
}

/** The hosts of a server that VirtualServices of a namespace may serve. */
function hostsFor({ hosts }: MergedServer, namespace: string): string[] {
  return hosts.flatMap((host) => {
    const slash = host.indexOf("/");
    if (slash < 0) return [host];
    return host.slice(0, slash) === namespace ? [host.slice(slash + 1)] : [];
  });
}

/** The hosts that both lists have, the narrower one where a wildcard covers another. */
function intersect(a: string[], b: string[]): string[] {
  const shared = new Set<string>();
  for (const one of a) {
    for (const other of b) {
      if (isSubsetOf(one, other)) shared.add(one);
      else if (isSubsetOf(other, one)) shared.add(other);
    }
  }
  return [...shared];
}

function routesOf(resource: VirtualServiceResource, server: MergedServer, compilation: Compilation): JsonObject[] {
  const services = new Map<string, Service>();
  const find = (host: string): Service | undefined => {
    const own = compilation.mesh.registry.named(host).get(resource.namespace);
    const visible = own && compilation.mesh.registry.isVisible(own, compilation.proxy.namespace);
    return visible ? own : compilation.scope.servicesByHost.get(host);
  };
  const context = routeContext(compilation, server.port, services);
  return buildRoutes(resource, {
    ...context,
    gateways: new Set([server.gateway]),
    isTls: server.server.tls !== undefined,
    clusterOf: (destination) => clusterOf(destination, find(destination.host ?? ""), server.port),
  });
}

interface Addition {
  server: MergedServer;
  resource: VirtualServiceResource;
  routes: JsonObject[];
}

/** The routes of several VirtualServices for one host add up. */
function addRoutes(hosts: Map<string, Host>, domain: string, { server, resource, routes }: Addition): void {
  const redirectsToHttps = server.server.tls?.httpsRedirect ?? false;
  const existing = hosts.get(domain);
  if (existing) {
    existing.routes.push(...routes);
    existing.redirectsToHttps ||= redirectsToHttps;
    return;
  }
  hosts.set(domain, { name: domainName(domain, server.port), domain, routes: [...routes], redirectsToHttps, resource });
}

/** A redirect to HTTPS needs no route: hosts without a VirtualService have it too. */
function redirectHosts(hosts: Map<string, Host>, server: MergedServer): void {
  for (const host of server.hosts) {
    const domain = host.toLowerCase();
    const existing = hosts.get(domain);
    if (existing) existing.redirectsToHttps = true;
    else {
      const name = domainName(domain, server.port);
      hosts.set(domain, { name, domain, routes: [], redirectsToHttps: true, resource: undefined });
    }
  }
}

/** Hosts with the very same routes share a virtual host, named after the first of them. */
function toVirtualHosts(hosts: Map<string, Host>, compilation: Compilation): JsonObject[] {
  const groups: { host: Host; domains: string[] }[] = [];
  for (const domain of [...hosts.keys()].sort(compareSpecificity)) {
    const host = hosts.get(domain);
    if (!host) continue;
    const same = groups.find((group) => sameRoutes(group.host, host));
    if (same) same.domains.push(domain);
    else groups.push({ host, domains: [domain] });
  }
  return groups
    .map(({ host, domains }) => virtualHost(host, domains, compilation))
    .sort((a, b) => (String(a["name"]) < String(b["name"]) ? -1 : 1));
}

function sameRoutes(a: Host, b: Host): boolean {
  if (a.redirectsToHttps !== b.redirectsToHttps || a.routes.length !== b.routes.length) return false;
  return a.routes.every((route, index) => route === b.routes[index]);
}

function virtualHost(host: Host, domains: string[], { headers }: Compilation): JsonObject {
  const catchAll = host.routes.filter(isCatchAll);
  const json = message({
    name: host.name,
    domains,
    routes: [...host.routes.filter((route) => !isCatchAll(route)), ...catchAll],
    require_tls: host.redirectsToHttps ? "ALL" : undefined,
    include_request_attempt_count: headers.attemptCount || undefined,
  });
  return host.resource ? fromObject(host.resource.object, ["spec", "hosts"], json) : json;
}

function nothingHere(port: number): JsonObject {
  return { name: domainName("blackhole", port), domains: ["*"], routes: [] };
}
