/** What a port speaks. `sniffed` is decided connection by connection. */
export type Protocol =
  | "HTTP"
  | "HTTP2"
  | "GRPC"
  | "GRPC-Web"
  | "HTTP_PROXY"
  | "HTTPS"
  | "TLS"
  | "TCP"
  | "Mongo"
  | "Redis"
  | "MySQL"
  | "UDP"
  | "sniffed";

const words: Record<string, Protocol> = {
  tcp: "TCP",
  udp: "UDP",
  grpc: "GRPC",
  "grpc-web": "GRPC-Web",
  http: "HTTP",
  http_proxy: "HTTP_PROXY",
  http2: "HTTP2",
  https: "HTTPS",
  tls: "TLS",
  mongo: "Mongo",
  redis: "Redis",
  mysql: "MySQL",
};

const applicationProtocols: Record<string, Protocol> = {
  "kubernetes.io/h2c": "HTTP2",
  "kubernetes.io/ws": "HTTP",
  "kubernetes.io/wss": "HTTPS",
};

/** Ports where the server speaks first: looking at the client's first bytes would hang. */
const serverFirst = new Set([25, 53, 3306, 27017]);

/** The protocol that a word in a Gateway, ServiceEntry or Sidecar stands for. */
export function parseProtocol(word: string): Protocol {
  return Object.hasOwn(words, word.toLowerCase()) ? (words[word.toLowerCase()] ?? "sniffed") : "sniffed";
}

/** The protocol of a Kubernetes Service's port: from appProtocol, else from the name's first part, else sniffed. */
export function protocolOfPort(port: {
  number: number;
  name: string;
  transport?: string;
  appProtocol?: string;
}): Protocol {
  if (port.transport === "UDP") return "UDP";
  const name = port.appProtocol ?? port.name;
  const standard = port.appProtocol === undefined ? undefined : applicationProtocols[port.appProtocol];
  if (standard) return standard;
  if (name.toLowerCase().startsWith("grpc-web")) return "GRPC-Web";
  const protocol = parseProtocol(name.split("-")[0] ?? "");
  return protocol === "sniffed" && serverFirst.has(port.number) ? "TCP" : protocol;
}

const http = new Set<Protocol>(["HTTP", "HTTP2", "GRPC", "GRPC-Web", "HTTP_PROXY"]);

export function isHttp(protocol: Protocol): boolean {
  return http.has(protocol);
}

export function isHttpOrSniffed(protocol: Protocol): boolean {
  return protocol === "sniffed" || http.has(protocol);
}

export function isHttp2(protocol: Protocol): boolean {
  return protocol === "HTTP2" || protocol === "GRPC" || protocol === "GRPC-Web";
}

export function isGrpc(protocol: Protocol): boolean {
  return protocol === "GRPC" || protocol === "GRPC-Web";
}

export function isTls(protocol: Protocol): boolean {
  return protocol === "HTTPS" || protocol === "TLS";
}

/** Protocols that are one opaque stream to Envoy. */
export function isTcp(protocol: Protocol): boolean {
  return protocol !== "UDP" && !isHttpOrSniffed(protocol);
}
