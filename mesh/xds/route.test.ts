import { describe, expect, it } from "vitest";
import { type JsonObject, objectAt } from "./json.ts";
import { type Request, shops, type World, world } from "./testing/world.ts";

function product(http: string, ...more: string[]): World {
  return world(
    shops,
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: product, namespace: siren}
spec: {hosts: [product], http: ${http}}`,
    ...more,
  );
}

const toReport = "route: [{destination: {host: report, port: {number: 8080}}}]";
const fallback = "{route: [{destination: {host: product}}]}";

describe("conditions of a rule", () => {
  const conditions: { match: string; fits: Partial<Request>; misses: Partial<Request> }[] = [
    { match: "uri: {exact: /a}", fits: { path: "/a?x=1" }, misses: { path: "/a/" } },
    { match: "uri: {prefix: /a}", fits: { path: "/ab" }, misses: { path: "/A" } },
    { match: "uri: {prefix: /a}, ignoreUriCase: true", fits: { path: "/AB" }, misses: { path: "/b" } },
    { match: "uri: {regex: '/[ab]+'}", fits: { path: "/abba" }, misses: { path: "/abc" } },
    { match: "method: {exact: GET}", fits: { method: "GET" }, misses: { method: "POST" } },
    { match: "headers: {x: {exact: '1'}}", fits: { headers: { x: "1" } }, misses: { headers: { x: "2" } } },
    { match: "headers: {x: {prefix: go}}", fits: { headers: { x: "gold" } }, misses: {} },
    { match: "headers: {x: {}}", fits: { headers: { x: "" } }, misses: {} },
    { match: "headers: {x: }", fits: { headers: { x: "anything" } }, misses: {} },
    { match: "withoutHeaders: {x: {exact: '1'}}", fits: {}, misses: { headers: { x: "1" } } },
    { match: "withoutHeaders: {x: {}}", fits: {}, misses: { headers: { x: "1" } } },
    { match: "queryParams: {q: {exact: '1'}}", fits: { path: "/?q=1" }, misses: { path: "/?q=2" } },
    { match: "queryParams: {q: {}}", fits: { path: "/?q=" }, misses: { path: "/?p=1" } },
    { match: "sourceNamespace: siren", fits: {}, misses: { to: "" } },
    { match: "port: 50051", fits: {}, misses: { to: "product:8080" } },
    { match: "gateways: [mesh], sourceNamespace: nowhere", fits: {}, misses: { to: "" } },
  ];
  it.each(conditions)("{$match}", ({ match, fits, misses }) => {
    const w = product(`[{match: [{${match}}], ${toReport}}, ${fallback}]`);
    const ask = (request: Partial<Request>): string =>
      w.ask("siren/order", { to: "product:50051", ...request }).clusters.join();
    expect(ask(fits)).toContain("report");
    if (misses.to !== "") expect(ask(misses)).toContain("product");
  });

  it("needs all conditions of one match, and any of several matches", () => {
    const w = product(
      `[{match: [{uri: {prefix: /a}, method: {exact: GET}}, {uri: {exact: /b}}], ${toReport}}, ${fallback}]`,
    );
    const ask = (path: string, method: string): boolean =>
      w.ask("siren/order", { to: "product:50051", path, method }).clusters.join().includes("report");
    expect([ask("/a", "GET"), ask("/a", "POST"), ask("/b", "POST")]).toEqual([true, false, true]);
  });

  it("takes rules in their order, not by how specific they are, and none behind one that takes everything", () => {
    const w = product(
      `[{match: [{uri: {prefix: /}}], timeout: 1s, ${toReport}}, {match: [{uri: {exact: /a}}], timeout: 2s, ${toReport}}]`,
    );
    const { action } = w.ask("siren/order", { to: "product:50051", path: "/a" });
    expect(action["timeout"]).toBe("1s");
    const host = w.sidecar("siren/order").routes.find(({ name }) => name === "50051")?.[
      "virtual_hosts"
    ] as JsonObject[];
    const product50051 = host.find(({ name }) => name === "product.siren.svc.cluster.local:50051");
    expect(product50051?.["routes"]).toHaveLength(1);
  });

  it("matches a claim of a token by dynamic metadata", () => {
    const w = product(
      `[{match: [{headers: {"@request.auth.claims[group][id]": {exact: staff}}}], ${toReport}}, ${fallback}]`,
    );
    const { route } = w.ask("siren/order", {
      to: "product:50051",
      headers: { "@request.auth.claims.group.id": "staff" },
    });
    expect(objectAt(route ?? {}, "match")["dynamic_metadata"]).toMatchObject([
      { filter: "envoy.filters.http.jwt_authn", path: [{ key: "payload" }, { key: "group" }, { key: "id" }] },
    ]);
  });
});

describe("where a rule sends requests", () => {
  const destinations: { name: string; destination: string; cluster: string }[] = [
    {
      name: "with a port",
      destination: "{host: report, port: {number: 9}}",
      cluster: "outbound|9||report.siren.svc.cluster.local",
    },
    {
      name: "without a port, on the listener's",
      destination: "{host: product}",
      cluster: "outbound|50051||product.siren.svc.cluster.local",
    },
    {
      name: "without a port, though the service has no such port",
      destination: "{host: report}",
      cluster: "outbound|50051||report.siren.svc.cluster.local",
    },
    {
      name: "a subset, whether it exists or not",
      destination: "{host: product, subset: v9}",
      cluster: "outbound|50051|v9|product.siren.svc.cluster.local",
    },
    { name: "a host with a dot, unchanged", destination: "{host: pay.mall}", cluster: "outbound|50051||pay.mall" },
    {
      name: "an unknown host",
      destination: "{host: nowhere}",
      cluster: "outbound|50051||nowhere.siren.svc.cluster.local",
    },
  ];
  it.each(destinations)("$name", ({ destination, cluster }) => {
    const w = product(`[{route: [{destination: ${destination}}]}]`);
    expect(w.ask("siren/order", { to: "product:50051" }).clusters).toEqual([cluster]);
  });

  it("splits by weight, without the destinations of weight 0", () => {
    const to = (subset: string, weight: number): string =>
      `{destination: {host: product, subset: ${subset}}, weight: ${weight}}`;
    const w = product(`[{route: [${to("v1", 90)}, ${to("v2", 10)}, ${to("v3", 0)}]}]`);
    expect(w.ask("siren/order", { to: "product:50051" }).action["weighted_clusters"]).toEqual({
      clusters: [
        { name: "outbound|50051|v1|product.siren.svc.cluster.local", weight: 90 },
        { name: "outbound|50051|v2|product.siren.svc.cluster.local", weight: 10 },
      ],
    });
  });

  it("sends to a single destination whatever its weight", () => {
    const w = product("[{route: [{destination: {host: product}, weight: 0}]}]");
    expect(w.ask("siren/order", { to: "product:50051" }).clusters).toHaveLength(1);
  });
});

describe("what a rule does to requests", () => {
  const actions: { field: string; gives: object }[] = [
    { field: "timeout: 0.61s", gives: { timeout: "0.61s", max_grpc_timeout: "0.61s" } },
    {
      field: "retries: {attempts: 1, perTryTimeout: 300ms, retryOn: 'reset,unavailable'}",
      gives: { retry_policy: { num_retries: 1, per_try_timeout: "0.3s", retry_on: "reset,unavailable" } },
    },
    {
      field: "retries: {attempts: 1, retryOn: '503,504'}",
      gives: { retry_policy: { retry_on: ",retriable-status-codes", retriable_status_codes: [503, 504] } },
    },
    {
      field: "retries: {attempts: 1, retryOn: '503,retriable-status-codes'}",
      gives: { retry_policy: { retry_on: "retriable-status-codes", retriable_status_codes: [503] } },
    },
    {
      field: "retries: {attempts: 3, backoff: 10ms, retryRemoteLocalities: true}",
      gives: {
        retry_policy: {
          retry_back_off: { base_interval: "0.01s" },
          retry_priority: { name: "envoy.retry_priorities.previous_priorities" },
        },
      },
    },
    { field: "rewrite: {uri: /x, authority: a.b}", gives: { prefix_rewrite: "/x", host_rewrite_literal: "a.b" } },
    {
      field: "rewrite: {uriRegexRewrite: {match: a, rewrite: b}}",
      gives: { regex_rewrite: { pattern: { regex: "a" }, substitution: "b" } },
    },
    { field: "headers: {request: {set: {host: a.b}}}", gives: { host_rewrite_literal: "a.b" } },
    {
      field: "headers: {request: {set: {host: a.b}}}, rewrite: {authority: c.d}",
      gives: { host_rewrite_literal: "c.d" },
    },
    {
      field: "mirror: {host: report, port: {number: 8080}}",
      gives: {
        request_mirror_policies: [
          {
            cluster: "outbound|8080||report.siren.svc.cluster.local",
            runtime_fraction: { default_value: { numerator: 100 } },
          },
        ],
      },
    },
    {
      field: "mirror: {host: product}, mirrorPercentage: {value: 0.5}",
      gives: {
        request_mirror_policies: [{ runtime_fraction: { default_value: { numerator: 5000, denominator: "MILLION" } } }],
      },
    },
  ];
  it.each(actions)("$field", ({ field, gives }) => {
    const w = product(`[{${field}, route: [{destination: {host: product}}]}]`);
    expect(w.findings).toEqual([]);
    expect(w.ask("siren/order", { to: "product:50051" }).action).toMatchObject(gives);
  });

  it.each(["retries: {attempts: 0}", "mirror: {host: product}, mirrorPercentage: {value: 0}"])(
    "leaves it out for {%s}",
    (field) => {
      const { action } = product(`[{${field}, route: [{destination: {host: product}}]}]`).ask("siren/order", {
        to: "product:50051",
      });
      expect(Boolean(action["request_mirror_policies"]) && Boolean(action["retry_policy"])).toBe(false);
    },
  );

  it("adds, sets and removes headers, the route's before the destination's", () => {
    const w = product(
      `[{headers: {request: {set: {b: "1", a: "2"}, remove: [c, host, ":path"]}}, route: [{destination: {host: product}, headers: {request: {add: {d: "3"}}, response: {remove: [e]}}}]}]`,
    );
    const { route } = w.ask("siren/order", { to: "product:50051" });
    expect(route).toMatchObject({
      request_headers_to_add: [
        { header: { key: "a", value: "2" }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" },
        { header: { key: "b", value: "1" }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" },
        { header: { key: "d", value: "3" } },
      ],
      request_headers_to_remove: ["c"],
      response_headers_to_remove: ["e"],
    });
  });

  const redirects: { redirect: string; gives: object }[] = [
    { redirect: "{uri: /b, authority: c.d}", gives: { path_redirect: "/b", host_redirect: "c.d" } },
    { redirect: "{scheme: https, port: 443}", gives: { scheme_redirect: "https", path_redirect: "" } },
    {
      redirect: "{uri: /b, port: 8443, redirectCode: 307}",
      gives: { port_redirect: 8443, response_code: "TEMPORARY_REDIRECT" },
    },
    { redirect: "{uri: /b, derivePort: FROM_REQUEST_PORT}", gives: { port_redirect: 50051 } },
  ];
  it.each(redirects)("redirects by $redirect", ({ redirect, gives }) => {
    const { route } = product(`[{redirect: ${redirect}}]`).ask("siren/order", { to: "product:50051" });
    expect(route?.["redirect"]).toMatchObject(gives);
  });

  it("reports a redirect code that Envoy does not know, at its line", () => {
    const w = product("[{redirect: {uri: /b, redirectCode: 304}}]");
    w.sidecar("siren/order");
    expect(w.findings).toMatchObject([{ code: "M906", severity: "error", path: "spec.http[0].redirect.redirectCode" }]);
  });

  it("answers by itself", () => {
    const { route } = product('[{directResponse: {status: 503, body: {string: "closed"}}}]').ask("siren/order", {
      to: "product:50051",
    });
    expect(route?.["direct_response"]).toEqual({ status: 503, body: { inline_string: "closed" } });
  });

  it("never delays without a percentage, and aborts with the gRPC status's number", () => {
    const fault = "fault: {delay: {fixedDelay: 1s}, abort: {grpcStatus: UNAVAILABLE, percentage: {value: 0.01}}}";
    const { route } = product(`[{${fault}, route: [{destination: {host: product}}]}]`).ask("siren/order", {
      to: "product:50051",
    });
    expect(objectAt(route ?? {}, "typed_per_filter_config")["envoy.filters.http.fault"]).toMatchObject({
      delay: { fixed_delay: "1s", percentage: {} },
      abort: { grpc_status: 14, percentage: { numerator: 100, denominator: "MILLION" } },
    });
  });

  it("writes a share of 0 % without a numerator, as protobuf does", () => {
    const fault = "fault: {delay: {fixedDelay: 1s, percentage: {value: 0}}}";
    const { route } = product(`[{${fault}, route: [{destination: {host: product}}]}]`).ask("siren/order", {
      to: "product:50051",
    });
    expect(objectAt(route ?? {}, "typed_per_filter_config")["envoy.filters.http.fault"]).toHaveProperty(
      "delay.percentage",
      { denominator: "MILLION" },
    );
  });

  it("hashes as the destination's DestinationRule says, and then retries on any host", () => {
    const rule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: product, namespace: siren}
spec: {host: product, trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: session, ttl: 0s}}}}}`;
    const { action } = product("[{route: [{destination: {host: product}}]}]", rule).ask("siren/order", {
      to: "product:50051",
    });
    expect(action["hash_policy"]).toEqual([{ cookie: { name: "session", ttl: "0s" } }]);
    expect(action["retry_policy"]).not.toHaveProperty("retry_host_predicate");
  });
});
