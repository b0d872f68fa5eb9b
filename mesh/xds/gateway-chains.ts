import { hostsOverlap, isSubsetOf } from "#mesh/istio/hosts.ts";
import type { L4Match, TlsMatch } from "#mesh/istio/virtual-service.ts";
import { tcpAuthorizationFilters } from "./authorization.ts";
import type { Compilation } from "./compilation.ts";
import { type ChainMatch, chainMatch, everything } from "./filter-chain.ts";
import { type MergedServer, serverNames } from "./gateway-servers.ts";
import { meshProtocols } from "./inbound-chains.ts";
import { type JsonObject, message } from "./json.ts";
import { serverNameOf } from "./names.ts";
import { from } from "./origin.ts";
import { destinationRuleFor } from "./sidecar-scope.ts";
import { networkFilters, routedTcpProxy, tcpProxy } from "./tcp-proxy.ts";
import type { VirtualServiceResource } from "./virtual-services.ts";

/** A filter chain of a gateway. */
export function gatewayChain(match: ChainMatch, filters: JsonObject[], socket: JsonObject | undefined): JsonObject {
  return message({
    filter_chain_match: chainMatch(match),
    filters,
    transport_socket: socket,
    transport_socket_connect_timeout: "15s",
  });
}

/** The first TCP route of the first VirtualService for the server's hosts that fits its port. */
export function tcpFilters(server: MergedServer, compilation: Compilation): JsonObject[] | undefined {
  for (const resource of boundTo(server, compilation)) {
    for (const route of resource.spec.tcp ?? []) {
      const matches = route.match ?? [];
      if (matches.length > 0 && !matches.some((match) => fits(match, server))) continue;
      return l4Filters(route.route ?? [], { server, resource, compilation });
    }
  }
  return undefined;
}

interface L4Context {
  server: MergedServer;
  resource: VirtualServiceResource;
  compilation: Compilation;
}

function l4Filters(
  destinations: Parameters<typeof routedTcpProxy>[0],
  { server, resource, compilation }: L4Context,
): JsonObject[] {
  const statPrefix = `${resource.name}.${resource.namespace}`;
  const proxy = routedTcpProxy(destinations, { port: server.port, statPrefix, compilation });
  return [...tcpAuthorizationFilters(compilation), ...networkFilters(server.protocol, proxy)];
}

/** TLS that is passed on by the name that the client asks for. */
export function passthroughChains(
  server: MergedServer,
  { taken, compilation }: { taken: Set<string>; compilation: Compilation },
): JsonObject[] {
  const chains: JsonObject[] = [];
  for (const resource of boundTo(server, compilation)) {
    for (const route of resource.spec.tls ?? []) {
      for (const match of (route.match ?? []).filter((one) => fits(one, server))) {
        const names = match.sniHosts ?? [];
        if (names.some((name) => taken.has(name))) continue;
        for (const name of names) taken.add(name);
        const filters = l4Filters(route.route ?? [], { server, resource, compilation });
        chains.push(from(match, gatewayChain({ ...everything, serverNames: names }, filters, undefined)));
      }
    }
  }
  return chains;
}

/** A chain for every service that the server's hosts cover, and for each of its subsets. Only sidecars get through. */
export function joinedChains(server: MergedServer, { scope, proxy }: Compilation): JsonObject[] {
  const names = serverNames(server);
  const services = scope.services.filter(
    ({ meshExternal, hostname }) => !meshExternal && names.some((name) => isSubsetOf(hostname, name)),
  );
  return services.flatMap((service) => {
    const rule = destinationRuleFor(scope, proxy, service.hostname)?.spec;
    const subsets = ["", ...(rule?.subsets ?? []).map(({ name = "" }) => name)];
    const ports = service.ports.filter(({ protocol }) => protocol !== "UDP");
    return ports.flatMap(({ number, protocol }) =>
      subsets.map((subset) => {
        const cluster = serverNameOf({ port: number, subset, host: service.hostname });
        const match = { ...everything, serverNames: [cluster], applicationProtocols: meshProtocols };
        const proxied = tcpProxy(cluster, { rule, subset, tunnels: false });
        return gatewayChain(match, networkFilters(protocol, proxied), undefined);
      }),
    );
  });
}

function boundTo(server: MergedServer, { mesh, proxy }: Compilation): VirtualServiceResource[] {
  return mesh.virtualServices.visibleFrom(proxy.namespace, server.gateway).filter(({ spec, namespace }) =>
    (spec.hosts ?? []).some((host) =>
      server.hosts.some((entry) => {
        const slash = entry.indexOf("/");
        if (slash >= 0 && entry.slice(0, slash) !== namespace) return false;
        return hostsOverlap(entry.slice(slash + 1), host);
      }),
    ),
  );
}

function fits({ port, gateways }: L4Match | TlsMatch, server: MergedServer): boolean {
  if (port && port !== server.port) return false;
  return !gateways || gateways.length === 0 || gateways.includes(server.gateway);
}
