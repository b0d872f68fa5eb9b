import { hostsOverlap } from "#mesh/istio/hosts.ts";
import type { L4Match, TlsMatch } from "#mesh/istio/virtual-service.ts";
import type { Compilation } from "./compilation.ts";
import { type ChainMatch, everything } from "./filter-chain.ts";
import type { JsonObject } from "./json.ts";
import { unspecifiedAddress } from "./kubernetes-services.ts";
import { outboundCluster } from "./names.ts";
import { isTls } from "./protocol.ts";
import { labelsMatch, type Proxy } from "./proxy.ts";
import type { Service, ServicePort } from "./service.ts";
import { destinationRuleFor } from "./sidecar-scope.ts";
import { networkFilters, routedTcpProxy, tcpProxy } from "./tcp-proxy.ts";
import { serviceDomains } from "./virtual-host.ts";
import type { VirtualServiceResource } from "./virtual-services.ts";

/** A filter chain in the making, for connections that are passed on as bytes. */
export interface L4Chain {
  match: ChainMatch;
  filters: JsonObject[];
  /** What in the YAML it comes from. */
  origin: object | undefined;
}

export interface L4Listener {
  service: Service;
  port: ServicePort;
  bind: string;
  /** The service's address when that is a range. */
  ranges: string[];
  virtualServices: VirtualServiceResource[];
}

/** The chains for a service's port that carries TLS or plain TCP: from VirtualServices, else straight to the service. */
export function l4Chains(listener: L4Listener, compilation: Compilation): L4Chain[] {
  const resources = listener.virtualServices.filter(({ spec }) =>
    (spec.hosts ?? []).some((host) => hostsOverlap(host, listener.service.hostname)),
  );
  return isTls(listener.port.protocol)
    ? tlsChains(listener, resources, compilation)
    : tcpChains(listener, resources, compilation);
}

function tlsChains(listener: L4Listener, resources: VirtualServiceResource[], compilation: Compilation): L4Chain[] {
  const chains: L4Chain[] = [];
  const handled = new Set<string>();
  let { ranges } = listener;
  for (const resource of resources) {
    for (const route of resource.spec.tls ?? []) {
      for (const match of (route.match ?? []).filter((one) =>
        appliesTo(one, listener.port.number, compilation.proxy),
      )) {
        const subnets = match.destinationSubnets ?? [];
        if (subnets.length > 0 && listener.port.number > 0) ranges = subnets;
        const names = match.sniHosts ?? [];
        const key = `${names.join()}|${subnets.join()}`;
        if (handled.has(key)) continue;
        handled.add(key);
        const filters = routed(route.route ?? [], { resource, listener, compilation });
        chains.push({ match: { ...everything, serverNames: names, ranges }, filters, origin: match });
      }
    }
  }
  return chains.length > 0 ? chains : [serviceTlsChain({ ...listener, ranges }, compilation)];
}

/** Without an address of its own a TLS service is told from others by the name that the client asks for. */
function serviceTlsChain(listener: L4Listener, compilation: Compilation): L4Chain {
  const { service, bind, ranges } = listener;
  const address = service.address.includes("/") ? "" : service.address;
  const byName = ranges.length > 0 || address === "" || (address === unspecifiedAddress && bind === unspecifiedAddress);
  const aliases = service.aliases.flatMap(({ hostname }) => {
    const alias = { ...service, hostname, aliases: [], addresses: [] };
    return serviceDomains(alias, compilation.proxy, undefined).domains;
  });
  const serverNames = byName ? [service.hostname, ...aliases] : [];
  return {
    match: { ...everything, serverNames, ranges },
    filters: toService(listener, compilation),
    origin: undefined,
  };
}

function tcpChains(listener: L4Listener, resources: VirtualServiceResource[], compilation: Compilation): L4Chain[] {
  const { ranges, port } = listener;
  const chains: L4Chain[] = [];
  let covered = false;
  for (const resource of resources) {
    for (const route of resource.spec.tcp ?? []) {
      const matches = route.match ?? [];
      const fitting = matches.filter((match) => appliesTo(match, port.number, compilation.proxy));
      const filters = (): JsonObject[] => routed(route.route ?? [], { resource, listener, compilation });
      const terminal = fitting.find(({ destinationSubnets }) => !destinationSubnets?.length || port.number === 0);
      if (matches.length === 0 || terminal) {
        chains.push({ match: { ...everything, ranges }, filters: filters(), origin: terminal ?? route });
        return chains;
      }
      const subnets = fitting.flatMap((match) => match.destinationSubnets ?? []);
      if (subnets.length === 0) continue;
      chains.push({ match: { ...everything, ranges: subnets }, filters: filters(), origin: route });
      covered ||= [...subnets].sort().join() === [...ranges].sort().join();
    }
  }
  if (covered) return chains;
  const own = { match: { ...everything, ranges }, filters: toService(listener, compilation), origin: undefined };
  return [...chains, own];
}

interface RoutedContext {
  resource: VirtualServiceResource;
  listener: L4Listener;
  compilation: Compilation;
}

function routed(
  destinations: Parameters<typeof routedTcpProxy>[0],
  { resource, listener, compilation }: RoutedContext,
): JsonObject[] {
  const statPrefix = `${resource.name}.${resource.namespace}`;
  const { number, protocol } = listener.port;
  return networkFilters(protocol, routedTcpProxy(destinations, { port: number, statPrefix, compilation }));
}

function toService({ service, port }: L4Listener, { scope, proxy }: Compilation): JsonObject[] {
  const [only, ...others] = service.ports;
  const number = only && others.length === 0 ? only.number : port.number;
  const cluster = outboundCluster({ port: number, subset: "", host: service.hostname });
  const rule = destinationRuleFor(scope, proxy, service.hostname)?.spec;
  return networkFilters(port.protocol, tcpProxy(cluster, { rule }));
}

/** Gateways, labels, ports and namespaces are decided for the one proxy that the configuration is for. */
function appliesTo(match: L4Match | TlsMatch, port: number, proxy: Proxy): boolean {
  const { gateways = [], sourceLabels = {}, sourceNamespace } = match;
  if (gateways.length > 0 && !gateways.includes("mesh")) return false;
  if (!labelsMatch(sourceLabels, proxy.labels)) return false;
  if (match.port && match.port !== port) return false;
  return !sourceNamespace || sourceNamespace === proxy.namespace;
}
