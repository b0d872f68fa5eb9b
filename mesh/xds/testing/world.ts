import { chooseRoute, configurationsFor, portOf } from "#mesh/explain/choose-route.ts";
import type { Finding } from "#mesh/istio/finding.ts";
import { loadText } from "#mesh/istio/load.ts";
import { compileProxy, type ProxyConfiguration } from "../compile.ts";
import { isObject, type JsonObject } from "../json.ts";
import { buildMesh } from "../mesh.ts";
import type { Proxy } from "../proxy.ts";

/** A service of one pod, as `namespace/name`, with its ports: `grpc:50051`, `http:8080`, `:9000` for an unnamed one. */
export function service(id: string, ...ports: string[]): string {
  const [namespace = "", name = ""] = id.split("/");
  const spec = ports.map((port) => {
    const [portName = "", number] = port.split(":");
    return `{name: "${portName}", port: ${number}, targetPort: ${number}}`;
  });
  const slice = ports.map((port) => {
    const [portName = "", number] = port.split(":");
    return `{name: "${portName}", port: ${number}, protocol: TCP}`;
  });
  return `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {clusterIP: ${addressOf(id, 0)}, selector: {app: ${name}}, ports: [${spec.join(", ")}]}
---
apiVersion: v1
kind: Pod
metadata: {name: ${name}-1, namespace: ${namespace}, labels: {app: ${name}, version: v1}}
spec: {serviceAccountName: ${name}, containers: []}
status: {podIP: ${addressOf(id, 1)}, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, namespace: ${namespace}, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [${slice.join(", ")}]
endpoints: [{addresses: [${addressOf(id, 1)}], targetRef: {kind: Pod, name: ${name}-1, namespace: ${namespace}}}]
`;
}

/** The shops that most tests need: order, product and report in siren, pay in mall. */
export const shops = [
  service("siren/order", "grpc:50051"),
  service("siren/product", "grpc:50051", "http-admin:8080"),
  service("siren/report", "http:8080"),
  service("mall/pay", "grpc:50051"),
].join("---");

/** An address that depends on the name alone. */
function addressOf(id: string, kind: 0 | 1): string {
  let hash = 7;
  for (const letter of id) hash = (hash * 31 + letter.charCodeAt(0)) % 60_000;
  return `10.${kind}.${hash >> 8}.${hash & 255}`;
}

export interface World {
  findings: Finding[];
  /** The configuration of the sidecar of `namespace/workload`. */
  sidecar(id: string): ProxyConfiguration;
  /** The configuration of the gateway that the chart installs. */
  gateway(): ProxyConfiguration;
  /** What happens to a request of a workload, or of `gateway` for one from outside. */
  ask(from: string, request: Request): Answer;
}

export interface Request {
  to: string;
  path?: string;
  method?: string;
  headers?: Record<string, string>;
}

export interface Answer {
  /** `host:port` of the virtual host that took the request. */
  host: string;
  /** `outbound|port|subset|host`; several for a weighted route, none for an answer of the proxy's own. */
  clusters: string[];
  route: JsonObject | undefined;
  action: JsonObject;
}

/** Compiles YAML documents, in memory, and answers what requests would do. */
export function world(...yaml: string[]): World {
  const { objects, findings } = loadText(yaml.join("\n---\n"), "test.yaml");
  const built = buildMesh(objects);
  const compiled = new Map<string, ProxyConfiguration>();
  const all = [...findings, ...built.findings];
  const compile = (proxy: Proxy): ProxyConfiguration => {
    const known = compiled.get(proxy.name);
    if (known) return known;
    const made = compileProxy(built.mesh, proxy);
    all.push(...made.findings);
    compiled.set(proxy.name, made);
    return made;
  };
  const sidecar = (id: string): ProxyConfiguration => compile(sidecarProxy(id));
  const gateway = (): ProxyConfiguration => compile(gatewayProxy);
  const ask = (from: string, request: Request): Answer =>
    answer(from === "gateway" ? gateway() : sidecar(from), request, from === "gateway" ? "router" : "sidecar");
  return { findings: all, sidecar, gateway, ask };
}

function sidecarProxy(id: string): Proxy {
  const [namespace = "", name = ""] = id.split("/");
  const labels = { app: name, version: "v1" };
  return { name: `${name}-1`, namespace, labels, ip: addressOf(id, 1), type: "sidecar", serviceAccount: name };
}

const gatewayProxy: Proxy = {
  name: "gateway",
  namespace: "istio-system",
  labels: { app: "istio-ingressgateway", istio: "ingressgateway" },
  ip: "10.1.255.1",
  type: "router",
  serviceAccount: "istio-ingressgateway",
};

function answer({ routes }: ProxyConfiguration, request: Request, type: "sidecar" | "router"): Answer {
  const { to, path = "/", method = "POST", headers = {} } = request;
  const configurations = configurationsFor(routes, { port: portOf(to), type });
  const seen = { authority: to, path, method, headers, scheme: "http" as const };
  const { virtualHost, route } = chooseRoute(configurations, seen);
  const action = route && isObject(route["route"]) ? route["route"] : {};
  return { host: String(virtualHost?.["name"] ?? ""), clusters: clustersOf(action), route, action };
}

function clustersOf(action: JsonObject): string[] {
  if (typeof action["cluster"] === "string") return [action["cluster"]];
  const weighted = action["weighted_clusters"];
  const clusters = isObject(weighted) && Array.isArray(weighted["clusters"]) ? weighted["clusters"] : [];
  return clusters.flatMap((cluster) => (isObject(cluster) ? [String(cluster["name"])] : []));
}

/** The cluster of a configuration by its name. */
export function clusterNamed({ clusters }: ProxyConfiguration, name: string): JsonObject {
  const found = clusters.find((cluster) => cluster["name"] === name);
  if (!found) throw new Error(`no cluster ${name} among ${clusters.map((cluster) => cluster["name"]).join(", ")}`);
  return found;
}
