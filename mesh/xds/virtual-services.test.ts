import { describe, expect, it } from "vitest";
import { originOf } from "./origin.ts";
import { service, shops, world } from "./testing/world.ts";

function virtualService(name: string, spec: string, namespace = "siren"): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}`;
}

const timeoutTo = (host: string, timeout: string): string =>
  `http: [{timeout: ${timeout}, route: [{destination: {host: ${host}}}]}]`;

describe("which VirtualService a request gets", () => {
  it("goes straight to a service that none is for, with Istio's retries and without a timeout", () => {
    const { clusters, action, host } = world(shops).ask("siren/order", { to: "product.siren:50051" });
    expect(clusters).toEqual(["outbound|50051||product.siren.svc.cluster.local"]);
    expect(host).toBe("product.siren.svc.cluster.local:50051");
    expect(action["timeout"]).toBe("0s");
    expect(action["retry_policy"]).toMatchObject({ num_retries: 2 });
  });

  it.each([
    "product",
    "product.siren",
    "product.siren.svc",
    "product.siren.svc.cluster.local",
    "product.siren.svc.cluster.local.",
  ])("knows the service as %s in its own namespace", (name) => {
    const { clusters } = world(shops).ask("siren/order", { to: `${name}:50051` });
    expect(clusters).toEqual(["outbound|50051||product.siren.svc.cluster.local"]);
  });

  it("does not know a bare name of another namespace", () => {
    expect(world(shops).ask("siren/order", { to: "pay:50051" }).host).toBe("allow_any");
    expect(world(shops).ask("siren/order", { to: "pay.mall:50051" }).host).toBe("pay.mall.svc.cluster.local:50051");
  });

  it("reads a short name in the VirtualService's own namespace, not in the caller's", () => {
    const w = world(shops, virtualService("p", `{hosts: [product], ${timeoutTo("product", "1s")}}`, "mall"));
    expect(w.ask("siren/order", { to: "product:50051" }).action["timeout"]).toBe("0s");
  });

  it("lets the first by name win for a host, and drops the other as a whole", () => {
    const w = world(
      shops,
      virtualService("b", `{hosts: [product], ${timeoutTo("product", "9s")}}`),
      virtualService("a", `{hosts: [product], ${timeoutTo("product", "1s")}}`),
    );
    expect(w.ask("siren/order", { to: "product:50051" }).action["timeout"]).toBe("1s");
  });

  it("applies to callers in every namespace, unless exportTo says otherwise", () => {
    const spec = (exportTo: string): string => `{hosts: [product], ${exportTo}${timeoutTo("product", "1s")}}`;
    const timeouts = (exportTo: string): unknown[] => {
      const w = world(shops, virtualService("p", spec(exportTo)));
      return ["siren/order", "mall/pay"].map((from) => w.ask(from, { to: "product.siren:50051" }).action["timeout"]);
    };
    expect(timeouts("")).toEqual(["1s", "1s"]);
    expect(timeouts('exportTo: ["."], ')).toEqual(["1s", "0s"]);
    expect(timeouts("exportTo: [mall], ")).toEqual(["0s", "1s"]);
    expect(timeouts('exportTo: ["~"], ')).toEqual(["0s", "0s"]);
  });

  it("prefers a private VirtualService to a public one that comes first by name", () => {
    const w = world(
      shops,
      virtualService(
        "a",
        `{hosts: [product.siren.svc.cluster.local], ${timeoutTo("product.siren.svc.cluster.local", "1s")}}`,
        "mall",
      ),
      virtualService("z", `{hosts: [product], exportTo: ["."], ${timeoutTo("product", "2s")}}`),
    );
    expect(w.ask("siren/order", { to: "product:50051" }).action["timeout"]).toBe("2s");
    expect(w.ask("mall/pay", { to: "product.siren:50051" }).action["timeout"]).toBe("1s");
  });

  it("takes the most specific host where wildcards overlap", () => {
    const w = world(
      shops,
      virtualService("all", `{hosts: ["*.svc.cluster.local"], ${timeoutTo("product", "1s")}}`),
      virtualService("siren", `{hosts: ["*.siren.svc.cluster.local"], ${timeoutTo("product", "2s")}}`),
      virtualService("report", `{hosts: [report], ${timeoutTo("report", "3s")}}`),
    );
    const timeout = (to: string): unknown => w.ask("siren/order", { to }).action["timeout"];
    expect([timeout("pay.mall:50051"), timeout("product:50051"), timeout("report:8080")]).toEqual(["1s", "2s", "3s"]);
  });

  it("answers nothing where no rule fits: there is no falling back to the service", () => {
    const rule = "http: [{match: [{uri: {prefix: /a}}], route: [{destination: {host: product}}]}]";
    const w = world(shops, virtualService("p", `{hosts: [product], ${rule}}`));
    expect(w.ask("siren/order", { to: "product:50051", path: "/a/b" }).clusters).toHaveLength(1);
    const missed = w.ask("siren/order", { to: "product:50051", path: "/b" });
    expect(missed.host).toBe("product.siren.svc.cluster.local:50051");
    expect(missed.route).toBeUndefined();
  });

  it("ignores a VirtualService none of whose rules is for the caller", () => {
    const rule =
      "http: [{match: [{sourceLabels: {app: report}}], timeout: 1s, route: [{destination: {host: product}}]}]";
    const w = world(shops, virtualService("p", `{hosts: [product], ${rule}}`));
    expect(w.ask("siren/order", { to: "product:50051" }).action["timeout"]).toBe("0s");
    expect(w.ask("siren/report", { to: "product:50051" }).action["timeout"]).toBe("1s");
  });

  it("serves hosts that are no services on port 80 alone", () => {
    const w = world(
      shops,
      service("siren/web", "http:80"),
      virtualService("x", `{hosts: [shop.example.com], ${timeoutTo("product", "1s")}}`),
    );
    expect(w.ask("siren/order", { to: "shop.example.com" }).host).toBe("shop.example.com:80");
    expect(w.ask("siren/order", { to: "shop.example.com:50051" }).host).toBe("allow_any");
  });

  it("does not apply to the mesh when it names only gateways", () => {
    const w = world(
      shops,
      virtualService("p", `{hosts: [product], gateways: [public], ${timeoutTo("product", "1s")}}`),
    );
    expect(w.ask("siren/order", { to: "product:50051" }).action["timeout"]).toBe("0s");
  });

  it("remembers the place in the YAML that a route comes from", () => {
    const w = world(shops, virtualService("p", `{hosts: [product], ${timeoutTo("product", "1s")}}`));
    const { route } = w.ask("siren/order", { to: "product:50051" });
    const origin = route && originOf(route);
    expect(origin?.object.metadata.name).toBe("p");
    expect(origin?.path).toEqual(["spec", "http", 0]);
  });
});

describe("delegates", () => {
  const root = (routes: string): string => virtualService("root", `{hosts: [product], http: [${routes}]}`);
  const leaf = (spec: string): string => virtualService("leaf", spec);
  const toReport = "route: [{destination: {host: report}}]";

  it("puts the delegate's routes in the place of the root's, with both conditions", () => {
    const w = world(
      shops,
      root(
        `{name: outer, match: [{uri: {prefix: /a}}], timeout: 3s, delegate: {name: leaf}}, {route: [{destination: {host: product}}]}`,
      ),
      leaf(`{http: [{name: inner, match: [{uri: {prefix: /a/b}}, {headers: {x: {exact: beta}}}], ${toReport}}]}`),
    );
    const ask = (path: string, headers = {}): string[] =>
      w.ask("siren/order", { to: "product:50051", path, headers }).clusters;
    expect(ask("/a/b/c")).toEqual(["outbound|50051||report.siren.svc.cluster.local"]);
    expect(ask("/a/x", { x: "beta" })).toEqual(["outbound|50051||report.siren.svc.cluster.local"]);
    expect(ask("/a/x")).toEqual(["outbound|50051||product.siren.svc.cluster.local"]);
    const { route, action } = w.ask("siren/order", { to: "product:50051", path: "/a/b" });
    expect(route?.["name"]).toBe("outer-inner");
    expect(action["timeout"]).toBe("3s");
  });

  it("drops a delegate's route that fits none of the root's conditions, and says so", () => {
    const w = world(
      shops,
      root("{match: [{uri: {prefix: /a}}], delegate: {name: leaf}}, {route: [{destination: {host: product}}]}"),
      leaf(`{http: [{match: [{uri: {prefix: /b}}], ${toReport}}]}`),
    );
    expect(w.ask("siren/order", { to: "product:50051", path: "/b" }).clusters[0]).toContain("product");
    expect(w.findings.map(({ code, line }) => [code, line > 0])).toEqual([["M908", true]]);
  });

  it.each([
    ["missing", "{http: []}", "leave"],
    ["not exported", `{exportTo: [mall], http: [{${toReport}}]}`, "leaf"],
  ])("drops only the route whose delegate is %s", (_, spec, name) => {
    const w = world(
      shops,
      root(`{match: [{uri: {prefix: /a}}], delegate: {name: ${name}}}, {route: [{destination: {host: product}}]}`),
      leaf(spec),
    );
    expect(w.ask("siren/order", { to: "product:50051", path: "/a" }).clusters[0]).toContain("product");
    expect(w.findings).toHaveLength(1);
  });

  it("survives delegates that name each other", () => {
    const loop = (name: string, other: string): string =>
      virtualService(name, `{http: [{delegate: {name: ${other}}}]}`);
    const w = world(shops, root("{delegate: {name: a}}"), loop("a", "b"), loop("b", "a"));
    expect(w.ask("siren/order", { to: "product:50051" }).host).toBe("product.siren.svc.cluster.local:50051");
  });
});
