import { isRecord, type KubeObject } from "#mesh/istio/kube-object.ts";
import { loadText } from "#mesh/istio/load.ts";
import type { Replica } from "./localize/types.ts";

/** Where synthesized objects claim to stand; no finding of a user's file ever does. */
export const synthesized = "(made by the local mesh)";

/** The gateway of Istio's Helm chart. */
export const gateway = {
  name: "istio-ingressgateway",
  namespace: "istio-system",
  serviceAccount: "istio-ingressgateway",
  labels: { app: "istio-ingressgateway", istio: "ingressgateway" },
} as const;

/**
 * What a cluster would add to the files by itself: addresses of Services, the Pods of the replicas and the EndpointSlices that
 * lead to them, the gateway, and the namespaces.
 */
export function completeObjects(
  objects: readonly KubeObject[],
  replicas: readonly Replica[],
  gatewayIp: string,
): KubeObject[] {
  const services = [...objects.filter(isService), ...(hasGatewayService(objects) ? [] : load([gatewayService]))];
  const addressed = withClusterIps(services);
  const made: Record<string, unknown>[] = [
    ...replicas.map(podOf),
    gatewayPod(gatewayIp),
    ...services.flatMap((service) => sliceOf(service, replicas)),
    ...namespacesOf(objects, replicas),
  ];
  // The replicas stand for what the files say runs.
  const others = objects.filter((object) => !isService(object) && !runs.has(object.kind));
  return [...others, ...addressed, ...load(made)];
}

const runs = new Set(["Pod", "EndpointSlice"]);

function load(documents: readonly Record<string, unknown>[]): KubeObject[] {
  return documents.flatMap((document) => {
    const text = JSON.stringify(document);
    const kept = loaded.get(text);
    if (kept) return kept;
    const { objects } = loadText(text, synthesized);
    if (loaded.size > 5_000) loaded.clear();
    loaded.set(text, objects);
    return objects;
  });
}

const loaded = new Map<string, KubeObject[]>();

function isService(object: KubeObject): boolean {
  return object.kind === "Service" && object.apiVersion === "v1";
}

function hasGatewayService(objects: readonly KubeObject[]): boolean {
  return objects.some(
    (object) => isService(object) && object.metadata.namespace === gateway.namespace && selects(object, gateway.labels),
  );
}

const gatewayService = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: gateway.name, namespace: gateway.namespace, labels: gateway.labels },
  spec: {
    selector: gateway.labels,
    ports: [
      { name: "http2", port: 80, targetPort: 80 },
      { name: "https", port: 443, targetPort: 443 },
    ],
  },
};

/** As the API server does: every Service that is not headless gets an address, the same one whatever else there is, mostly. */
function withClusterIps(services: readonly KubeObject[]): KubeObject[] {
  const taken = new Set<string>();
  return services.map((service) => {
    const spec = isRecord(service.spec) ? service.spec : {};
    if (spec["clusterIP"] !== undefined || spec["type"] === "ExternalName") return service;
    let number = hashOf(`${service.metadata.namespace}/${service.metadata.name}`);
    let ip = clusterIp(number);
    while (taken.has(ip)) ip = clusterIp(++number);
    taken.add(ip);
    const addressed = { ...spec, clusterIP: ip };
    const raw = isRecord(service.raw) ? { ...service.raw, spec: addressed } : service.raw;
    return { ...service, spec: addressed, raw };
  });
}

function clusterIp(number: number): string {
  return `10.96.${(number >>> 8) & 255}.${1 + (number % 254)}`;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 2166136261;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16777619) >>> 0;
  return hash;
}

function podOf(replica: Replica): Record<string, unknown> {
  return pod({
    ...replica,
    // What the injector writes: endpoints of this pod speak mutual TLS.
    labels: { ...replica.labels, "security.istio.io/tlsMode": "istio" },
    ports: replica.ports.map(({ name, containerPort }) => ({ name, containerPort })),
  });
}

function gatewayPod(ip: string): Record<string, unknown> {
  const ports = [80, 443].map((containerPort) => ({ containerPort }));
  return pod({ ...gateway, ip, ready: true, ports });
}

function pod(of: {
  name: string;
  namespace: string;
  labels: Readonly<Record<string, string>>;
  serviceAccount: string;
  ip: string;
  ready: boolean;
  ports: readonly Record<string, unknown>[];
}): Record<string, unknown> {
  const conditions = [{ type: "Ready", status: of.ready ? "True" : "False" }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: of.name, namespace: of.namespace, labels: of.labels },
    spec: { serviceAccountName: of.serviceAccount, containers: [{ name: "main", ports: of.ports }] },
    status: { podIP: of.ip, phase: "Running", conditions },
  };
}

interface ServicePort {
  name?: string;
  port?: number;
  targetPort?: number | string;
  protocol?: string;
}

/** A slice for each set of target ports: replicas may give the same port name different numbers. */
function sliceOf(service: KubeObject, replicas: readonly Replica[]): Record<string, unknown>[] {
  const { name, namespace } = service.metadata;
  const ports = portsOf(service);
  const bySlice = new Map<string, { ports: unknown[]; replicas: Replica[] }>();
  for (const replica of replicas) {
    if (replica.namespace !== namespace || !selects(service, replica.labels)) continue;
    const targets = ports.flatMap((port) => targetOf(port, replica));
    if (targets.length === 0) continue;
    const key = JSON.stringify(targets);
    const slice = bySlice.get(key) ?? { ports: targets, replicas: [] };
    slice.replicas.push(replica);
    bySlice.set(key, slice);
  }
  return [...bySlice.values()].map((slice, index) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${name}-${index}`, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: slice.ports,
    endpoints: slice.replicas.map((replica) => ({
      addresses: [replica.ip],
      conditions: { ready: replica.ready },
      targetRef: { kind: "Pod", name: replica.name, namespace },
    })),
  }));
}

function portsOf(service: KubeObject): ServicePort[] {
  const ports = isRecord(service.spec) ? service.spec["ports"] : undefined;
  return Array.isArray(ports) ? ports.filter(isRecord) : [];
}

function targetOf(port: ServicePort, replica: Replica): Record<string, unknown>[] {
  const target = port.targetPort ?? port.port;
  const number = typeof target === "string" ? numberOf(target, replica) : target;
  if (number === undefined) return [];
  return [{ ...(port.name ? { name: port.name } : {}), port: number, protocol: port.protocol ?? "TCP" }];
}

function numberOf(name: string, replica: Replica): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  return replica.ports.find((candidate) => candidate.name === name)?.containerPort;
}

function selects(service: KubeObject, labels: Readonly<Record<string, string>>): boolean {
  const selector = isRecord(service.spec) ? service.spec["selector"] : undefined;
  if (!isRecord(selector)) return false;
  const entries = Object.entries(selector);
  return entries.length > 0 && entries.every(([key, value]) => labels[key] === value);
}

function namespacesOf(objects: readonly KubeObject[], replicas: readonly Replica[]): Record<string, unknown>[] {
  const known = new Set(objects.filter((object) => object.kind === "Namespace").map((object) => object.metadata.name));
  const used = new Set([
    ...objects.map((object) => object.metadata.namespace),
    ...replicas.map((replica) => replica.namespace),
    gateway.namespace,
  ]);
  const missing = [...used].filter((name) => name !== "" && !known.has(name));
  return missing.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }));
}
