import { tcpAuthorizationFilters } from "./authorization.ts";
import { clusterMetadataExchange } from "./cluster.ts";
import type { Compilation } from "./compilation.ts";
import { meshTlsSocket } from "./downstream-tls.ts";
import { httpConnectionManager } from "./http-connection-manager.ts";
import { type InboundChainKind, inboundChainKinds } from "./inbound-chains.ts";
import type { InboundPort } from "./inbound-ports.ts";
import { durationOf, extension, type JsonObject, message } from "./json.ts";
import { unspecifiedAddress } from "./kubernetes-services.ts";
import { inspectors } from "./listener-inspectors.ts";
import { socketAddress } from "./load-assignment.ts";
import {
  blackHoleCluster,
  inboundCluster,
  inboundPassthroughCluster,
  inboundVirtualHost,
  listenerName,
  virtualInbound,
} from "./names.ts";
import { from, fromObject } from "./origin.ts";
import { type MutualTlsMode, workloadMutualTls } from "./peer-authentication.ts";
import { isGrpc, type Protocol } from "./protocol.ts";
import { networkFilters, tcpProxy } from "./tcp-proxy.ts";

const originalDestination = extension(
  "envoy.filters.listener.original_dst",
  "envoy.extensions.filters.listener.original_dst.v3.OriginalDst",
);

/** What a set of inbound filter chains is for. */
interface Target {
  cluster: string;
  /** 0 for every port that no other chain takes. */
  port: number;
  servicePort: number;
  protocol: Protocol;
  httpName: string;
  tcpName: string;
  statName: string;
  /** Names the route in traces. */
  operation: string;
}

/** What a sidecar listens on for calls to its workload: one listener that everything is redirected to, and those of a Sidecar. */
export function inboundListeners(ports: InboundPort[], compilation: Compilation): JsonObject[] {
  const mtls = workloadMutualTls(compilation.mesh, compilation.proxy);
  const redirected: JsonObject[] = [];
  const own: JsonObject[] = [];
  for (const port of ports) {
    const mode = mtls.ports.get(port.targetPort) ?? mtls.mode;
    const chains = chainsFor(targetOf(port), mode, compilation).map((chain) => withOrigin(port, chain));
    if (port.bindToPort) own.push(boundListener(port, chains, compilation));
    else redirected.push(...chains);
  }
  const passthrough = [blackHole(compilation), ...chainsFor(unknownPort(0), mtls.mode, compilation)];
  for (const [port, mode] of mtls.ports) {
    const known = ports.some(({ targetPort }) => targetPort === port);
    if (!known) passthrough.push(...chainsFor(unknownPort(port), mode, compilation));
  }
  return [virtualListener([...passthrough, ...redirected], compilation), ...own];
}

function targetOf(port: InboundPort): Target {
  const name = listenerName(port.bind, port.targetPort);
  return {
    cluster: inboundCluster(port.targetPort),
    port: port.targetPort,
    servicePort: port.servicePort,
    protocol: port.protocol,
    httpName: name,
    tcpName: name,
    statName: `inbound_${name}`,
    operation: `${port.hostname}:${port.servicePort}/*`,
  };
}

/** Ports that no service has are forwarded as they come. */
function unknownPort(port: number): Target {
  return {
    cluster: inboundPassthroughCluster,
    port,
    servicePort: 0,
    protocol: "sniffed",
    httpName: "virtualInbound-catchall-http",
    tcpName: virtualInbound,
    statName: inboundPassthroughCluster,
    operation: ":0/*",
  };
}

function withOrigin(port: InboundPort, chain: JsonObject): JsonObject {
  if (port.ingress) return from(port.ingress, chain);
  return port.origin ? fromObject(port.origin, ["spec", "ports"], chain) : chain;
}

function chainsFor(target: Target, mode: MutualTlsMode, compilation: Compilation): JsonObject[] {
  const { settings } = compilation.mesh;
  return inboundChainKinds(mode, target.protocol).map((kind) =>
    message({
      filter_chain_match: matchOf(target, kind),
      filters: kind.http ? httpFilters(target, compilation) : tcpFilters(target, compilation),
      transport_socket: kind.terminates ? meshTlsSocket({ isTcp: !kind.http, settings }) : undefined,
      name: kind.http ? target.httpName : target.tcpName,
    }),
  );
}

function matchOf({ port }: Target, { transport, applicationProtocols }: InboundChainKind): JsonObject {
  return message({
    destination_port: port || undefined,
    transport_protocol: transport,
    application_protocols: applicationProtocols.length > 0 ? applicationProtocols : undefined,
  });
}

function httpFilters(target: Target, compilation: Compilation): JsonObject[] {
  const manager = httpConnectionManager(
    { direction: "inbound", name: target.statName, protocol: target.protocol, routes: routesOf(target) },
    compilation,
  );
  return [clusterMetadataExchange, manager];
}

function tcpFilters({ cluster, protocol }: Target, compilation: Compilation): JsonObject[] {
  const authorization = tcpAuthorizationFilters(compilation);
  return [clusterMetadataExchange, ...authorization, ...networkFilters(protocol, tcpProxy(cluster))];
}

/** VirtualServices do not apply to a workload's own side: there is one route. gRPC is not sent again, it may have been read. */
function routesOf({ cluster, servicePort, protocol, operation }: Target): JsonObject {
  const route = message({
    cluster,
    timeout: "0s",
    retry_policy: isGrpc(protocol) ? undefined : { retry_on: "reset-before-request", num_retries: 2 },
    max_stream_duration: { max_stream_duration: "0s", grpc_timeout_header_max: "0s" },
  });
  return {
    name: cluster,
    virtual_hosts: [
      {
        name: inboundVirtualHost(servicePort),
        domains: ["*"],
        routes: [{ name: "default", match: { prefix: "/" }, route, decorator: { operation } }],
      },
    ],
    validate_clusters: false,
  };
}

/** Nobody may call the sidecar's own port: that would never end. */
function blackHole({ mesh }: Compilation): JsonObject {
  return {
    filter_chain_match: { destination_port: mesh.settings.inboundPort },
    filters: [clusterMetadataExchange, tcpProxy(blackHoleCluster)],
    name: "virtualInbound-blackhole",
  };
}

function virtualListener(chains: JsonObject[], { mesh }: Compilation): JsonObject {
  return {
    name: virtualInbound,
    address: socketAddress(unspecifiedAddress, mesh.settings.inboundPort),
    filter_chains: chains,
    listener_filters: [originalDestination, ...inspectors(chains)],
    ...listenerFields(mesh.settings.protocolDetectionTimeoutMs),
  };
}

function boundListener(port: InboundPort, chains: JsonObject[], { mesh }: Compilation): JsonObject {
  return {
    name: listenerName(port.bind, port.targetPort),
    address: socketAddress(port.bind, port.targetPort),
    filter_chains: chains,
    listener_filters: inspectors(chains),
    ...listenerFields(mesh.settings.protocolDetectionTimeoutMs),
  };
}

function listenerFields(detectionTimeoutMs: number): JsonObject {
  return {
    listener_filters_timeout: durationOf(detectionTimeoutMs),
    continue_on_listener_filters_timeout: true,
    traffic_direction: "INBOUND",
    max_connections_to_accept_per_socket_event: 1,
  };
}
