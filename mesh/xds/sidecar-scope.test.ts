import { describe, expect, it } from "vitest";
import { objectAt, objectsAt } from "./json.ts";
import { clusterNamed, shops, type World, world } from "./testing/world.ts";

function sidecar(spec: string, { name = "default", namespace = "siren" } = {}): string {
  return `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}`;
}

function known(w: World, from: string): string[] {
  const names = w.sidecar(from).clusters.map(({ name }) => String(name));
  return names
    .filter((name) => name.startsWith("outbound"))
    .map((name) => name.replace(/^outbound\|(\d+)\|\|(\w+)\.(\w+)\..*$/, "$3/$2:$1"));
}

describe("what a Sidecar lets a workload know", () => {
  const egress: { hosts: string; knows: string[] }[] = [
    { hosts: '"./*"', knows: ["siren/order:50051", "siren/product:50051", "siren/product:8080", "siren/report:8080"] },
    { hosts: '"mall/*"', knows: ["mall/pay:50051"] },
    {
      hosts: '"*/pay.mall.svc.cluster.local", "./report.siren.svc.cluster.local"',
      knows: ["mall/pay:50051", "siren/report:8080"],
    },
    { hosts: '"~/*"', knows: [] },
  ];
  it.each(egress)("hosts: [$hosts]", ({ hosts, knows }) => {
    const w = world(shops, sidecar(`{egress: [{hosts: [${hosts}]}]}`));
    expect(known(w, "siren/order").sort()).toEqual(knows);
    expect(known(w, "mall/pay")).toHaveLength(5);
  });

  it("imports names that stand for a service one by one", () => {
    const alias = `apiVersion: v1
kind: Service
metadata: {name: old, namespace: siren}
spec: {type: ExternalName, externalName: product.siren.svc.cluster.local, ports: [{name: grpc, port: 50051}]}`;
    const hostOf = (hosts: string): string =>
      world(shops, alias, sidecar(`{egress: [{hosts: [${hosts}]}]}`)).ask("siren/order", { to: "old:50051" }).host;
    const product = '"./product.siren.svc.cluster.local"';
    expect(hostOf(product)).toBe("allow_any");
    expect(hostOf(`${product}, "./old.siren.svc.cluster.local"`)).toBe("product.siren.svc.cluster.local:50051");
  });

  it("brings the services that an imported VirtualService sends to", () => {
    const routed = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: product, namespace: siren}
spec: {hosts: [product], http: [{route: [{destination: {host: pay.mall.svc.cluster.local}}]}]}`;
    const w = world(shops, routed, sidecar('{egress: [{hosts: ["./product.siren.svc.cluster.local"]}]}'));
    expect(known(w, "siren/order").sort()).toEqual(["mall/pay:50051", "siren/product:50051", "siren/product:8080"]);
  });

  it("counts the one that selects the workload, then the namespace's, then the root namespace's", () => {
    const selected = sidecar('{workloadSelector: {labels: {app: order}}, egress: [{hosts: ["mall/*"]}]}', {
      name: "z",
    });
    const general = sidecar('{egress: [{hosts: ["./report.siren.svc.cluster.local"]}]}', { name: "a" });
    const root = sidecar('{egress: [{hosts: ["~/*"]}]}', { namespace: "istio-system" });
    const w = world(shops, selected, general, root);
    expect(known(w, "siren/order")).toEqual(["mall/pay:50051"]);
    expect(known(w, "siren/report")).toEqual(["siren/report:8080"]);
    expect(known(w, "mall/pay")).toEqual([]);
  });

  it("keeps listeners with a port apart from the one for all others", () => {
    const w = world(
      shops,
      sidecar(
        '{egress: [{port: {number: 50051, protocol: GRPC, name: grpc}, hosts: ["./product.siren.svc.cluster.local"]}, {hosts: ["./report.siren.svc.cluster.local"]}]}',
      ),
    );
    expect(w.ask("siren/order", { to: "product:50051" }).clusters).toHaveLength(1);
    expect(w.ask("siren/order", { to: "order:50051" }).host).toBe("allow_any");
    expect(w.ask("siren/order", { to: "report:8080" }).host).toBe("report.siren.svc.cluster.local:8080");
    expect(known(w, "siren/order").sort()).toEqual(["siren/product:50051", "siren/report:8080"]);
  });

  it("binds a listener without redirection to the loopback address, or to a unix socket", () => {
    const egressOn = (bind: string): string =>
      `{egress: [{port: {number: ${bind ? 0 : 9080}, protocol: HTTP, name: http}, ${bind}captureMode: NONE, hosts: ["./*"]}]}`;
    const names = (spec: string): unknown[] =>
      world(shops, sidecar(spec))
        .sidecar("siren/order")
        .listeners.map(({ name }) => name);
    expect(names(egressOn("bind: 'unix:///run/out', "))).toContain("unix:///run/out_0");
    const product9080 = shops.replaceAll("8080", "9080");
    const bound = world(product9080, sidecar(egressOn(""))).sidecar("siren/order").listeners;
    expect(bound.find(({ name }) => name === "127.0.0.1_9080")).not.toHaveProperty("bind_to_port");
  });

  it("decides about unknown traffic, and where it goes", () => {
    const policy = (spec: string): World =>
      world(shops, sidecar(`{egress: [{hosts: ["*/*"]}], outboundTrafficPolicy: ${spec}}`));
    expect(policy("{mode: REGISTRY_ONLY}").ask("siren/order", { to: "x.example:8080" }).host).toBe("block_all");
    const viaProxy = policy("{mode: ALLOW_ANY, egressProxy: {host: out.example, port: {number: 3128}}}");
    expect(viaProxy.ask("siren/order", { to: "x.example:8080" }).clusters).toEqual(["outbound|3128||out.example"]);
  });
});

describe("what a Sidecar's ingress listens on", () => {
  const ingress = (fields: string): World =>
    world(
      shops,
      sidecar(`{ingress: [{port: {number: 9000, protocol: GRPC, name: grpc}, ${fields}}], egress: [{hosts: ["./*"]}]}`),
    );
  const cluster = (w: World) => w.sidecar("siren/order").clusters.find(({ name }) => name === "inbound|9000||") ?? {};

  const endpoints: { endpoint: string; address: object }[] = [
    { endpoint: "127.0.0.1:8080", address: { socket_address: { address: "127.0.0.1", port_value: 8080 } } },
    { endpoint: "unix:///run/app", address: { pipe: { path: "/run/app" } } },
  ];
  it.each(endpoints)("hands calls to $endpoint", ({ endpoint, address }) => {
    const made = cluster(ingress(`defaultEndpoint: '${endpoint}'`));
    const [group] = objectsAt(objectAt(made, "load_assignment"), "endpoints");
    expect(made["type"]).toBe("STATIC");
    expect(objectsAt(group ?? {}, "lb_endpoints")).toEqual([{ endpoint: { address } }]);
  });

  it("replaces the ports of the workload's services", () => {
    const names = ingress("defaultEndpoint: '127.0.0.1:8080'")
      .sidecar("siren/order")
      .clusters.map(({ name }) => name);
    expect(names.filter((name) => String(name).startsWith("inbound"))).toEqual(["inbound|9000||"]);
  });

  it("limits connections by its own pool before the DestinationRule's", () => {
    const made = cluster(ingress("defaultEndpoint: '127.0.0.1:8080', connectionPool: {tcp: {maxConnections: 5}}"));
    expect(objectsAt(objectAt(made, "circuit_breakers"), "thresholds")[0]).toMatchObject({ max_connections: 5 });
  });

  it("drops the DestinationRule's retry budget where it has a pool of its own", () => {
    const rule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: order, namespace: siren}
spec: {host: order, trafficPolicy: {retryBudget: {percent: 10}}}`;
    const inbound = (...yaml: string[]): string =>
      JSON.stringify(clusterNamed(world(shops, rule, ...yaml).sidecar("siren/order"), "inbound|50051||"));
    expect(inbound()).toContain("retry_budget");
    expect(inbound(sidecar("{inboundConnectionPool: {http: {http2MaxRequests: 3}}}"))).not.toContain("retry_budget");
  });

  it("is on the workload's own address when it names none", () => {
    const { listeners } = ingress("defaultEndpoint: '127.0.0.1:8080'").sidecar("siren/order");
    const inbound = listeners.find(({ name }) => name === "virtualInbound") ?? {};
    const own = objectsAt(inbound, "filter_chains").filter(
      (chain) => objectAt(chain, "filter_chain_match")["destination_port"] === 9000,
    );
    const ip = /podIP: ([\d.]+)/.exec(shops)?.[1];
    expect(new Set(own.map(({ name }) => name))).toEqual(new Set([`${ip}_9000`]));
  });

  it("is a listener of its own without redirection", () => {
    const w = ingress("bind: 127.0.0.1, captureMode: NONE, defaultEndpoint: '127.0.0.1:8080'");
    expect(w.sidecar("siren/order").listeners.map(({ name }) => name)).toContain("127.0.0.1_9000");
  });
});

describe("the mesh configuration's defaults", () => {
  const mesh = (fields: string): string => `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "${fields}"}`;

  it.each([
    ["defaultServiceExportTo: ['*']", 5],
    ["defaultServiceExportTo: ['.']", 4],
    ["defaultServiceExportTo: ['*', '.']", 4],
    ["defaultServiceExportTo: [siren]", 0],
  ])("%s shows %i ports to siren", (fields, ports) => {
    expect(known(world(shops, mesh(fields)), "siren/order")).toHaveLength(ports);
  });

  it.each([
    ["", "allow_any"],
    ["outboundTrafficPolicy: {mode: ALLOW_ANY}", "allow_any"],
    ["outboundTrafficPolicy: {mode: REGISTRY_ONLY}", "block_all"],
    ["outboundTrafficPolicy: {}", "block_all"],
  ])("%s sends unknown hosts to %s", (fields, host) => {
    expect(world(shops, mesh(fields)).ask("siren/order", { to: "elsewhere.example:50051" }).host).toBe(host);
  });
});
