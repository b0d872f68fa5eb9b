import type { Compilation } from "./compilation.ts";
import type { EgressListener } from "./egress-listener.ts";
import { type HostGroup, hostGroups } from "./host-groups.ts";
import { type JsonObject, message } from "./json.ts";
import { bracketed, domainName, httpProxyRoute, passthroughCluster } from "./names.ts";
import { from, fromObject, sameOrigin } from "./origin.ts";
import { parseProtocol } from "./protocol.ts";
import { timeoutOf } from "./route-action.ts";
import { clusterOf } from "./route-context.ts";
import type { Service } from "./service.ts";
import { egressFor } from "./sidecar-scope.ts";
import { DomainClaims, serviceDomains } from "./virtual-host.ts";

/**
 * The route configurations of a sidecar: of a port (`50051`), of one service on a port (`host:50051`, where the protocol is
 * found out by looking), of a unix socket, or of the explicit proxy (`http_proxy`).
 */
export function sidecarRouteConfigurations(names: Iterable<string>, compilation: Compilation): JsonObject[] {
  const all = catchAll(compilation);
  const looked = new Map<string, ByDomain>();
  return [...names].map((name) => {
    const { port, host } = parseRouteName(name);
    const egress = egressFor(compilation.scope, port, name);
    if (host === undefined) {
      const hosts = egress ? buildVirtualHosts(egress, port, compilation) : [];
      return routeConfiguration(name, [...hosts.sort(byName), all]);
    }
    const key = `${egress ? compilation.scope.egress.indexOf(egress) : ""} ${port}`;
    const known = looked.get(key) ?? indexDomains(egress ? buildVirtualHosts(egress, port, compilation) : []);
    looked.set(key, known);
    return routeConfiguration(name, onlyHost(known, host, name).sort(byName));
  });
}

function routeConfiguration(name: string, hosts: JsonObject[]): JsonObject {
  return {
    name,
    ...(hosts.length > 0 && { virtual_hosts: hosts }),
    validate_clusters: false,
    max_direct_response_body_size_bytes: 1_048_576,
    ignore_port_in_host_matching: true,
  };
}

function byName(a: JsonObject, b: JsonObject): number {
  return String(a["name"]) < String(b["name"]) ? -1 : 1;
}

function parseRouteName(name: string): { port: number; host: string | undefined } {
  if (name.startsWith("unix:") || name === httpProxyRoute) return { port: 0, host: undefined };
  const colon = name.indexOf(":");
  if (colon < 0) return { port: Number(name), host: undefined };
  return { port: Number(name.slice(colon + 1)), host: name.slice(0, colon) };
}

/** A port's virtual hosts, by domain. All services of the port are picked from them, so they are made once. */
type ByDomain = ReadonlyMap<string, JsonObject[]>;

function indexDomains(hosts: JsonObject[]): ByDomain {
  const index = new Map<string, JsonObject[]>();
  for (const host of hosts) {
    for (const domain of host["domains"] as string[]) index.set(domain, [...(index.get(domain) ?? []), host]);
  }
  return index;
}

/** A service that is looked at has a listener of its own: whatever host a request names there, the service is meant. */
function onlyHost(hosts: ByDomain, host: string, name: string): JsonObject[] {
  const own = new Set([...(hosts.get(host) ?? []), ...(hosts.get(name) ?? [])]);
  const [only, ...others] = own;
  return only && others.length === 0 ? [sameOrigin({ ...only, domains: ["*"] }, only)] : [...own];
}

function buildVirtualHosts(egress: EgressListener, routePort: number, compilation: Compilation): JsonObject[] {
  const isProxy = egress.port && parseProtocol(egress.port.protocol) === "HTTP_PROXY";
  const port = isProxy ? 0 : routePort;
  const hosts = toVirtualHosts(hostGroups(egress, port, compilation), port, compilation);
  return port === 0 ? withPortsOnly(hosts) : hosts.map(({ host }) => host);
}

/** On the explicit proxy a host without a port means port 80; other ports have to be named. */
function withPortsOnly(hosts: { host: JsonObject; port: number }[]): JsonObject[] {
  return hosts.flatMap(({ host, port }) => {
    if (port === 80) return [host];
    host["domains"] = (host["domains"] as string[]).filter((domain) => domain.includes(":"));
    return (host["domains"] as string[]).length > 0 ? [host] : [];
  });
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
          ? serviceDomains(service, compilation.proxy, port === 0 ? group.port : undefined)
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
