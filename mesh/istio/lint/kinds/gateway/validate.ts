import { checkUnixPath, isIpAddress } from "../../checks/addresses.ts";
import { checkNamespacedHost } from "../../checks/hosts.ts";
import { isDnsLabel } from "../../checks/names.ts";
import { checkPort } from "../../checks/numbers.ts";
import { isHttp, isTls, protocolFamily, protocolNames } from "../../checks/protocols.ts";
import { checkServerTls } from "../../checks/server-tls.ts";
import type { Place } from "../../place.ts";
import type { Gateway, Server } from "./schema.ts";

const unix = "unix://";

/** What istiod's webhook says of a Gateway. */
export function validate(spec: Gateway, place: Place): void {
  const { name } = place.object.metadata;
  if (!isDnsLabel(name)) place.refuse(`"${name}" is no name of a gateway`, "write letters, digits and dashes, no dots");
  if (!spec.servers?.length) return place.refuse("it has no servers", "write `servers:`, with at least one");
  const names = new Set<string>();
  spec.servers.forEach((server, index) => {
    const at = place.in("servers", index);
    validateServer(server, at);
    if (!server.port) return;
    const { name: portName = "", protocol } = server.port;
    if (names.has(portName)) {
      at.in("port", "name").refuse(`the port name "${portName}" exists twice`, "give each server's port its own name");
    }
    names.add(portName);
    if (!isHttp(protocol) && server.tls?.httpsRedirect) {
      at.in("tls", "httpsRedirect").warn("only HTTP servers can redirect to HTTPS", "move it to the server of port 80");
    }
  });
}

function validateServer(server: Server, place: Place): void {
  if (!server.hosts?.length) place.refuse("the server has no hosts", 'write `hosts:`, such as ["*"]');
  server.hosts?.forEach((host, index) => {
    checkNamespacedHost(host, "gateway", place.in("hosts", index));
  });
  const portValid = validatePort(server, place);
  validateBind(server, place);
  if (server.tls) checkServerTls(server.tls, place.in("tls"));
  if (portValid) validateTlsUse(server, place);
}

/** Returns whether the port is usable, without which istiod says no more about TLS. */
function validatePort({ port, bind = "" }: Server, place: Place): boolean {
  if (!port) {
    place.refuse("the server has no port", "write `port: {number: 80, name: http, protocol: HTTP}`");
    return false;
  }
  const at = place.in("port");
  const { number = 0, protocol = "", targetPort, name } = port;
  const known = protocolFamily(protocol) !== undefined;
  const numbered = (number === 0 && bind.startsWith(unix)) || (number > 0 && number <= 65_535);
  if (!known) at.in("protocol").refuse(`the protocol "${protocol}" is not known`, `write ${protocolNames}`);
  if (!numbered) checkPort(number, at.in("number"));
  if (targetPort) at.in("targetPort").refuse("targetPort has no effect on a Gateway", "remove it; its Service decides");
  if (!name) at.refuse("the port has no name", "write `name: http`");
  return known && numbered && !targetPort && name !== undefined && name !== "";
}

function validateBind({ port, bind = "" }: Server, place: Place): void {
  const at = place.in("bind");
  if (bind.startsWith(unix)) {
    checkUnixPath(bind.slice(unix.length), at);
    if (port?.number) place.in("port", "number").refuse("a unix socket has no port", "write number: 0");
  } else if (bind !== "" && !isIpAddress(bind)) {
    at.refuse(`"${bind}" is no IP address`, "write an address, or unix:///path/to/socket");
  }
}

function validateTlsUse({ port, tls }: Server, place: Place): void {
  const encrypted = isTls(port?.protocol);
  if (encrypted && !tls) {
    place.refuse(`${port?.protocol} needs TLS settings`, "write `tls: {mode: SIMPLE, credentialName: ...}`");
  }
  if (encrypted || !tls) return;
  const plain = tls.mode === undefined || tls.mode === "PASSTHROUGH" || tls.mode === "AUTO_PASSTHROUGH";
  const files = tls.caCertificates || tls.privateKey || tls.serverCertificate;
  if (isHttp(port?.protocol) && plain && !files) return;
  place
    .in("tls")
    .refuse(`${port?.protocol} has no TLS, so it takes no TLS settings`, "write protocol: HTTPS, or remove tls");
}
