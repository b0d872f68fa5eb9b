import { groupOf, type KubeObject } from "../kube-object.ts";
import { hostCovers } from "./checks/hosts.ts";
import { protocolFamily } from "./checks/protocols.ts";
import { listAt, numberAt, textAt, textsAt } from "./field.ts";
import type { ServiceEntry } from "./kinds/service-entry/schema.ts";
import type { Resource } from "./resources.ts";
import { isVisibleFrom } from "./visibility.ts";

export interface ServicePort {
  number: number;
  name: string;
  targetPort: string;
  /** As Istio takes it, in lower case: `grpc`, `http`, `tcp` ...; undefined when it has to look at the traffic. */
  protocol: string | undefined;
}

/** A Service of Kubernetes or a host of a ServiceEntry. */
export interface Service {
  host: string;
  /** Of a Service; a host of a ServiceEntry has none. */
  name?: string;
  namespace: string;
  object: KubeObject;
  ports: ServicePort[];
  selector: Record<string, string>;
  external: boolean;
  /** Who sees it, as in the field of a ServiceEntry and the annotation of a Service. */
  exportTo: readonly string[] | undefined;
}

export const clusterDomain = "svc.cluster.local";

/** What hosts there are, as Istio's registry knows them. */
export class Services {
  readonly all: Service[] = [];
  readonly #byHost = new Map<string, Service[]>();
  readonly #byNamespace = new Map<string, Service[]>();
  readonly #wildcards: Service[] = [];

  constructor(objects: readonly KubeObject[], entries: readonly Resource<ServiceEntry>[]) {
    for (const object of objects) {
      if (object.kind === "Service" && groupOf(object.apiVersion) === "") this.#add(readService(object));
    }
    for (const entry of entries) for (const service of readEntry(entry)) this.#add(service);
  }

  #add(service: Service): void {
    this.all.push(service);
    const { namespace } = service;
    const list = this.#byNamespace.get(namespace);
    if (!service.external && list) list.push(service);
    else if (!service.external) this.#byNamespace.set(namespace, [service]);
    if (service.host.startsWith("*")) this.#wildcards.push(service);
    else this.#byHost.set(service.host, [...(this.#byHost.get(service.host) ?? []), service]);
  }

  /**
   * The service of a host as a resource of `namespace` writes it: the bare name is one of that namespace. Of several, one that
   * the namespace sees; where it sees none, the first, unless that is a wildcard.
   */
  find(host: string, namespace: string): Service | undefined {
    const full = fullHost(host, namespace);
    const isVisible = (service: Service) => isVisibleFrom(namespace, service);
    const exact = this.#byHost.get(full) ?? [];
    if (exact.length > 0) return exact.find(isVisible) ?? exact[0];
    return this.#wildcards.find((service) => isVisible(service) && hostCovers(service.host, full));
  }

  /** The services that a host stands for, which may be a wildcard. */
  matching(host: string, namespace: string): Service[] {
    const full = fullHost(host, namespace);
    if (full.startsWith("*")) return this.all.filter((service) => hostCovers(full, service.host));
    const service = this.find(full, namespace);
    return service ? [service] : [];
  }

  /** Whether the files say which services a namespace has, so that a missing one is a mistake. */
  knows(namespace: string): boolean {
    return this.#byNamespace.has(namespace);
  }

  /** The Services of Kubernetes in a namespace. */
  inNamespace(namespace: string): readonly Service[] {
    return this.#byNamespace.get(namespace) ?? [];
  }

  /** Whether the files would have the service of a host, were there one. */
  covers(host: string, namespace: string): boolean {
    const full = fullHost(host, namespace);
    return this.knows(namespaceOf(full) ?? halfNamespace(full) ?? namespace);
  }
}

/** `product` as a resource in namespace `siren` means it: `product.siren.svc.cluster.local`. Names with a dot stay. */
export function fullHost(host: string, namespace: string): string {
  return host.includes(".") || host.startsWith("*") ? host : `${host}.${namespace}.${clusterDomain}`;
}

/** The namespace in a full name of the cluster. */
export function namespaceOf(host: string): string | undefined {
  const suffix = `.${clusterDomain}`;
  return host.endsWith(suffix) ? host.slice(0, -suffix.length).split(".").at(-1) : undefined;
}

/** The namespace in a name that stops halfway: `product.siren`, `product.siren.svc`. */
export function halfNamespace(host: string): string | undefined {
  const [, namespace, svc, ...rest] = host.split(".");
  return rest.length === 0 && (svc === undefined || svc === "svc") ? namespace : undefined;
}

function readService(object: KubeObject): Service {
  const { name, namespace } = object.metadata;
  return {
    host: `${name}.${namespace}.${clusterDomain}`,
    name,
    namespace,
    object,
    ports: listAt(object.spec, "ports").map(readPort),
    selector: textsAt(object.spec, "selector"),
    external: false,
    exportTo: object.metadata.annotations["networking.istio.io/exportTo"]?.split(",").map((entry) => entry.trim()),
  };
}

function readPort(port: unknown): ServicePort {
  const number = numberAt(port, "port") ?? 0;
  const name = textAt(port, "name") ?? "";
  const target = textAt(port, "targetPort") ?? numberAt(port, "targetPort") ?? number;
  const protocol = portProtocol(port, name, number);
  return { number, name, targetPort: String(target), protocol };
}

const byAppProtocol = new Map([
  ["kubernetes.io/h2c", "http2"],
  ["kubernetes.io/ws", "http"],
  ["kubernetes.io/wss", "https"],
]);

/** Ports at which the server speaks first, so that Istio takes them for TCP without looking. */
const serverFirst = new Set([25, 53, 3306, 27017]);

/** What stands before the dash in `appProtocol`, else in the name. */
function portProtocol(port: unknown, name: string, number: number): string | undefined {
  if (textAt(port, "protocol") === "UDP") return "udp";
  const app = textAt(port, "appProtocol");
  const known = byAppProtocol.get(app ?? "");
  if (known) return known;
  const lower = (app ?? name).toLowerCase();
  if (lower.startsWith("grpc-web")) return "grpc-web";
  const [prefix = ""] = lower.split("-");
  if (protocolFamily(prefix)) return prefix;
  return serverFirst.has(number) ? "tcp" : undefined;
}

function readEntry({ object, spec }: Resource<ServiceEntry>): Service[] {
  const ports = (spec.ports ?? []).map(({ number = 0, name = "", protocol, targetPort }) => ({
    number,
    name,
    targetPort: String(targetPort ?? number),
    protocol: protocol?.toLowerCase(),
  }));
  const { namespace } = object.metadata;
  const { hosts = [], exportTo } = spec;
  return hosts.map((host) => ({ host, namespace, object, ports, selector: {}, external: true, exportTo }));
}

const http2 = new Set<string | undefined>(["grpc", "grpc-web", "http2"]);

export function isHttp2(port: ServicePort): boolean {
  return http2.has(port.protocol);
}
