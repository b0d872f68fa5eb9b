import type { Compilation } from "./compilation.ts";
import { serverTlsSocket } from "./downstream-tls.ts";
import { everything } from "./filter-chain.ts";
import { gatewayChain, joinedChains, passthroughChains, tcpFilters } from "./gateway-chains.ts";
import {
  isPassthrough,
  joinsServices,
  type MergedGateways,
  type MergedServer,
  type ServerGroup,
  serverNames,
  terminatesHttps,
} from "./gateway-servers.ts";
import { httpConnectionManager } from "./http-connection-manager.ts";
import { type JsonObject, message, unlessEmpty } from "./json.ts";
import { unspecifiedAddress } from "./kubernetes-services.ts";
import { proxyProtocol, tlsInspector } from "./listener-inspectors.ts";
import { socketAddress } from "./load-assignment.ts";
import { listenerName } from "./names.ts";
import { from } from "./origin.ts";
import { isHttp } from "./protocol.ts";

/** The listeners of a gateway: one for each port and address, with a filter chain for HTTP or for each TLS server. */
export function gatewayListeners(merged: MergedGateways, compilation: Compilation): JsonObject[] {
  const byName = new Map<string, { group: ServerGroup; chains: JsonObject[]; taken: Set<string> }>();
  for (const group of merged.groups) {
    const name = listenerName(group.bind || unspecifiedAddress, group.port);
    const entry = byName.get(name) ?? { group, chains: [], taken: new Set() };
    byName.set(name, entry);
    entry.chains.push(...chainsOf(group, { name, taken: entry.taken, compilation }));
  }
  return [...byName].flatMap(([name, { group, chains }]) => {
    if (chains.length === 0) return [];
    const proxied = compilation.mesh.settings.fields.defaultConfig?.gatewayTopology?.proxyProtocol !== undefined;
    const usesTls = chains.some((chain) => chain["transport_socket"] || hasServerNames(chain));
    const listener = message({
      name,
      address: socketAddress(group.bind || unspecifiedAddress, group.port),
      filter_chains: chains,
      listener_filters: unlessEmpty([...(proxied ? [proxyProtocol] : []), ...(usesTls ? [tlsInspector] : [])]),
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

/** A listener: its name, and the server names that chains of it take already. */
interface ListenerContext {
  name: string;
  taken: Set<string>;
  compilation: Compilation;
}

function chainsOf(group: ServerGroup, context: ListenerContext): JsonObject[] {
  const { name, compilation } = context;
  if (isHttp(group.protocol)) {
    const manager = httpConnectionManager(
      { direction: "gateway", name: `outbound_${name}`, protocol: group.protocol, routes: group.routeName },
      compilation,
    );
    return [gatewayChain(everything, [manager], undefined)];
  }
  return group.servers.flatMap((server) => tlsOrTcpChains(server, context));
}

function tlsOrTcpChains(server: MergedServer, { name, taken, compilation }: ListenerContext): JsonObject[] {
  const { settings } = compilation.mesh;
  const { tls } = server.server;
  const names = { ...everything, serverNames: serverNames(server) };
  if (tls && terminatesHttps(server)) {
    const statName = server.server.name || `outbound_${name}`;
    const manager = httpConnectionManager(
      { direction: "gateway", name: statName, protocol: server.protocol, routes: server.routeName },
      compilation,
    );
    return [from(server.server, gatewayChain(names, [manager], serverTlsSocket(tls, { isTcp: false, settings })))];
  }
  if (joinsServices(server)) return joinedChains(server, compilation);
  if (tls && isPassthrough(server)) return passthroughChains(server, { taken, compilation });
  const filters = tcpFilters(server, compilation);
  if (!filters) return [];
  return [gatewayChain(tls ? names : everything, filters, tls && serverTlsSocket(tls, { isTcp: true, settings }))];
}
