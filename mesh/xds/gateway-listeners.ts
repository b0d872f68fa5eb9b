import { hostsOverlap } from "#mesh/istio/hosts.ts";
import type { L4Match, TlsMatch } from "#mesh/istio/virtual-service.ts";
import { tcpAuthorizationFilters } from "./authorization.ts";
import type { Compilation } from "./compilation.ts";
import { serverTlsSocket } from "./downstream-tls.ts";
import { type ChainMatch, chainMatch, everything } from "./filter-chain.ts";
import {
  isPassthrough,
  type MergedGateways,
  type MergedServer,
  type ServerGroup,
  serverNames,
  terminatesHttps,
} from "./gateway-servers.ts";
import { httpConnectionManager } from "./http-connection-manager.ts";
import { extension, type JsonObject, message, unlessEmpty } from "./json.ts";
import { unspecifiedAddress } from "./kubernetes-services.ts";
import { socketAddress } from "./load-assignment.ts";
import { listenerName } from "./names.ts";
import { from } from "./origin.ts";
import { isHttp } from "./protocol.ts";
import { routedTcpProxy } from "./tcp-proxy.ts";
import type { VirtualServiceResource } from "./virtual-services.ts";

export const tlsInspector = extension(
  "envoy.filters.listener.tls_inspector",
  "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
  { initial_read_buffer_size: 512 },
);

/** The listeners of a gateway: one for each port and address, with a filter chain for HTTP or for each TLS server. */
export function gatewayListeners(merged: MergedGateways, compilation: Compilation): JsonObject[] {
  const byName = new Map<string, { group: ServerGroup; chains: JsonObject[] }>();
  for (const group of merged.groups) {
    const name = listenerName(group.bind || unspecifiedAddress, group.port);
    const entry = byName.get(name) ?? { group, chains: [] };
    byName.set(name, entry);
    entry.chains.push(...chainsOf(group, name, compilation));
  }
  return [...byName].flatMap(([name, { group, chains }]) => {
    if (chains.length === 0) return [];
    const usesTls = chains.some((chain) => chain["transport_socket"] || hasServerNames(chain));
    const listener = message({
      name,
      address: socketAddress(group.bind || unspecifiedAddress, group.port),
      filter_chains: chains,
      listener_filters: usesTls ? [tlsInspector] : undefined,
      traffic_direction: "OUTBOUND",
      max_connections_to_accept_per_socket_event: 1,
    });
    return [from(group.servers[0]?.server, listener)];
  });
}

function hasServerNames(chain: JsonObject): boolean {
  const match = chain["filter_chain_match"] as JsonObject | undefined;
  return match?.["server_names"] !== undefined;
}

function chainsOf(group: ServerGroup, name: string, compilation: Compilation): JsonObject[] {
  if (isHttp(group.protocol)) {
    const manager = httpConnectionManager(
      { direction: "gateway", name: `outbound_${name}`, protocol: group.protocol, routes: group.routeName },
      compilation,
    );
    return [chain(everything, [manager], undefined)];
  }
  return group.servers.flatMap((server) => tlsOrTcpChains(server, name, compilation));
}

function tlsOrTcpChains(server: MergedServer, name: string, compilation: Compilation): JsonObject[] {
  const { settings } = compilation.mesh;
  const { tls } = server.server;
  const names = { ...everything, serverNames: serverNames(server) };
  if (tls && terminatesHttps(server)) {
    const statName = server.server.name || `outbound_${name}`;
    const manager = httpConnectionManager(
      { direction: "gateway", name: statName, protocol: server.protocol, routes: server.routeName },
      compilation,
    );
    return [from(server.server, chain(names, [manager], serverTlsSocket(tls, { isTcp: false, settings })))];
  }
  if (tls && isPassthrough(server)) return passthroughChains(server, compilation);
  const filters = tcpFilters(server, compilation);
  if (!filters) return [];
  return [chain(tls ? names : everything, filters, tls && serverTlsSocket(tls, { isTcp: true, settings }))];
}

function chain(match: ChainMatch, filters: JsonObject[], socket: JsonObject | undefined): JsonObject {
  return message({
    filter_chain_match: chainMatch(match),
    filters,
    transport_socket: socket,
    transport_socket_connect_timeout: "15s",
  });
}

/** The first TCP route of the first VirtualService for the server's hosts that fits its port. */
function tcpFilters(server: MergedServer, compilation: Compilation): JsonObject[] | undefined {
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
  return [...tcpAuthorizationFilters(compilation), proxy];
}

/** TLS that is passed on by the name that the client asks for. */
function passthroughChains(server: MergedServer, compilation: Compilation): JsonObject[] {
  const taken = new Set<string>();
  const chains: JsonObject[] = [];
  for (const resource of boundTo(server, compilation)) {
    for (const route of resource.spec.tls ?? []) {
      for (const match of (route.match ?? []).filter((one) => fits(one, server))) {
        const names = match.sniHosts ?? [];
        if (names.some((name) => taken.has(name))) continue;
        for (const name of names) taken.add(name);
        const filters = l4Filters(route.route ?? [], { server, resource, compilation });
        chains.push(from(match, chain({ ...everything, serverNames: names }, filters, undefined)));
      }
    }
  }
  return unlessEmpty(chains) ?? [];
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
