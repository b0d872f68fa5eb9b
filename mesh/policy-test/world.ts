import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import { Source } from "#mesh/istio/source.ts";
import { labelsMatch } from "#mesh/xds/proxy.ts";

/** What runs behind a name, as far as policies see it. */
export interface Workload {
  /** `namespace/name` */
  id: string;
  namespace: string;
  name: string;
  labels: Record<string, string>;
  serviceAccount: string;
  ports: WorkloadPort[];
  gateway: boolean;
}

export interface WorkloadPort {
  name: string;
  containerPort: number;
  protocol: "http1" | "http2" | "tcp";
}

/** Objects with the workloads they describe, and what had to be made up so that the policies are about something. */
export interface World {
  objects: KubeObject[];
  workloads: Map<string, Workload>;
}

/** A workload that a test names, with what it says about it. */
export interface NamedWorkload {
  id: string;
  labels?: Record<string, string>;
  serviceAccount?: string;
  /** Whether it is called: then it needs a Service. */
  called: boolean;
}

export const gatewayId = "istio-system/istio-ingressgateway";

const defaultPort = { name: "grpc", port: 50051 };

/**
 * Finds the workloads of objects (Deployments and their like), adds those that are only named, and gives a Service to every
 * host of the policies and every called workload that has none, so that policies can be tried without the services.
 */
export function buildWorld(objects: readonly KubeObject[], named: readonly NamedWorkload[] = []): World {
  const all = [...objects];
  for (const { id } of named.filter(({ called }) => called)) addService(all, id);
  for (const host of hostsOf(objects)) addService(all, host);
  const workloads = new Map<string, Workload>();
  for (const object of all) addWorkload(workloads, object, all);
  for (const one of named) workloads.set(one.id, asNamed(workloads.get(one.id) ?? madeUp(one.id, all), one));
  workloads.set(gatewayId, workloads.get(gatewayId) ?? gatewayWorkload());
  return { objects: all, workloads };
}

/** What stands in place of a file for objects that stand in none. */
export const madeUpFile = "(made up)";

/** An object that stands in no file. */
export function madeUpObject(raw: Record<string, unknown>): KubeObject {
  const metadata = isRecord(raw["metadata"]) ? raw["metadata"] : {};
  const texts = (value: unknown) => (isRecord(value) ? (value as Record<string, string>) : {});
  return {
    apiVersion: String(raw["apiVersion"]),
    kind: String(raw["kind"]),
    metadata: {
      name: String(metadata["name"]),
      namespace: typeof metadata["namespace"] === "string" ? metadata["namespace"] : "",
      labels: texts(metadata["labels"]),
      annotations: texts(metadata["annotations"]),
    },
    spec: raw["spec"],
    raw,
    source: new Source({ file: madeUpFile, text: JSON.stringify(raw), start: { line: 1, column: 1 } }),
  };
}

/** The Services that select a workload's labels. */
export function servicesOf(workload: Workload, objects: readonly KubeObject[]): KubeObject[] {
  return objects.filter((object) => {
    if (object.kind !== "Service" || object.metadata.namespace !== workload.namespace) return false;
    const selector = at(object.spec, "selector");
    return isRecord(selector) && labelsMatch(selector as Record<string, string>, workload.labels);
  });
}

function asNamed(workload: Workload, { labels, serviceAccount }: NamedWorkload): Workload {
  return {
    ...workload,
    labels: { ...workload.labels, ...labels },
    serviceAccount: serviceAccount ?? workload.serviceAccount,
  };
}

const podOwners = new Set(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"]);

function addWorkload(workloads: Map<string, Workload>, object: KubeObject, objects: readonly KubeObject[]): void {
  if (!podOwners.has(object.kind)) return;
  const { namespace, name } = object.metadata;
  const id = `${namespace}/${name}`;
  if (workloads.has(id)) return;
  const template = at(object.spec, "template");
  const labels = (at(template, "metadata", "labels") ?? {}) as Record<string, string>;
  const serviceAccount = at(template, "spec", "serviceAccountName");
  const workload: Workload = {
    id,
    namespace,
    name,
    labels,
    serviceAccount: typeof serviceAccount === "string" ? serviceAccount : "default",
    ports: containerPorts(template),
    gateway: labels["istio"] === "ingressgateway",
  };
  workloads.set(id, { ...workload, ports: withServicePorts(workload, objects) });
}

function containerPorts(template: unknown): WorkloadPort[] {
  const containers = list(at(template, "spec", "containers"));
  return containers.flatMap((container) =>
    list(at(container, "ports")).flatMap((port) => {
      const number = at(port, "containerPort");
      const name = at(port, "name");
      return typeof number === "number" ? [toPort(typeof name === "string" ? name : "", number)] : [];
    }),
  );
}

/** The ports of a workload, with those that only its Services name, and their protocols as the Services name them. */
function withServicePorts(workload: Workload, objects: readonly KubeObject[]): WorkloadPort[] {
  const ports = new Map(workload.ports.map((port) => [port.containerPort, port]));
  for (const service of servicesOf(workload, objects)) {
    for (const port of list(at(service.spec, "ports"))) {
      const number = targetOf(port, workload.ports);
      if (number === undefined) continue;
      const protocol = String(at(port, "appProtocol") ?? at(port, "name") ?? "");
      const name = ports.get(number)?.name || String(at(port, "name") ?? "");
      ports.set(number, { ...toPort(protocol, number), name });
    }
  }
  return [...ports.values()];
}

function targetOf(servicePort: unknown, ports: readonly WorkloadPort[]): number | undefined {
  const target = at(servicePort, "targetPort") ?? at(servicePort, "port");
  if (typeof target === "number") return target;
  return ports.find(({ name }) => name === target)?.containerPort;
}

function toPort(name: string, containerPort: number): WorkloadPort {
  const protocol = /^(grpc|http2|h2c|kubernetes\.io\/h2c)/i.test(name)
    ? "http2"
    : /^http/i.test(name)
      ? "http1"
      : "tcp";
  return { name, containerPort, protocol };
}

function madeUp(id: string, objects: readonly KubeObject[]): Workload {
  if (id === gatewayId) return gatewayWorkload();
  const { namespace, name } = split(id);
  const service = objects.find((object) => object.kind === "Service" && idOf(object) === id);
  const selector = at(service?.spec, "selector");
  const labels = { app: name, version: "v1", ...(isRecord(selector) ? (selector as Record<string, string>) : {}) };
  const workload: Workload = { id, namespace, name, labels, serviceAccount: name, ports: [], gateway: false };
  return { ...workload, ports: withServicePorts(workload, objects) };
}

function gatewayWorkload(): Workload {
  const { namespace, name } = split(gatewayId);
  const labels = { app: name, istio: "ingressgateway" };
  return { id: gatewayId, namespace, name, labels, serviceAccount: name, ports: [], gateway: true };
}

function addService(objects: KubeObject[], id: string): void {
  const { namespace, name } = split(id);
  if (id === gatewayId) return;
  if (!objects.some((object) => object.kind === "Namespace" && object.metadata.name === namespace)) {
    objects.push(madeUpObject({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }));
  }
  if (objects.some((object) => object.kind === "Service" && idOf(object) === id)) return;
  const ports = portsNamed(objects, `${name}.${namespace}.svc.cluster.local`).map((port) => ({
    name: port === defaultPort.port ? defaultPort.name : port === 80 || port === 8080 ? `http-${port}` : `grpc-${port}`,
    port,
    targetPort: port,
  }));
  objects.push(
    madeUpObject({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: { clusterIP: addressFor(objects.length), selector: { app: name }, ports },
    }),
  );
}

function addressFor(index: number): string {
  return `10.222.${Math.floor(index / 250)}.${(index % 250) + 1}`;
}

/** `namespace/name` of the hosts in the cluster that VirtualServices and DestinationRules are about. */
function hostsOf(objects: readonly KubeObject[]): Set<string> {
  const ids = new Set<string>();
  for (const object of objects) {
    const { namespace } = object.metadata;
    const hosts: unknown[] = [];
    if (object.kind === "DestinationRule") hosts.push(at(object.spec, "host"));
    if (object.kind === "VirtualService") for (const { host } of destinationsOf(object)) hosts.push(host);
    for (const host of hosts) {
      const id = clusterHost(String(host), namespace);
      if (id) ids.add(id);
    }
  }
  return ids;
}

function destinationsOf(object: KubeObject): { host: unknown; port: unknown }[] {
  const routes = ["http", "tcp", "tls"].flatMap((kind) => list(at(object.spec, kind)));
  return routes.flatMap((route) =>
    list(at(route, "route")).map((entry) => ({
      host: at(entry, "destination", "host"),
      port: at(entry, "destination", "port", "number"),
    })),
  );
}

/** `siren/product` of `product.siren.svc.cluster.local`, or of `product` in the namespace siren; nothing for other hosts. */
export function clusterHost(host: string, namespace: string): string | undefined {
  if (/^[a-z0-9-]+$/.test(host)) return `${namespace}/${host}`;
  const [, name, owner] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.cluster\.local$/.exec(host) ?? [];
  return name && owner ? `${owner}/${name}` : undefined;
}

function portsNamed(objects: readonly KubeObject[], host: string): number[] {
  const ports = objects
    .filter(({ kind }) => kind === "VirtualService")
    .flatMap((object) => destinationsOf(object).filter((one) => sameHost(one.host, object, host)))
    .map(({ port }) => port)
    .filter((port) => typeof port === "number");
  return ports.length > 0 ? [...new Set(ports)] : [defaultPort.port];
}

function sameHost(host: unknown, { metadata }: KubeObject, wanted: string): boolean {
  return host === wanted || `${String(host)}.${metadata.namespace}.svc.cluster.local` === wanted;
}

function idOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function split(id: string): { namespace: string; name: string } {
  const [namespace = "", name = ""] = id.split("/");
  return { namespace, name };
}

/** The value at a path of an unknown shape. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let current = value;
  for (const step of path) {
    if (Array.isArray(current) && typeof step === "number") current = current[step];
    else if (isRecord(current)) current = current[step];
    else return undefined;
  }
  return current;
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
