import { checkUnixPath } from "../../checks/addresses.ts";
import { checkNamespacedHost } from "../../checks/hosts.ts";
import { checkPort } from "../../checks/numbers.ts";
import { checkPortName, checkProtocol } from "../../checks/ports.ts";
import type { Place } from "../../place.ts";
import { validateBind } from "./ingress.ts";
import type { Egress } from "./schema.ts";

export function validateEgress(listeners: readonly Egress[], place: Place): void {
  const ports = new Set<number>();
  const sockets = new Set<string>();
  listeners.forEach((listener, index) => {
    const at = place.in(index);
    if (listener.port) validatePort(listener, at, { ports, sockets });
    else if (index < listeners.length - 1) {
      at.refuse("the listener without a port takes all that is left, so it must be the last", "move it to the end");
    }
    validateHosts(listener.hosts ?? [], at);
  });
}

interface Taken {
  ports: Set<number>;
  sockets: Set<string>;
}

function validatePort({ port, bind = "", captureMode }: Egress, place: Place, taken: Taken): void {
  const { number = 0, name, protocol, targetPort } = port ?? {};
  const at = place.in("port");
  if (targetPort) at.in("targetPort").refuse("targetPort has no effect on a Sidecar", "remove it");
  if (name) checkPortName(name, at.in("name"));
  checkProtocol(protocol, at.in("protocol"));
  if (number !== 0) {
    checkPort(number, at.in("number"));
    validateBind(bind, place.in("bind"));
    if (taken.ports.has(number)) at.in("number").refuse(`the port ${number} has two listeners`, "remove one of them");
    taken.ports.add(number);
    return;
  }
  if (!bind.startsWith("unix://"))
    at.refuse("a port of 0 is for unix sockets", "write the port's number, or bind: unix:///path");
  else checkUnixPath(bind.slice("unix://".length), place.in("bind"));
  if (captureMode === "IPTABLES") {
    place.in("captureMode").refuse("connections to a unix socket are not captured", "write captureMode: NONE");
  }
  if (taken.sockets.has(bind)) place.in("bind").refuse(`the socket "${bind}" has two listeners`, "remove one of them");
  taken.sockets.add(bind);
}

function validateHosts(hosts: readonly string[], place: Place): void {
  if (hosts.length === 0) return place.refuse("the listener has no hosts", 'write `hosts:`, such as ["./*"]');
  const seen = new Map<string, Set<string>>();
  hosts.forEach((text, index) => {
    const at = place.in("hosts", index);
    const slash = text.indexOf("/");
    if (slash >= 0) warnDuplicate(text, slash, { seen, place: at });
    checkNamespacedHost(text, "sidecar", at);
  });
  if (seen.get("*")?.has("*") && seen.size > 1) {
    place.in("hosts").warn("*/* is everything, so the other hosts add nothing", "write */* alone, or remove it");
  }
}

function warnDuplicate(
  text: string,
  slash: number,
  { seen, place }: { seen: Map<string, Set<string>>; place: Place },
): void {
  const namespace = text.startsWith("./") ? place.object.metadata.namespace : text.slice(0, slash);
  const host = text.slice(slash + 1);
  const known = seen.get(namespace) ?? new Set();
  const covered = host === "*" ? known.size > 0 : known.has(host) || known.has("*");
  if (covered) place.warn(`"${text}" and an earlier host overlap`, "remove one of them");
  seen.set(namespace, known.add(host));
}
