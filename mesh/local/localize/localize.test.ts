import { describe, expect, it } from "vitest";
import { loadText } from "#mesh/istio/load.ts";
import { buildMesh } from "#mesh/xds/mesh.ts";
import { compileProxies } from "../compile-proxies.ts";
import type { Json } from "../envoy-api.ts";
import { completeObjects } from "../pods.ts";
import { isJson, listAt, nameOf, objectAt } from "./json.ts";
import { localize } from "./localize.ts";
import { Memo } from "./memo.ts";
import { mergeRoutes } from "./outbound.ts";
import type { Localized, Place, Replica } from "./types.ts";

const place: Place = {
  fingerprint: "",
  gatewayPort: (port) => (port === 80 ? 18080 : port === 443 ? undefined : port),
  mountedFile: (path) => (path === "/etc/mesh/descriptors/siren.binpb" ? "/state/siren.binpb" : undefined),
  servicesIn: () => new Set(["siren.order.v1.OrderService"]),
  tracesUrl: undefined,
};

function replica(name: string, number: number): Replica {
  return {
    name: `${name}-${number}`,
    namespace: "siren",
    workload: name,
    labels: { app: name },
    serviceAccount: name,
    ip: `127.9.0.${number}`,
    ports: [
      { name: "grpc", containerPort: 50051, upstream: `unix:/run/${name}-${number}.up` },
      { name: "http", containerPort: 8080, upstream: "127.0.0.1:4711" },
    ],
    outbound: `unix:/run/${name}-${number}.out`,
    ready: true,
  };
}

const services = ["order", "product"].map(
  (name) => `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: siren }
spec: { selector: { app: ${name} }, ports: [{ name: grpc, port: 50051, targetPort: grpc }, { name: http, port: 80, targetPort: http }] }`,
);
const replicas = [replica("order", 1), replica("product", 2), replica("product", 3)];

function run(yaml: string, memo?: Memo): Localized {
  const { objects } = loadText([...services, yaml].join("\n---\n"), "test.yaml");
  const { mesh } = buildMesh(completeObjects(objects, replicas, "127.0.1.1"));
  return localize(compileProxies(mesh, replicas, "127.0.1.1").local, place, memo);
}

function find(json: Json | undefined, wanted: (json: Json) => boolean): Json[] {
  if (!json) return [];
  const below = Object.values(json).flatMap((value) => [value].flat().filter(isJson));
  return [...(wanted(json) ? [json] : []), ...below.flatMap((part) => find(part, wanted))];
}

describe("what one Envoy runs for all replicas", () => {
  const plain = run("");

  it("has an outbound listener a replica on its unix socket, and an inbound one a port on its own address", () => {
    const addresses = [...plain.resources.listeners].map(([name, listener]) => [name, listener["address"]]);
    expect(Object.fromEntries(addresses)).toMatchObject({
      "order-1.siren/outbound": { pipe: { path: "/run/order-1.out" } },
      "order-1.siren/inbound:50051": { socket_address: { address: "127.9.0.1", port_value: 50051 } },
      "product-3.siren/inbound:8080": { socket_address: { address: "127.9.0.3", port_value: 8080 } },
    });
  });

  it("finds a service by every form of its name with its port, and without a port on port 80", () => {
    const routes = plain.resources.routes.get("order-1.siren/outbound");
    const domains = listAt(routes, "virtual_hosts").flatMap((host) => host["domains"]);
    expect(domains).toContain("product:50051");
    expect(domains).toContain("product.siren.svc.cluster.local:50051");
    expect(domains).toContain("product.siren");
    expect(domains).toContain("product.siren:80");
    expect(new Set(domains).size).toBe(domains.length);
  });

  it("calls the process where it listens, and other replicas from the caller's address", () => {
    const inbound = plain.resources.clusters.get("product-2.siren/inbound|50051||");
    expect(inbound).toMatchObject({ type: "STATIC" });
    expect(find(inbound, (json) => "pipe" in json)).toEqual([{ pipe: { path: "/run/product-2.up" } }]);
    const outbound = plain.resources.clusters.get("order-1.siren/outbound|50051||product.siren.svc.cluster.local");
    expect(outbound?.["upstream_bind_config"]).toEqual({ source_address: { address: "127.9.0.1", port_value: 0 } });
  });

  it("keeps one copy of endpoints that are the same for all callers", () => {
    const names = [...plain.resources.endpoints.keys()].filter((name) => name.includes("|50051||product"));
    expect(names).toEqual(["outbound|50051||product.siren.svc.cluster.local"]);
  });

  it("asks for a certificate a service account, over ADS, and leaves Istio's own extensions out", () => {
    const ids = ["order", "product"].map((name) => `spiffe://cluster.local/ns/siren/sa/${name}`);
    expect([...plain.secrets.keys()].sort()).toEqual(expect.arrayContaining(["ROOTCA", ...ids]));
    const all = JSON.stringify([...plain.resources.listeners.values(), ...plain.resources.clusters.values()]);
    expect(all).not.toContain("sds-grpc");
    expect(all).not.toMatch(/"name":"istio[._]/);
    expect(all).not.toContain("original_dst");
  });

  it("decides a policy's conditions on the port when it is compiled", () => {
    const { resources } = run(`
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: product, namespace: siren }
spec: { selector: { matchLabels: { app: product } }, rules: [{ to: [{ operation: { ports: ["8080"] } }] }] }`);
    const rulesAt = (port: number) =>
      JSON.stringify(find(resources.listeners.get(`product-2.siren/inbound:${port}`), (json) => "policies" in json));
    expect(rulesAt(8080)).toContain('{"any":true}');
    expect(rulesAt(8080)).not.toContain("not_rule");
    expect(rulesAt(50051)).toContain('{"not_rule":{"any":true}}');
    expect(rulesAt(50051)).not.toContain("destination_port");
  });

  it("serves the gateway's port where this machine has it, and says which it cannot serve", () => {
    const { resources, shortfalls } = run(`
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers:
    - { port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }
    - { port: { number: 443, name: https, protocol: HTTPS }, hosts: ["*"], tls: { mode: SIMPLE, credentialName: edge } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge, namespace: siren }
spec: { hosts: ["*"], gateways: [istio-system/edge], http: [{ route: [{ destination: { host: order, port: { number: 50051 } } }] }] }`);
    const ports = [...resources.listeners]
      .filter(([name]) => name.startsWith("istio-ingressgateway"))
      .map(([, listener]) => objectAt(objectAt(listener, "address"), "socket_address")["port_value"]);
    expect(ports).toEqual([18080]);
    expect(shortfalls).toMatchObject([{ message: "the gateway's port 443 is not served on this machine" }]);
  });
});

describe("the memo", () => {
  const route = (timeout: string) => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: product, namespace: siren }
spec: { hosts: [product], http: [{ timeout: ${timeout}, route: [{ destination: { host: product, port: { number: 50051 } } }] }] }`;

  it("gives the same objects where nothing has changed, and new ones where something has", () => {
    const memo = new Memo();
    const before = run(route("1s"), memo).resources;
    const after = run(route("2s"), memo).resources;
    for (const [name, listener] of before.listeners) expect(after.listeners.get(name)).toBe(listener);
    for (const [name, cluster] of before.clusters) expect(after.clusters.get(name)).toBe(cluster);
    expect(JSON.stringify(after.routes.get("order-1.siren/outbound"))).toContain('"timeout":"2s"');
    expect(after).toEqual(run(route("2s")).resources);
  });
});

it("gives each domain to the first of several virtual hosts that claim it, and one host to the rest of the world", () => {
  const host = (name: string, ...domains: string[]) => ({ name, domains, routes: [] });
  const merged = mergeRoutes([
    { name: "80", virtual_hosts: [host("a:80", "a"), host("allow_any", "*")] },
    { name: "8080", virtual_hosts: [host("a:8080", "a"), host("allow_any", "*")] },
    { name: "a:8080", virtual_hosts: [host("again", "a")] },
    { name: "http_proxy", virtual_hosts: [host("ignored", "x")] },
  ]);
  expect(listAt(merged, "virtual_hosts").map((made) => [nameOf(made), made["domains"]])).toEqual([
    ["a:80", ["a", "a:80"]],
    ["a:8080", ["a:8080"]],
    ["allow_any", ["*"]],
  ]);
});
