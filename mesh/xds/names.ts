// Every name that istiod gives to something in Envoy is made here.

export const passthroughCluster = "PassthroughCluster";
export const blackHoleCluster = "BlackHoleCluster";
export const inboundPassthroughCluster = "InboundPassthroughCluster";

/** The listener that a replica's process sends everything to when its mesh configuration has a `proxyHttpPort`. */
export const httpProxyRoute = "http_proxy";
export const virtualOutbound = "virtualOutbound";
export const virtualInbound = "virtualInbound";

/** What an outbound cluster is for. `subset` is empty for the whole service. */
export interface ClusterKey {
  port: number;
  subset: string;
  host: string;
}

export function outboundCluster({ port, subset, host }: ClusterKey): string {
  return `outbound|${port}|${subset}|${host}`;
}

/** What an outbound cluster's name says; undefined for other clusters. */
export function parseOutboundCluster(name: string): ClusterKey | undefined {
  const [direction, port, subset, host, ...rest] = name.split("|");
  if (direction !== "outbound" || subset === undefined || host === undefined || rest.length > 0) return undefined;
  return { port: Number(port), subset, host };
}

export function inboundCluster(port: number): string {
  return `inbound|${port}||`;
}

/** The server name that a sidecar sends in TLS for a cluster; an AUTO_PASSTHROUGH gateway names its clusters so. */
export function serverNameOf({ port, subset, host }: ClusterKey): string {
  return `outbound_.${port}_.${subset}_.${host}`;
}

/** What such a server name says; undefined for others. */
export function parseServerName(name: string): ClusterKey | undefined {
  const [, port, subset = "", host = ""] = /^outbound_\.(\d+)_\.([^_]*)_\.(.+)$/.exec(name) ?? [];
  return port === undefined ? undefined : { port: Number(port), subset, host };
}

/** `host:port`, with brackets around an IPv6 address. */
export function domainName(host: string, port: number): string {
  return `${bracketed(host)}:${port}`;
}

export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

export function inboundVirtualHost(port: number): string {
  return `inbound|http|${port}`;
}

/** A listener is named after its address and port; that of a unix socket after the socket and port 0. */
export function listenerName(address: string, port: number): string {
  return `${address}_${port}`;
}

/** The route configuration of a port of a service whose protocol is found out by looking at the traffic. */
export function sniffedRoute(host: string, port: number): string {
  return `${host}:${port}`;
}

/** The route configuration of a gateway's plain HTTP listener. */
export function gatewayRoute(port: number): string {
  return `http.${port}`;
}

/** The route configuration of one HTTPS server of a Gateway. */
export function gatewayTlsRoute(server: {
  port: number;
  portName: string;
  gateway: string;
  namespace: string;
}): string {
  return `https.${server.port}.${server.portName}.${server.gateway}.${server.namespace}`;
}

/** An identity in all trust domains that count as one. */
export function inTrustDomains(identity: string, aliases: readonly string[]): string[] {
  const workload = /^spiffe:\/\/[^/]+(\/ns\/[^/]+\/sa\/[^/]+)$/.exec(identity)?.[1];
  return workload ? [identity, ...aliases.map((alias) => `spiffe://${alias}${workload}`)] : [identity];
}

/** The spiffe identity of a service account. */
export function spiffeId(trustDomain: string, namespace: string, serviceAccount: string): string {
  return `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}

/** The key that a policy's rule has in an RBAC filter. */
export function policyRule(namespace: string, name: string, rule: number): string {
  return `ns[${namespace}]-policy[${name}]-rule[${rule}]`;
}

/** Statistics end in a semicolon, so that names can hold dots. */
export function statPrefix(name: string): string {
  return `${name};`;
}
