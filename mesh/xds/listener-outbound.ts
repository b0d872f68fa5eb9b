import type { Compilation } from "./compilation.ts";
import { chainMatch, matchesAll } from "./filter-chain.ts";
import { httpConnectionManager } from "./http-connection-manager.ts";
import { durationOf, type JsonObject, message, unlessEmpty } from "./json.ts";
import { unspecifiedAddress } from "./kubernetes-services.ts";
import { httpInspector, tlsInspector } from "./listener-inspectors.ts";
import { socketAddress } from "./load-assignment.ts";
import { blackHoleCluster, httpProxyRoute, listenerName, passthroughCluster, virtualOutbound } from "./names.ts";
import { from } from "./origin.ts";
import { candidates } from "./outbound-candidates.ts";
import { addService, type Chain, type Entry } from "./outbound-entries.ts";
import { clusterOf } from "./route-context.ts";
import { tcpProxy } from "./tcp-proxy.ts";

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
