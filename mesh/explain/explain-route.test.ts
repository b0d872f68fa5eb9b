import { expect, test } from "vitest";
import { loadText } from "#mesh/istio/load.ts";
import { buildWorld } from "#mesh/policy-test/world.ts";
import { buildMesh } from "#mesh/xds/mesh.ts";
import { explainRoute, seenRequest } from "./explain-route.ts";
import type { Explanation } from "./explanation.ts";
import { proxyOf } from "./proxies.ts";

const service = (name: string, ports = "[{name: grpc, port: 50051}]") => `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec: {clusterIP: 10.0.0.${name.length}, selector: {app: ${name}}, ports: ${ports}}
---`;

const resource = (kind: string, name: string, spec: string) => `
apiVersion: networking.istio.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: shop}
spec:
${spec}
---`;

const toA = "route: [{destination: {host: a}}]";

function explain(
  yaml: string,
  request: { to?: string; path?: string; headers?: Record<string, string> } = {},
): Explanation {
  const { objects } = loadText(service("a") + yaml, "shop.yaml");
  const world = buildWorld(objects, [{ id: "shop/web", called: false }]);
  const workload = world.workloads.get("shop/web");
  if (!workload) throw new Error("no workload");
  const { mesh } = buildMesh(world.objects);
  const seen = seenRequest({ to: "a.shop:50051", method: "POST", path: "/x.Y/Z", ...request });
  return explainRoute({
    mesh,
    objects: world.objects,
    workloads: world.workloads.values(),
    proxy: proxyOf(workload, world),
    from: "shop/web",
    request: seen,
  });
}

const setting = ({ settings }: Pick<Explanation, "settings">, name: string) => {
  const found = settings.find((one) => one.name === name);
  return found && `${found.value} (${found.at})`;
};

test("a service without policies has Istio's defaults, and says so", () => {
  const explanation = explain("");
  expect(explanation).toMatchObject({
    outcome: "routed",
    summary: "goes to a.shop.svc.cluster.local:50051",
    notTaken: [],
  });
  expect(explanation.virtualService).toBeUndefined();
  expect(setting(explanation, "timeout")).toBe("none (Istio's default)");
  expect(setting(explanation, "retries")).toBe("2 (Istio's default)");
  const [destination] = explanation.destinations;
  expect(destination).toMatchObject({ exists: true, cluster: "outbound|50051||a.shop.svc.cluster.local" });
  expect(destination && setting(destination, "breaker")).toBe("none: no outlierDetection (Istio's default)");
  expect(destination && setting(destination, "maximum requests")).toBe("no limit (Istio's default)");
});

test("every value names the line it stands on, or whose default it is", () => {
  const explanation = explain(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec:
  hosts: [a]
  http:
    - name: reads
      timeout: 0.5s
      retries:
        attempts: 1
        perTryTimeout: 0.2s
      route: [{destination: {host: a, subset: v1}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a, namespace: shop}
spec:
  host: a
  trafficPolicy:
    connectionPool: {http: {http2MaxRequests: 7}}
    outlierDetection: {interval: 1s}
  subsets:
    - name: v1
      labels: {version: v1}
      trafficPolicy:
        outlierDetection:
          baseEjectionTime: 3s
`);
  expect(explanation.virtualService).toEqual({ name: "shop/a", at: "shop.yaml:7" });
  expect(explanation.route).toEqual({ name: "reads", at: "shop.yaml:13" });
  expect(setting(explanation, "timeout")).toBe("0.5s (shop.yaml:14)");
  expect(setting(explanation, "retries")).toBe("1 (shop.yaml:16)");
  expect(setting(explanation, "timeout of each try")).toBe("0.2s (shop.yaml:17)");
  const [destination] = explanation.destinations;
  if (!destination) throw new Error("no destination");
  expect(destination).toMatchObject({ subset: "v1", destinationRule: { name: "shop/a", at: "shop.yaml:20" } });
  expect(setting(destination, "maximum requests")).toBe("7 (shop.yaml:26)");
  expect(setting(destination, "out for (times the ejections so far)")).toBe("3s (shop.yaml:33)");
  // The subset's block hides the rule's: its interval does not count.
  expect(setting(destination, "looked at every")).toBe("10s (Envoy's default)");
});

test("routes that were looked at before say which condition failed", () => {
  const { route, notTaken } = explain(
    resource(
      "VirtualService",
      "a",
      `  hosts: [a]
  http:
    - {name: exact, match: [{uri: {exact: /x.Y/Other}}], ${toA}}
    - {name: header, match: [{headers: {x-tier: {exact: gold}}}], ${toA}}
    - {name: regex, match: [{uri: {regex: "/z.*"}}], ${toA}}
    - {name: port, match: [{port: 80}], ${toA}}
    - {name: labels, match: [{sourceLabels: {app: admin}}], ${toA}}
    - {name: elsewhere, match: [{sourceNamespace: other}], ${toA}}
    - {name: all, ${toA}}
    - {name: never, ${toA}}`,
    ),
    { headers: { "X-Tier": "silver" } },
  );
  expect(route?.name).toBe("all");
  expect(notTaken.map(({ what, why }) => `${what}: ${why}`)).toEqual([
    "route exact: the path is not /x.Y/Other",
    'route header: the header x-tier is "silver", and must be "gold"',
    "route regex: the path does not match /z.*",
    "route port: it is for port 80",
    'route labels: its sourceLabels {"app":"admin"} are not the caller\'s',
    "route elsewhere: it is for callers of the namespace other",
    "route never: a route before it takes every request",
  ]);
});

test("VirtualServices of the same host that lost say why", () => {
  const http = `  http: [{${toA}}]`;
  const { virtualService, notTaken } = explain(
    [
      resource("VirtualService", "first", `  hosts: [a]\n${http}`),
      resource("VirtualService", "second", `  hosts: [a]\n${http}`),
      resource("VirtualService", "all", `  hosts: ["*.shop.svc.cluster.local"]\n${http}`),
      resource("VirtualService", "edge", `  hosts: [a]\n  gateways: [edge]\n${http}`),
      resource("VirtualService", "other", `  hosts: [b]\n${http}`),
    ].join(""),
  );
  expect(virtualService?.name).toBe("shop/first");
  expect(Object.fromEntries(notTaken.map(({ what, why }) => [what, why]))).toEqual({
    "VirtualService shop/all":
      "its host *.shop.svc.cluster.local is less specific than a.shop.svc.cluster.local of shop/first",
    "VirtualService shop/edge": "it is bound to the gateway shop/edge, not to sidecars (mesh)",
    "VirtualService shop/second": expect.stringContaining("shop/first is for the same host and comes first"),
  });
});

test("DestinationRules that lost say why", () => {
  const rule = (name: string, host: string, namespace: string) =>
    resource("DestinationRule", name, `  host: "${host}"\n  trafficPolicy: {loadBalancer: {simple: RANDOM}}`).replace(
      "namespace: shop",
      `namespace: ${namespace}`,
    );
  const host = "a.shop.svc.cluster.local";
  const { destinations } = explain(
    rule("a", host, "shop") + rule("wide", "*.shop.svc.cluster.local", "shop") + rule("far", host, "far"),
  );
  expect(destinations[0]?.destinationRule?.name).toBe("shop/a");
  expect(destinations[0]?.notTaken.map(({ what, why }) => `${what}: ${why}`)).toEqual([
    "DestinationRule shop/wide: its host is less specific than that of shop/a",
    "DestinationRule far/far: only the namespaces shop, istio-system are looked at for this caller and callee",
  ]);
});

const outcomes: [what: string, http: string, path: string, expected: object][] = [
  ["a direct response", "{directResponse: {status: 418}}", "/", { outcome: "answered", answer: { status: 418 } }],
  ["no route at all", `{match: [{uri: {exact: /a}}], ${toA}}`, "/b", { outcome: "answered", answer: { status: 404 } }],
  [
    "a redirect",
    "{redirect: {uri: /new, authority: b.example, scheme: https}}",
    "/old",
    { outcome: "redirected", redirect: "https://b.example/new" },
  ],
  [
    "a rewritten prefix",
    `{match: [{uri: {prefix: /v1/}}], rewrite: {uri: /, authority: b}, ${toA}}`,
    "/v1/things?x=1",
    { outcome: "routed", rewrite: { path: "/things?x=1", authority: "b" } },
  ],
  [
    "a rewrite by a regular expression",
    `{rewrite: {uriRegexRewrite: {match: '^/v(\\d+)/(.*)$', rewrite: '/\\2/\\1'}}, ${toA}}`,
    "/v7/things",
    { outcome: "routed", rewrite: { path: "/things/7" } },
  ],
  [
    "a subset that does not exist",
    "{route: [{destination: {host: a, subset: gone}}]}",
    "/",
    { outcome: "routed", summary: expect.stringContaining("does not exist: 503"), destinations: [{ exists: false }] },
  ],
];

test.each(outcomes)("explains %s", (_, http, path, expected) => {
  expect(explain(resource("VirtualService", "a", `  hosts: [a]\n  http:\n    - ${http}`), { path })).toMatchObject(
    expected,
  );
});

test("a host that the mesh does not know is let out, and with REGISTRY_ONLY refused", () => {
  expect(explain("", { to: "unknown.example:50051" })).toMatchObject({ outcome: "passed-through" });
  const registryOnly = resource(
    "Sidecar",
    "default",
    "  outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n  egress: [{hosts: ['./*']}]",
  );
  expect(explain(registryOnly, { to: "unknown.example:50051" })).toMatchObject({
    outcome: "answered",
    answer: { status: 502 },
  });
});

test("weights are told by destination", () => {
  const { destinations } = explain(
    service("bb") +
      resource(
        "VirtualService",
        "a",
        "  hosts: [a]\n  http: [{route: [{destination: {host: a}, weight: 90}, {destination: {host: bb}, weight: 10}]}]",
      ),
  );
  expect(destinations.map(({ host, weight }) => [host, weight])).toEqual([
    ["a.shop.svc.cluster.local", 90],
    ["bb.shop.svc.cluster.local", 10],
  ]);
});

const authorization = (name: string, spec: string) => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ${name}, namespace: shop}
spec: ${spec}
---`;

const verdicts: [what: string, policies: string, verdict: string][] = [
  ["no policy", "", "allowed"],
  [
    "one for the caller's account",
    authorization("p", "{rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]}"),
    "allowed",
  ],
  ["one for others", authorization("p", "{rules: [{from: [{source: {namespaces: [other]}}]}]}"), "denied"],
  ["one for another workload", authorization("p", "{selector: {matchLabels: {app: b}}, rules: []}"), "allowed"],
  ["one that allows nothing", authorization("p", "{}"), "denied"],
  ["another method", authorization("p", "{rules: [{to: [{operation: {paths: [/x.Y/Other]}}]}]}"), "denied"],
  ["a prefix of the path", authorization("p", '{rules: [{to: [{operation: {paths: ["/x.Y/*"]}}]}]}'), "allowed"],
  [
    "a DENY besides",
    authorization("p", "{rules: [{}]}") +
      authorization("q", '{action: DENY, rules: [{to: [{operation: {paths: ["*/Z"]}}]}]}'),
    "denied",
  ],
  [
    "a condition on an address",
    authorization("p", "{rules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}]}"),
    "depends",
  ],
];

test.each(verdicts)("says whether the callee's policies let the caller in: %s", (_, policies, verdict) => {
  expect(explain(policies).authorization).toMatchObject({ verdict });
});
