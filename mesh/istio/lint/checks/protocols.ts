/** Protocols of a port, as Gateways, Sidecars and ServiceEntries name them in any case. */
const families = new Map<string, "http" | "tls" | "tcp" | "udp">([
  ["http", "http"],
  ["http2", "http"],
  ["http_proxy", "http"],
  ["grpc", "http"],
  ["grpc-web", "http"],
  ["https", "tls"],
  ["tls", "tls"],
  ["tcp", "tcp"],
  ["mongo", "tcp"],
  ["redis", "tcp"],
  ["mysql", "tcp"],
  ["udp", "udp"],
]);

export const protocolNames = "HTTP, HTTP2, GRPC, GRPC-WEB, HTTPS, TLS, TCP, MONGO, REDIS or MYSQL";

/** The family of a protocol, undefined for one that Istio does not know. */
export function protocolFamily(protocol: string | undefined): "http" | "tls" | "tcp" | "udp" | undefined {
  return families.get((protocol ?? "").toLowerCase());
}

export function isHttp(protocol: string | undefined): boolean {
  return protocolFamily(protocol) === "http";
}

export function isTls(protocol: string | undefined): boolean {
  return protocolFamily(protocol) === "tls";
}

/** TCP in Istio's sense: what is neither HTTP nor UDP. */
export function isTcp(protocol: string | undefined): boolean {
  const family = protocolFamily(protocol);
  return family === "tcp" || family === "tls";
}
