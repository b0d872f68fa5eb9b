import { describe, expect, it } from "vitest";
import type { ProxyConfiguration } from "./compile.ts";
import { type JsonObject, objectAt, objectsAt } from "./json.ts";
import { service, shops, world } from "./testing/world.ts";

/** The chains of a listener: what they match and where they lead; `rds:NAME` for HTTP, a cluster for TCP. */
function chains({ listeners }: ProxyConfiguration, name: string): Record<string, unknown>[] {
  const listener = listeners.find((one) => one["name"] === name);
  if (!listener) throw new Error(`no listener ${name} among ${listeners.map((one) => one["name"]).join(", ")}`);
  const all = [
    ...objectsAt(listener, "filter_chains"),
    ...objectsAt({ list: [objectAt(listener, "default_filter_chain")] }, "list"),
  ];
  return all
    .filter((chain) => chain["filters"])
    .map((chain) => ({ match: chain["filter_chain_match"], to: target(chain) }));
}

function target(chain: JsonObject): unknown {
  const config = objectAt(objectsAt(chain, "filters").at(-1) ?? {}, "typed_config");
  return config["cluster"] ?? config["weighted_clusters"] ?? `rds:${objectAt(config, "rds")["route_config_name"]}`;
}

const plainHttp = { transport_protocol: "raw_buffer", application_protocols: ["http/1.1", "h2c"] };
const passthrough = { match: {}, to: "PassthroughCluster" };
const cluster = (port: number, name: string): string => `outbound|${port}||${name}.siren.svc.cluster.local`;

function address(yaml: string): string {
  return /clusterIP: ([\d.]+)/.exec(yaml)?.[1] ?? "";
}

describe("what a sidecar listens on for its workload's calls", () => {
  it("shares one listener among all HTTP services of a port, and lets other traffic through", () => {
    const order = world(shops).sidecar("siren/order");
    expect(chains(order, "0.0.0.0_8080")).toEqual([{ match: plainHttp, to: "rds:8080" }, passthrough]);
  });

  it.each(["tcp", "mongo", "redis", "mysql", "tls", "https"])(
    "takes a %s port of a service at the service's own address, as bytes",
    (protocol) => {
      const db = service("siren/db", `${protocol}-main:7000`);
      const order = world(shops, db).sidecar("siren/order");
      expect(chains(order, `${address(db)}_7000`)).toEqual([{ match: undefined, to: cluster(7000, "db") }]);
    },
  );

  it("counts what MongoDB is asked, on both sides", () => {
    const db = service("siren/db", "mongo:27017");
    const w = world(shops, db);
    const filters = (id: string, listener: string): string[] => {
      const found = w.sidecar(id).listeners.find(({ name }) => name === listener) ?? {};
      const chain = objectsAt(found, "filter_chains").at(-1) ?? {};
      return objectsAt(chain, "filters").map(({ name }) => String(name).replace("envoy.filters.network.", ""));
    };
    expect(filters("siren/order", `${address(db)}_27017`)).toEqual(["mongo_proxy", "tcp_proxy"]);
    expect(filters("siren/db", "virtualInbound").slice(-2)).toEqual(["mongo_proxy", "tcp_proxy"]);
  });

  it("looks at the traffic of a port whose protocol nobody names", () => {
    const odd = service("siren/odd", ":7000");
    const order = world(shops, odd).sidecar("siren/order");
    expect(chains(order, `${address(odd)}_7000`)).toEqual([
      { match: plainHttp, to: "rds:odd.siren.svc.cluster.local:7000" },
      { match: undefined, to: cluster(7000, "odd") },
    ]);
    const route = order.routes.find(({ name }) => name === "odd.siren.svc.cluster.local:7000");
    expect(objectsAt(route ?? {}, "virtual_hosts").map(({ domains }) => domains)).toEqual([["*"]]);
  });

  it("gives each service that it looks at a route configuration of its own", () => {
    const order = world(service("siren/odd", ":7000"), service("siren/even", ":7000")).sidecar("siren/order");
    const hosts = order.routes
      .filter(({ name }) => String(name).endsWith(":7000"))
      .map(({ name, virtual_hosts }) => [name, (virtual_hosts as JsonObject[]).map((host) => host["name"])]);
    expect(hosts).toEqual([
      ["even.siren.svc.cluster.local:7000", ["even.siren.svc.cluster.local:7000"]],
      ["odd.siren.svc.cluster.local:7000", ["odd.siren.svc.cluster.local:7000"]],
    ]);
  });

  it("does not look at ports where servers speak first", () => {
    const mail = service("siren/mail", ":25");
    expect(chains(world(mail).sidecar("siren/order"), `${address(mail)}_25`)).toEqual([
      { match: undefined, to: cluster(25, "mail") },
    ]);
  });

  it("gives a TCP service without an address a listener for each of its pods", () => {
    const db = service("siren/db", "tcp:7000").replace(/clusterIP: [\d.]+/, "clusterIP: None");
    const names = world(shops, db)
      .sidecar("siren/order")
      .listeners.map(({ name }) => String(name));
    expect(names.filter((name) => /^10\.1\..*_7000$/.test(name))).toHaveLength(1);
    expect(names).not.toContain("0.0.0.0_7000");
  });

  it("has none for UDP", () => {
    const dns = service("siren/dns", "dns:53").replace("targetPort: 53", "targetPort: 53, protocol: UDP");
    expect(
      world(dns)
        .sidecar("siren/order")
        .clusters.map(({ name }) => name),
    ).not.toContain(cluster(53, "dns"));
  });

  it("follows a TCP route, and splits by weight", () => {
    const db = service("siren/db", "tcp:7000");
    const split =
      "[{destination: {host: db}, weight: 1}, {destination: {host: product, port: {number: 50051}}, weight: 3}]";
    const routed = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: db, namespace: siren}
spec: {hosts: [db], tcp: [{match: [{sourceLabels: {app: order}}], route: ${split}}]}`;
    const w = world(shops, db, routed);
    expect(chains(w.sidecar("siren/order"), `${address(db)}_7000`)[0]?.["to"]).toEqual({
      clusters: [
        { name: cluster(7000, "db"), weight: 1 },
        { name: cluster(50051, "product"), weight: 3 },
      ],
    });
    expect(chains(w.sidecar("siren/report"), `${address(db)}_7000`)[0]?.["to"]).toBe(cluster(7000, "db"));
  });

  it("sends connections through a tunnel, those for a subset only if the subset has one", () => {
    const db = service("siren/db", "tcp:7000");
    const tunnel = "tunnel: {protocol: CONNECT, targetHost: proxy.example, targetPort: 3128}";
    const rule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: db, namespace: siren}
spec: {host: db, trafficPolicy: {${tunnel}}, subsets: [{name: v1, labels: {version: v1}}]}`;
    const toSubset = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: db, namespace: siren}
spec: {hosts: [db], tcp: [{route: [{destination: {host: db, subset: v1}}]}]}`;
    const filters = (...yaml: string[]): string =>
      JSON.stringify(
        world(db, rule, ...yaml)
          .sidecar("siren/order")
          .listeners.find(({ name }) => name === `${address(db)}_7000`),
      );
    expect(filters()).toContain('"tunneling_config":{"hostname":"proxy.example:3128"}');
    expect(filters(toSubset)).not.toContain("tunneling_config");
  });

  it("tells TLS services without an address apart by the name that the client asks for", () => {
    const entry = (host: string): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${host.replace(".", "-")}, namespace: siren}
spec: {hosts: [${host}], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}`;
    expect(chains(world(shops, entry("a.example"), entry("b.example")).sidecar("siren/order"), "0.0.0.0_443")).toEqual([
      { match: { server_names: ["a.example"] }, to: "outbound|443||a.example" },
      { match: { server_names: ["b.example"] }, to: "outbound|443||b.example" },
      passthrough,
    ]);
  });

  it("routes TLS by name as the VirtualService says", () => {
    const yaml = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: siren}
spec: {hosts: [a.example], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: siren}
spec: {hosts: [a.example], tls: [{match: [{sniHosts: [a.example], port: 443}], route: [{destination: {host: db, port: {number: 1}}}]}]}`;
    const [first] = chains(world(shops, yaml).sidecar("siren/order"), "0.0.0.0_443");
    expect(first).toEqual({ match: { server_names: ["a.example"] }, to: cluster(1, "db") });
  });

  it("puts HTTP and TCP services of one port and no address behind one listener that looks", () => {
    const entry = (host: string, protocol: string): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${host.replace(".", "-")}, namespace: siren}
spec: {hosts: [${host}], resolution: DNS, ports: [{number: 9000, name: p, protocol: ${protocol}}]}`;
    const made = chains(
      world(shops, entry("a.example", "TCP"), entry("b.example", "HTTP")).sidecar("siren/order"),
      "0.0.0.0_9000",
    );
    expect(made).toEqual([
      { match: plainHttp, to: "rds:9000" },
      { match: undefined, to: "outbound|9000||a.example" },
    ]);
  });

  it("sends what it does not know to where it wanted to go, or nowhere", () => {
    const only =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: 'outboundTrafficPolicy: {mode: REGISTRY_ONLY}'}";
    const catchAll = (made: ProxyConfiguration): unknown => chains(made, "virtualOutbound").at(-1)?.["to"];
    expect(catchAll(world(shops).sidecar("siren/order"))).toBe("PassthroughCluster");
    expect(catchAll(world(shops, only).sidecar("siren/order"))).toBe("BlackHoleCluster");
    expect(world(shops, only).ask("siren/order", { to: "x.example:8080" }).route).toMatchObject({
      direct_response: { status: 502 },
    });
  });
});
