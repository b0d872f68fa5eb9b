import { checkUnixPath, isIpAddress } from "../../checks/addresses.ts";
import { checkConnectionPool } from "../../checks/connection-pool.ts";
import { checkPort } from "../../checks/numbers.ts";
import { checkPortName, checkProtocol } from "../../checks/ports.ts";
import { isHttp, isTls } from "../../checks/protocols.ts";
import { checkServerTls } from "../../checks/server-tls.ts";
import type { Place } from "../../place.ts";
import type { Ingress } from "./schema.ts";

export function validateIngress(listeners: readonly Ingress[], place: Place): void {
  const ports = new Set<number>();
  listeners.forEach((listener, index) => {
    const at = place.in(index);
    validateListener(listener, at);
    const number = listener.port?.number;
    if (number === undefined) return;
    if (ports.has(number)) at.in("port", "number").refuse(`the port ${number} has two listeners`, "remove one of them");
    ports.add(number);
  });
}

function validateListener(listener: Ingress, place: Place): void {
  const { port, connectionPool } = listener;
  if (!port) return place.refuse("the listener has no port", "write `port: {number, protocol, name}`");
  validatePort(port, place.in("port"));
  validateBind(listener.bind, place.in("bind"));
  validateEndpoint(listener.defaultEndpoint, place.in("defaultEndpoint"));
  if (listener.tls) validateTls(listener.tls, port.protocol, place.in("tls"));
  checkConnectionPool(connectionPool, place.in("connectionPool"));
  if (connectionPool?.http && !isHttp(port.protocol)) {
    place
      .in("connectionPool", "http")
      .warn("the port is not HTTP, so only the limits of TCP hold", "write protocol: HTTP");
  }
}

function validatePort(port: NonNullable<Ingress["port"]>, place: Place): void {
  if (port.targetPort) place.in("targetPort").refuse("targetPort has no effect on a Sidecar", "remove it");
  if (port.name) checkPortName(port.name, place.in("name"));
  checkProtocol(port.protocol, place.in("protocol"));
  checkPort(port.number ?? 0, place.in("number"));
}

export function validateBind(bind: string | undefined, place: Place): void {
  if (bind && !isIpAddress(bind)) place.refuse(`"${bind}" is no IP address`, "write an address, such as 127.0.0.1");
}

const endpointHint = "write 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT or unix:///path/to/socket";

function validateEndpoint(endpoint: string | undefined, place: Place): void {
  if (!endpoint) return;
  if (endpoint.startsWith("unix://")) return checkUnixPath(endpoint.slice("unix://".length), place);
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(endpoint) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || port === undefined) {
    return place.refuse(`"${endpoint}" is not of the form host:port`, endpointHint);
  }
  if (!["", "127.0.0.1", "0.0.0.0", "::1", "::"].includes(host)) {
    place.refuse(`"${host}" is not the workload itself`, endpointHint);
  }
  if (!/^[-+]?\d+$/.test(port)) place.refuse(`"${port}" is no port`, endpointHint);
  else checkPort(Number(port), place);
}

type Tls = NonNullable<Ingress["tls"]>;

const unsupported = [
  "subjectAltNames",
  "httpsRedirect",
  "credentialName",
  "credentialNames",
  "tlsCertificates",
] as const;

function validateTls(tls: Tls, protocol: string | undefined, place: Place): void {
  for (const field of unsupported) {
    const value = tls[field];
    const set = Array.isArray(value) ? value.length > 0 : Boolean(value);
    if (set) place.in(field).refuse(`a Sidecar's ingress has no ${field}`, `remove ${field}`);
  }
  if (tls.mode === "ISTIO_MUTUAL" || tls.mode === "AUTO_PASSTHROUGH") {
    place.in("mode").refuse(`a Sidecar's ingress has no mode ${tls.mode}`, "write SIMPLE or MUTUAL");
  }
  if (!isTls(protocol))
    place.refuse("only HTTPS and TLS ports take TLS settings", "write protocol: HTTPS, or remove tls");
  checkServerTls(tls, place);
}
