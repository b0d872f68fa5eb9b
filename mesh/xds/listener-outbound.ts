import { isIpAddress } from "#mesh/istio/hosts.ts";
import type { Compilation } from "./compilation.ts";
import type { EgressListener } from "./egress-listener.ts";
import { type ChainMatch, chainMatch, everything, matchesAll, sameMatch } from "./filter-chain.ts";
import { tlsInspector } from "./gateway-listeners.ts";
import { httpConnectionManager } from "./http-connection-manager.ts";
import { durationOf, extension, type JsonObject, message, unlessEmpty } from "./json.ts";
import { unspecifiedAddress } from "./kubernetes-services.ts";
import { l4Chains } from "./l4-chains.ts";
import { socketAddress } from "./load-assignment.ts";
import {
  blackHoleCluster,
  httpProxyRoute,
  listenerName,
  passthroughCluster,
  sniffedRoute,
  virtualOutbound,
} from "./names.ts";
import { from } from "./origin.ts";
import { isHttp, isTcp, type Protocol, parseProtocol } from "./protocol.ts";
import { clusterOf } from "./route-context.ts";
import type { Service, ServicePort } from "./service.ts";
import { tcpProxy } from "./tcp-proxy.ts";

const httpInspector = extension(
  "envoy.filters.listener.http_inspector",
  "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector",
);

/** What the HTTP inspector finds in plain text. */
export const plainHttp = ["http/1.1", "h2c"];

interface Chain {
  match: ChainMatch;
  filters: JsonObject[];
  /** The HTTP chain's route configuration; empty for TCP. */
  routes: string;
  origin: object | undefined;
}

/** A listener in the making. Services that share its address and port add their chains. */
interface Entry {
  bind: string;
  port: number;
  bindToPort: boolean;
  protocol: Protocol;
  chains: Chain[];
  /** Made by an egress listener with a port: the ones behind it leave it alone. */
  locked: boolean;
}

export interface OutboundListeners {
  listeners: JsonObject[];
  /** Names of the route configurations that the listeners ask for. */
  routeNames: Set<string>;
}

/** What a sidecar listens on for its workload's calls. */
export function outboundListeners(compilation: Compilation): OutboundListeners {
  const entries = new Map<string, Entry>();
  for (const egress of compilation.scope.egress) {
    if (!egress.port) for (const entry of entries.values()) entry.locked = true;
    for (const { service, port, bind } of candidates(egress, compilation)) {
      addService(entries, { egress, service, port, bind }, compilation);
    }
  }
  const { settings } = compilation.mesh;
  const listeners = [...entries.values()].map((entry) => toListener(entry, compilation));
  if (settings.httpProxyPort > 0) listeners.push(explicitProxy(settings.httpProxyPort, compilation));
  listeners.push(virtualListener(compilation));
  const routeNames = new Set([...entries.values()].flatMap(({ chains }) => chains.map(({ routes }) => routes)));
  if (settings.httpProxyPort > 0) routeNames.add(httpProxyRoute);
  routeNames.delete("");
  return { listeners, routeNames };
}

interface Candidate {
  service: Service;
  port: ServicePort;
  bind: string;
}

/** The services of an egress listener with the ports that they get there; TCP services without an address one by one endpoint. */
function candidates(egress: EgressListener, compilation: Compilation): Candidate[] {
  const bind = egress.bind || (bindsToPort(egress) ? "127.0.0.1" : "");
  if (egress.port) {
    const { number, name, protocol } = egress.port;
    const port: ServicePort = { number, name, protocol: parseProtocol(protocol) };
    if (isReserved(bind, port, compilation)) return [];
    return egress.services.map((service) => ({ service, port, bind }));
  }
  return egress.services.flatMap((service) =>
    service.ports
      .filter((port) => !isReserved(bind, port, compilation))
      .flatMap((port) =>
        bind === "" && isHeadlessTcp(service, port)
          ? perEndpoint(service, port, compilation)
          : [{ service, port, bind }],
      ),
  );
}

function bindsToPort(egress: EgressListener): boolean {
  return egress.captureMode === "NONE" || egress.bind.startsWith("unix://");
}

/** The ports that sidecars need for themselves. */
function isReserved(bind: string, port: ServicePort, { mesh }: Compilation): boolean {
  if (bind === "" ? !isHttp(port.protocol) : bind !== unspecifiedAddress) return false;
  return port.number === mesh.settings.outboundPort || port.number === mesh.settings.inboundPort;
}

function isHeadlessTcp(service: Service, { protocol }: ServicePort): boolean {
  const noAddress = service.resolution === "passthrough" && service.address === unspecifiedAddress;
  return noAddress && (isTcp(protocol) || protocol === "sniffed");
}

function perEndpoint(service: Service, port: ServicePort, { proxy }: Compilation): Candidate[] {
  const endpoints = service.endpoints.filter(({ portName }) => portName === port.name);
  if (service.registry === "external" && endpoints.length === 0 && !service.selector)
    return [{ service, port, bind: "" }];
  return endpoints
    .filter(({ address }) => isIpAddress(address) && address !== proxy.ip)
    .map(({ address }) => ({ service, port, bind: address }));
}

interface Addition extends Candidate {
  egress: EgressListener;
}

/** Services of different protocols on one address and port: the listener then looks at the traffic to tell them apart. */
function addService(entries: Map<string, Entry>, addition: Addition, compilation: Compilation): void {
  const { egress, service, port } = addition;
  if (service.resolution === "alias" || port.protocol === "UDP") return;
  const { bind, ranges } = bindFor(addition);
  const key = `${bind}:${port.number}`;
  const existing = entries.get(key);
  if (existing?.locked) return;
  const placed = { ...addition, bind };
  const wildcard = bind === unspecifiedAddress;
  const add = (chains: Chain[], protocol: Protocol): void => {
    if (existing) mergeChains(existing, chains, protocol);
    else
      entries.set(key, { bind, port: port.number, bindToPort: bindsToPort(egress), protocol, chains, locked: false });
  };
  if (port.protocol === "HTTP_PROXY") {
    entries.delete(key);
    entries.set(key, {
      bind,
      port: port.number,
      bindToPort: bindsToPort(egress),
      protocol: "HTTP_PROXY",
      chains: [httpChain(placed, false, compilation)],
      locked: false,
    });
  } else if (isHttp(port.protocol)) {
    if (existing && !isTcp(existing.protocol)) return;
    add([httpChain(placed, wildcard, compilation)], wildcard ? "sniffed" : port.protocol);
  } else if (isTcp(port.protocol)) {
    if (existing && clashes(port.protocol, existing.protocol)) return;
    add(tcpChain(placed, ranges, compilation), port.protocol);
  } else {
    if (existing && !isTcp(existing.protocol) && !isHttp(existing.protocol)) return;
    if (existing && isHttp(existing.protocol)) {
      entries.set(key, {
        ...existing,
        protocol: "sniffed",
        chains: [...tcpChain(placed, ranges, compilation), httpChain(placed, true, compilation)],
      });
      return;
    }
    add([...tcpChain(placed, ranges, compilation), httpChain(placed, true, compilation)], "sniffed");
  }
}

/** Servers that speak first cannot share a port with anything that has to be looked at. */
function clashes(a: Protocol, b: Protocol): boolean {
  const special = (protocol: Protocol): boolean => protocol === "Mongo" || protocol === "MySQL";
  return (special(a) || special(b)) && a !== b;
}

function bindFor({ service, port, bind }: Addition): { bind: string; ranges: string[] } {
  if (bind !== "") return { bind, ranges: [] };
  if (isHttp(port.protocol)) return { bind: unspecifiedAddress, ranges: [] };
  const { address } = service;
  return address.includes("/") ? { bind: unspecifiedAddress, ranges: [address] } : { bind: address, ranges: [] };
}

function mergeChains(entry: Entry, chains: Chain[], protocol: Protocol): void {
  if (clashes(protocol, entry.protocol)) return;
  const mixed = isTcp(entry.protocol) !== isTcp(protocol);
  for (const chain of chains) {
    if (!entry.chains.some((other) => sameMatch(other.match, chain.match))) entry.chains.push(chain);
  }
  if (mixed) entry.protocol = "sniffed";
}

function httpChain({ service, port, bind }: Addition, looks: boolean, compilation: Compilation): Chain {
  const sniffed = port.protocol === "sniffed" && bind !== unspecifiedAddress;
  const named = sniffed ? sniffedRoute(service.hostname, port.number) : String(port.number);
  const routes = port.number === 0 ? bind : named;
  const manager = httpConnectionManager(
    { direction: "outbound", name: `outbound_${listenerName(bind, port.number)}`, protocol: port.protocol, routes },
    compilation,
  );
  const match = looks ? { ...everything, transport: "raw_buffer", applicationProtocols: plainHttp } : everything;
  return { match, filters: [manager], routes, origin: undefined };
}

function tcpChain({ service, port, bind, egress }: Addition, ranges: string[], compilation: Compilation): Chain[] {
  const listener = { service, port, bind, ranges, virtualServices: egress.virtualServices };
  return l4Chains(listener, compilation).map((chain) => ({ ...chain, routes: "" }));
}

function toListener({ bind, port, bindToPort, chains }: Entry, compilation: Compilation): JsonObject {
  const looksAtHttp = chains.some(({ match }) => match.applicationProtocols.length > 0);
  const looksAtTls = chains.some(({ match }) => match.serverNames.length > 0);
  const built = chains.map((chain) => ({ json: chainJson(chain), all: matchesAll(chain.match) }));
  const limited = built.filter(({ all }) => !all).map(({ json }) => json);
  const open = built.findLast(({ all }) => all)?.json;
  const timeout = looksAtHttp ? compilation.mesh.settings.protocolDetectionTimeoutMs : 0;
  return message({
    name: listenerName(bind, port),
    address: socketAddress(bind, port),
    filter_chains: limited.length > 0 ? limited : unlessEmpty(open ? [open] : []),
    default_filter_chain:
      limited.length > 0 ? (open ?? fallThrough(compilation)) : open ? undefined : fallThrough(compilation),
    listener_filters: unlessEmpty([...(looksAtTls ? [tlsInspector] : []), ...(looksAtHttp ? [httpInspector] : [])]),
    listener_filters_timeout: durationOf(timeout),
    continue_on_listener_filters_timeout: true,
    traffic_direction: "OUTBOUND",
    ...(bindToPort ? { max_connections_to_accept_per_socket_event: 1 } : { bind_to_port: false }),
  });
}

function chainJson({ match, filters, origin }: Chain): JsonObject {
  const json = { filter_chain_match: chainMatch(match), filters, transport_socket_connect_timeout: "15s" };
  return from(origin, message(json));
}

/** Traffic on a known port that is for no known service goes where unknown traffic goes. */
function fallThrough(compilation: Compilation): JsonObject {
  return { filter_chain_match: {}, filters: [unknownTraffic(compilation)], name: "PassthroughFilterChain" };
}

function unknownTraffic({ scope }: Compilation): JsonObject {
  if (!scope.allowAny) return tcpProxy(blackHoleCluster);
  return tcpProxy(scope.egressProxy ? clusterOf(scope.egressProxy, undefined, 0) : passthroughCluster);
}

/** The listener that a workload uses as its HTTP proxy, without any redirection of its traffic. */
function explicitProxy(port: number, compilation: Compilation): JsonObject {
  const name = listenerName("127.0.0.1", port);
  const manager = httpConnectionManager(
    {
      direction: "outbound",
      name: `outbound_${name}`,
      protocol: "HTTP_PROXY",
      routes: httpProxyRoute,
      explicitProxy: true,
    },
    compilation,
  );
  return {
    name,
    address: socketAddress("127.0.0.1", port),
    filter_chains: [{ filters: [manager], transport_socket_connect_timeout: "15s" }],
    listener_filters_timeout: "0s",
    continue_on_listener_filters_timeout: true,
    traffic_direction: "OUTBOUND",
    max_connections_to_accept_per_socket_event: 1,
  };
}

/** Where all of the workload's calls are redirected to. It hands them to the listener of their destination. */
function virtualListener(compilation: Compilation): JsonObject {
  const { outboundPort } = compilation.mesh.settings;
  return {
    name: virtualOutbound,
    address: socketAddress(unspecifiedAddress, outboundPort),
    filter_chains: [
      {
        filter_chain_match: { destination_port: outboundPort },
        filters: [tcpProxy(blackHoleCluster)],
        name: "virtualOutbound-blackhole",
      },
      { filters: [unknownTraffic(compilation)], name: "virtualOutbound-catchall-tcp" },
    ],
    use_original_dst: true,
    traffic_direction: "OUTBOUND",
    max_connections_to_accept_per_socket_event: 1,
  };
}
