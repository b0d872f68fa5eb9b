import type { GatewayServer } from "#mesh/istio/gateway.ts";
import type { Mesh } from "./mesh.ts";
import { gatewayRoute, gatewayTlsRoute } from "./names.ts";
import { isHttp, type Protocol, parseProtocol } from "./protocol.ts";
import { labelsMatch, type Proxy } from "./proxy.ts";
import { type ServiceTarget, serviceTargets } from "./service-targets.ts";

/** One server of a Gateway, as a gateway proxy serves it. */
export interface MergedServer {
  server: GatewayServer;
  /** `namespace/name` of its Gateway. */
  gateway: string;
  /** Hosts with the namespaces whose VirtualServices may serve them: `host` for any, else `namespace/host`. */
  hosts: string[];
  /** The port that the Gateway names, which routes and virtual hosts are about. */
  port: number;
  protocol: Protocol;
  routeName: string;
}

/** The servers that share a listening port, protocol and address. */
export interface ServerGroup {
  /** The port that is listened on: the target port behind the Gateway's port. */
  port: number;
  protocol: Protocol;
  bind: string;
  routeName: string;
  servers: MergedServer[];
}

export interface MergedGateways {
  groups: ServerGroup[];
  byRoute: Map<string, MergedServer[]>;
  /** `namespace/name` of every Gateway that has a server here. */
  names: Set<string>;
  /** Whether a server asks for connections that go on to any service, be it one that another keeps out. */
  joinsServices: boolean;
}

/** Puts the servers of all Gateways that select a proxy together. Where two want the same port in ways that do not fit, the first wins. */
export function mergeGateways(mesh: Mesh, proxy: Proxy): MergedGateways {
  const merger = new Merger();
  const targets = serviceTargets(mesh, proxy);
  for (const { spec, namespace, name } of mesh.gateways) {
    if (!labelsMatch(spec.selector ?? {}, proxy.labels)) continue;
    for (const server of spec.servers ?? []) {
      const number = server.port?.number;
      if (number === undefined) continue;
      const listened = resolvePort(number, targets);
      merger.add(toServer(server, { namespace, name, listened }), listened);
    }
  }
  return merger.result;
}

class Merger {
  readonly result: MergedGateways = { groups: [], byRoute: new Map(), names: new Set(), joinsServices: false };
  readonly #ports = new Set<number>();
  readonly #plain = new Map<number, ServerGroup>();
  readonly #tlsHosts = new Map<string, Set<string>>();
  readonly #binds = new Set<string>();

  add(server: MergedServer, port: number): void {
    const { names, groups, byRoute } = this.result;
    names.add(server.gateway);
    if (server.server.tls && this.#repeatsHosts(server, port)) return;
    this.result.joinsServices ||= joinsServices(server);
    const group = this.#groupFor(server, port);
    if (!group) return;
    this.#ports.add(port);
    const opens = !groups.includes(group);
    if (opens) groups.push(group);
    group.servers.push(server);
    if (!servesHttp(server)) return;
    // In istiod, a server that opens a listener takes the routes over from servers before it that share their name.
    const sharing = opens ? [] : (byRoute.get(server.routeName) ?? []);
    byRoute.set(server.routeName, [...sharing, server]);
  }

  /** Envoy refuses two filter chains for the same names. */
  #repeatsHosts({ hosts, server }: MergedServer, port: number): boolean {
    const key = `${port}/${server.bind ?? ""}`;
    const known = this.#tlsHosts.get(key) ?? new Set<string>();
    this.#tlsHosts.set(key, known);
    if (hosts.some((host) => known.has(host))) return true;
    for (const host of hosts) known.add(host);
    return false;
  }

  /** The listener that a server joins or opens; undefined when it does not fit beside what is there. */
  #groupFor(server: MergedServer, port: number): ServerGroup | undefined {
    const bind = server.server.bind ?? "";
    const fresh = (): ServerGroup => ({
      port,
      protocol: server.protocol,
      bind,
      routeName: server.routeName,
      servers: [],
    });
    const existing = this.result.groups.find(
      (group) => group.port === port && group.bind === bind && group.protocol === server.protocol,
    );
    if (!this.#ports.has(port)) return this.#remember(fresh(), server);
    const plain = this.#plain.get(port);
    if (plain) {
      if (plain.bind !== bind) return existing ?? this.#remember(fresh(), server);
      return canShare(server.protocol, plain.protocol) && server.routeName !== "" ? plain : undefined;
    }
    if (!isTlsServer(server)) return this.#remember(existing ?? fresh(), server);
    if (servesHttp(server) && (server.routeName === "" || this.result.byRoute.has(server.routeName))) return undefined;
    const newBind = !this.#binds.has(`${port}/${bind}`);
    this.#binds.add(`${port}/${bind}`);
    if (!server.server.tls && !newBind) return undefined;
    return existing ?? fresh();
  }

  #remember(group: ServerGroup, server: MergedServer): ServerGroup {
    if (!isTlsServer(server)) this.#plain.set(group.port, group);
    return group;
  }
}

function canShare(a: Protocol, b: Protocol): boolean {
  return (isHttp(a) || a === b) && isHttp(b);
}

/** A Service's port stands for the port behind it; a port that no Service has is listened on itself. */
function resolvePort(port: number, targets: ServiceTarget[]): number {
  return targets.find((target) => target.port.number === port)?.targetPort ?? port;
}

interface ServerContext {
  namespace: string;
  name: string;
  listened: number;
}

function toServer(server: GatewayServer, { namespace, name, listened }: ServerContext): MergedServer {
  const { number = 0, protocol: word = "", name: portName = "" } = server.port ?? {};
  const protocol = parseProtocol(word);
  const bind = server.bind ? `.${server.bind}` : "";
  const base = { server, gateway: `${namespace}/${name}`, port: number, protocol };
  const hosts = (server.hosts ?? []).map((host) => qualifyHost(host, namespace));
  const partial: MergedServer = { ...base, hosts, routeName: "" };
  if (isHttp(protocol)) return { ...partial, routeName: gatewayRoute(listened) + bind };
  if (!terminatesHttps(partial)) return partial;
  return { ...partial, routeName: gatewayTlsRoute({ port: number, portName, gateway: name, namespace }) + bind };
}

function qualifyHost(host: string, namespace: string): string {
  const slash = host.indexOf("/");
  if (slash < 0) return host;
  const [where, name] = [host.slice(0, slash), host.slice(slash + 1)];
  if (where === "*") return name;
  return `${where === "." ? namespace : where}/${name}`;
}

/** TLS without a mode is passed through: that is the first value of the field's type. */
export function isPassthrough(server: MergedServer): boolean {
  return (server.server.tls?.mode ?? "PASSTHROUGH") === "PASSTHROUGH" || joinsServices(server);
}

/** Whether TLS connections go to the very service, port and subset that the client's sidecar names. */
export function joinsServices({ server }: MergedServer): boolean {
  return server.tls?.mode === "AUTO_PASSTHROUGH";
}

export function terminatesHttps(server: MergedServer): boolean {
  return server.protocol === "HTTPS" && server.server.tls !== undefined && !isPassthrough(server);
}

function servesHttp(server: MergedServer): boolean {
  return isHttp(server.protocol) || terminatesHttps(server);
}

function isTlsServer({ server, protocol }: MergedServer): boolean {
  return server.tls !== undefined && !isHttp(protocol);
}

/** The names that a TLS client has to ask for. */
export function serverNames({ hosts }: MergedServer): string[] {
  return [...new Set(hosts.map((host) => host.slice(host.indexOf("/") + 1)))].sort();
}
