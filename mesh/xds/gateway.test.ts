import { describe, expect, it } from "vitest";
import { type JsonObject, objectAt, objectsAt } from "./json.ts";
import { clusterNamed, service, shops, type World, world } from "./testing/world.ts";

function gateway(
  servers: string,
  { name = "public", selector = "{istio: ingressgateway}", namespace = "siren" } = {},
): string {
  return `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: ${namespace}}
spec: {selector: ${selector}, servers: [${servers}]}`;
}

function virtualService(name: string, spec: string, namespace = "siren"): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}`;
}

/** The Service of the gateway, as the chart makes it: 80 and 443 in front of 8080 and 8443. */
const chart = `apiVersion: v1
kind: Service
metadata: {name: istio-ingressgateway, namespace: istio-system}
spec: {clusterIP: 10.5.5.5, selector: {istio: ingressgateway}, ports: [{name: http2, port: 80, targetPort: 8080}, {name: https, port: 443, targetPort: 8443}]}`;

const http = (hosts: string): string => `{port: {number: 80, name: http, protocol: HTTP}, hosts: [${hosts}]}`;
const toReport = "http: [{route: [{destination: {host: report}}]}]";

function names(w: World): { listeners: unknown[]; routes: unknown[] } {
  const { listeners, routes } = w.gateway();
  return { listeners: listeners.map(({ name }) => name), routes: routes.map(({ name }) => name) };
}

describe("what a gateway serves", () => {
  it("listens on the port behind its Service's, and calls virtual hosts after the Gateway's", () => {
    const w = world(
      shops,
      chart,
      gateway(http("a.example")),
      virtualService("a", `{hosts: [a.example], gateways: [public], ${toReport}}`),
    );
    expect(names(w)).toEqual({ listeners: ["0.0.0.0_8080"], routes: ["http.8080"] });
    const answer = w.ask("gateway", { to: "a.example" });
    expect(answer.host).toBe("a.example:80");
    expect(answer.clusters).toEqual(["outbound|8080||report.siren.svc.cluster.local"]);
  });

  it("takes the routes of a port from a server before another address, where a later one opens the port again", () => {
    const on = (host: string, protocol: string, bind = ""): string =>
      `{port: {number: 80, name: n${host}, protocol: ${protocol}}, hosts: [${host}.example], tls: {httpsRedirect: true}, bind: "${bind}"}`;
    const hosts = (...servers: string[]): unknown[] => {
      const { routes } = world(shops, gateway(servers.join(", "))).gateway();
      const configuration = routes.find(({ name }) => name === "http.80") ?? {};
      return objectsAt(configuration, "virtual_hosts").flatMap(({ domains }) => domains);
    };
    const elsewhere = on("x", "HTTP", "127.0.0.1");
    expect(hosts(on("a", "HTTP"), on("b", "GRPC"))).toEqual(["a.example", "b.example"]);
    expect(hosts(on("a", "HTTP"), elsewhere, on("b", "HTTP"))).toEqual(["a.example", "b.example"]);
    expect(hosts(on("a", "HTTP"), elsewhere, on("b", "GRPC"))).toEqual(["b.example"]);
  });

  it("listens on the port itself when no Service has it", () => {
    expect(names(world(shops, gateway(http("a.example")))).listeners).toEqual(["0.0.0.0_80"]);
  });

  it("serves Gateways of any namespace that select it, and no others", () => {
    const other = gateway(http("a.example"), { name: "o", namespace: "mall" });
    const foreign = gateway(http("b.example"), { name: "f", selector: "{istio: other}" });
    expect(names(world(shops, other)).listeners).toHaveLength(1);
    expect(names(world(shops, foreign)).listeners).toHaveLength(0);
  });

  it("knows nothing where no VirtualService is bound", () => {
    const w = world(shops, gateway(http('"*"')));
    expect(w.ask("gateway", { to: "a.example" })).toMatchObject({ host: "blackhole:80", clusters: [] });
  });

  const hosts: { server: string; host: string; namespace: string; served: boolean }[] = [
    { server: "'*'", host: "a.example", namespace: "siren", served: true },
    { server: "'*.example'", host: "a.example", namespace: "siren", served: true },
    { server: "a.example", host: "'*.example'", namespace: "siren", served: true },
    { server: "b.example", host: "a.example", namespace: "siren", served: false },
    { server: "./a.example", host: "a.example", namespace: "siren", served: true },
    { server: "mall/a.example", host: "a.example", namespace: "siren", served: false },
    { server: "'*/a.example'", host: "a.example", namespace: "mall", served: true },
  ];
  it.each(hosts)(
    "server $server, VirtualService $host of $namespace: $served",
    ({ server, host, namespace, served }) => {
      const rule = "http: [{route: [{destination: {host: report.siren.svc.cluster.local}}]}]";
      const w = world(
        shops,
        gateway(http(server)),
        virtualService("a", `{hosts: [${host}], gateways: [siren/public], ${rule}}`, namespace),
      );
      expect(w.ask("gateway", { to: "a.example" }).clusters).toHaveLength(served ? 1 : 0);
    },
  );

  it("adds up the routes of several VirtualServices for a host, those for everything last", () => {
    const w = world(
      shops,
      gateway(http("a.example")),
      virtualService("a", `{hosts: [a.example], gateways: [public], ${toReport}}`),
      virtualService(
        "b",
        "{hosts: [a.example], gateways: [public], http: [{match: [{uri: {prefix: /p}}], route: [{destination: {host: product, port: {number: 50051}}}]}]}",
      ),
    );
    expect(w.ask("gateway", { to: "a.example", path: "/p" }).clusters[0]).toContain("product");
    expect(w.ask("gateway", { to: "a.example", path: "/" }).clusters[0]).toContain("report");
  });

  it("takes rules for its own Gateway only, from a VirtualService that the mesh has too", () => {
    const rules =
      "http: [{match: [{gateways: [public]}], route: [{destination: {host: report}}]}, {match: [{gateways: [mesh]}], route: [{destination: {host: product}}]}]";
    const w = world(
      shops,
      gateway(http("product.siren.svc.cluster.local")),
      virtualService("p", `{hosts: [product], gateways: [mesh, public], ${rules}}`),
    );
    expect(w.ask("gateway", { to: "product.siren.svc.cluster.local" }).clusters[0]).toContain("report");
    expect(w.ask("siren/order", { to: "product:50051" }).clusters[0]).toContain("product");
  });

  it("puts hosts with the same routes into one virtual host", () => {
    const w = world(
      shops,
      gateway(http("a.example, b.example")),
      virtualService("a", `{hosts: [a.example, b.example], gateways: [public], ${toReport}}`),
    );
    const [first, ...others] = objectsAt(w.gateway().routes[0] ?? {}, "virtual_hosts");
    expect(first?.["domains"]).toEqual(["a.example", "b.example"]);
    expect(others).toEqual([]);
  });

  it("redirects to HTTPS, hosts without a VirtualService too", () => {
    const server = "{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example], tls: {httpsRedirect: true}}";
    const [host] = objectsAt(world(shops, gateway(server)).gateway().routes[0] ?? {}, "virtual_hosts");
    expect(host).toMatchObject({ domains: ["a.example"], require_tls: "ALL" });
  });
});

describe("TLS and TCP on a gateway", () => {
  const https = (name: string, host: string, tls: string): string =>
    `{port: {number: 443, name: ${name}, protocol: HTTPS}, hosts: [${host}], tls: ${tls}}`;
  const chains = (w: World): JsonObject[] => objectsAt(w.gateway().listeners[0] ?? {}, "filter_chains");
  const tlsOf = (chain: JsonObject | undefined): JsonObject =>
    objectAt(objectAt(chain ?? {}, "transport_socket"), "typed_config");

  it("has a chain for each HTTPS server, told apart by name, with routes of its own", () => {
    const w = world(
      shops,
      chart,
      gateway(
        `${https("a", "a.example", "{mode: SIMPLE, credentialName: ca}")}, ${https("b", "b.example", "{mode: MUTUAL, credentialName: cb}")}`,
      ),
    );
    expect(names(w).routes).toEqual(["https.443.a.public.siren", "https.443.b.public.siren"]);
    const [a, b] = chains(w);
    expect([a?.["filter_chain_match"], b?.["filter_chain_match"]]).toEqual([
      { server_names: ["a.example"] },
      { server_names: ["b.example"] },
    ]);
    expect([tlsOf(a)["require_client_certificate"], tlsOf(b)["require_client_certificate"]]).toEqual([false, true]);
    expect(JSON.stringify(tlsOf(b))).toContain("kubernetes://cb-cacert");
  });

  it("skips a server that repeats a name", () => {
    const tls = "{mode: SIMPLE, credentialName: c}";
    expect(
      chains(world(shops, gateway(`${https("a", "a.example", tls)}, ${https("b", "a.example", tls)}`))),
    ).toHaveLength(1);
  });

  it("passes TLS on by name", () => {
    const server = "{port: {number: 443, name: tls, protocol: TLS}, hosts: ['*.example'], tls: {mode: PASSTHROUGH}}";
    const routed = virtualService(
      "a",
      "{hosts: [a.example], gateways: [public], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: report}}]}]}",
    );
    const [chain] = chains(world(shops, gateway(server), routed));
    expect(chain?.["filter_chain_match"]).toEqual({ server_names: ["a.example"] });
    expect(chain).not.toHaveProperty("transport_socket");
    expect(objectAt(objectsAt(chain ?? {}, "filters")[0] ?? {}, "typed_config")["cluster"]).toBe(
      "outbound|8080||report.siren.svc.cluster.local",
    );
  });

  it("has one chain for a name that two servers could pass on", () => {
    const server = (name: string, host: string): string =>
      `{port: {number: 443, name: ${name}, protocol: TLS}, hosts: [${host}], tls: {mode: PASSTHROUGH}}`;
    const routed = virtualService(
      "a",
      "{hosts: [a.example], gateways: [public], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: report}}]}]}",
    );
    expect(
      chains(world(shops, gateway(`${server("t", "'*.example'")}, ${server("u", "a.example")}`), routed)),
    ).toHaveLength(1);
  });

  it("knows the services behind a server for joined meshes even where another server keeps it out", () => {
    const server = (name: string, tls: string): string =>
      `{port: {number: 80, name: ${name}, protocol: ${tls ? "TLS" : "HTTP"}}, hosts: [${name}.example]${tls}}`;
    const w = world(
      shops,
      gateway([server("plain", ""), server("joined", ", tls: {mode: AUTO_PASSTHROUGH}")].join(", ")),
    );
    const { listeners, clusters } = w.gateway();
    expect(listeners).toHaveLength(1);
    expect(clusters.map(({ name }) => name)).toContain("outbound_.50051_._.order.siren.svc.cluster.local");
  });

  it("joins connections to the services and subsets that sidecars elsewhere name, without looking into them", () => {
    const server =
      "{port: {number: 15443, name: tls, protocol: TLS}, hosts: ['*.siren.svc.cluster.local'], tls: {mode: AUTO_PASSTHROUGH}}";
    const rule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: report, namespace: siren}
spec: {host: report, subsets: [{name: v1, labels: {version: v1}}]}`;
    const w = world(shops, service("siren/db", "mongo:27017"), gateway(server), rule);
    expect(JSON.stringify(chains(w))).toContain("envoy.filters.network.mongo_proxy");
    const byName = chains(w).map((chain) => objectAt(chain, "filter_chain_match")["server_names"]);
    expect(byName).toContainEqual(["outbound_.8080_._.report.siren.svc.cluster.local"]);
    expect(byName).toContainEqual(["outbound_.8080_.v1_.report.siren.svc.cluster.local"]);
    expect(JSON.stringify(byName)).not.toContain("pay.mall");
    const cluster = clusterNamed(w.gateway(), "outbound_.8080_.v1_.report.siren.svc.cluster.local");
    expect(cluster).not.toHaveProperty("transport_socket_matches");
  });

  it("sends joined connections to endpoints with a sidecar only", () => {
    const server =
      "{port: {number: 15443, name: tls, protocol: TLS}, hosts: ['*.local'], tls: {mode: AUTO_PASSTHROUGH}}";
    const name = "outbound_.8080_._.report.siren.svc.cluster.local";
    const endpoints = (w: World): JsonObject[] =>
      objectsAt(w.gateway().endpoints.find((one) => one["cluster_name"] === name) ?? {}, "endpoints");
    expect(objectsAt(endpoints(world(shops, gateway(server)))[0] ?? {}, "lb_endpoints")).toEqual([]);
    const meshed = shops.replaceAll("labels: {app: report,", "labels: {app: report, security.istio.io/tlsMode: istio,");
    expect(objectsAt(endpoints(world(meshed, gateway(server)))[0] ?? {}, "lb_endpoints")).toHaveLength(1);
  });

  it("forwards TCP to the first route that fits the port", () => {
    const server = "{port: {number: 9000, name: tcp, protocol: TCP}, hosts: ['*']}";
    const routes =
      "[{match: [{port: 1}], route: [{destination: {host: product}}]}, {match: [{port: 9000}], route: [{destination: {host: report}}]}]";
    const routed = virtualService("a", `{hosts: ['*'], gateways: [public], tcp: ${routes}}`);
    const [chain] = chains(world(shops, gateway(server), routed));
    expect(objectAt(objectsAt(chain ?? {}, "filters").at(-1) ?? {}, "typed_config")["cluster"]).toBe(
      "outbound|8080||report.siren.svc.cluster.local",
    );
  });

  it("keeps the first of two servers that cannot share a port", () => {
    const clash = gateway("{port: {number: 80, name: tcp, protocol: TCP}, hosts: ['*']}", { name: "z" });
    expect(names(world(shops, gateway(http("a.example")), clash)).listeners).toEqual(["0.0.0.0_80"]);
  });
});
