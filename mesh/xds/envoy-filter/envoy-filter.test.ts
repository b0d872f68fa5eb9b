import { expect, test } from "vitest";
import type { JsonObject } from "../json.ts";
import { shops, world } from "../testing/world.ts";
import { patchClusters } from "./clusters.ts";
import { patchListeners } from "./listeners.ts";
import { mergeMessage, withFieldNames } from "./merge.ts";
import type { Patch } from "./patches.ts";
import { patchRouteConfiguration } from "./routes.ts";

const manager = "envoy.filters.network.http_connection_manager";

function patch(fields: Partial<Patch> & Pick<Patch, "applyTo" | "operation">): Patch {
  return { context: "ANY", match: {}, value: {}, part: {}, ...fields };
}

function listener(...names: string[]): JsonObject {
  const http_filters = names.map((name) => ({ name, typed_config: { "@type": "t", kept: name } }));
  return {
    name: "0.0.0.0_50051",
    address: { socket_address: { address: "0.0.0.0", port_value: 50051 } },
    filter_chains: [{ filters: [{ name: manager, typed_config: { "@type": "hcm", http_filters } }] }],
  };
}

function filtersOf(listeners: JsonObject[]): string[] {
  return [...JSON.stringify(listeners).matchAll(/"name":"(fault|cors|router|new)"/g)].map(([, name]) => name ?? "");
}

const before = (name: string | undefined): Patch["match"] => ({
  listener: { filterChain: { filter: { name: manager, ...(name ? { subFilter: { name } } : {}) } } },
});

test.each([
  ["INSERT_BEFORE", "router", ["fault", "new", "router"]],
  ["INSERT_AFTER", "fault", ["fault", "new", "router"]],
  ["INSERT_FIRST", undefined, ["new", "fault", "router"]],
  ["ADD", undefined, ["fault", "router", "new"]],
  ["REPLACE", "fault", ["new", "router"]],
  ["REMOVE", "fault", ["router"]],
  ["INSERT_BEFORE", undefined, ["new", "fault", "router"]],
  ["INSERT_AFTER", undefined, ["fault", "router", "new"]],
  ["INSERT_BEFORE", "absent", ["fault", "router"]],
] as const)("%s at %s", (operation, anchor, expected) => {
  const one = patch({ applyTo: "HTTP_FILTER", operation, match: before(anchor), value: { name: "new" } });
  expect(filtersOf(patchListeners([listener("fault", "router")], [one], "SIDECAR_OUTBOUND"))).toEqual(expected);
});

test("a merge also reaches a filter that another patch has just inserted", () => {
  const value = { name: "new", typed_config: { "@type": "t", limit: 1 } };
  const insert = patch({ applyTo: "HTTP_FILTER", operation: "INSERT_BEFORE", match: before("router"), value });
  const merge = patch({
    applyTo: "HTTP_FILTER",
    operation: "MERGE",
    match: before("new"),
    value: { typed_config: { "@type": "t", limit: 2 } },
  });
  const patched = patchListeners([listener("router")], [merge, insert], "GATEWAY");
  expect(JSON.stringify(patched)).toContain('{"name":"new","typed_config":{"@type":"t","limit":2}}');
});

test("a patch for another side of the proxy, or another port, changes nothing", () => {
  const other = patch({ applyTo: "HTTP_FILTER", operation: "ADD", context: "GATEWAY", value: { name: "new" } });
  const port = patch({ applyTo: "LISTENER", operation: "REMOVE", match: { listener: { portNumber: 80 } } });
  const original = listener("router");
  expect(patchListeners([original], [other, port], "SIDECAR_OUTBOUND")).toEqual([original]);
});

test("a merge sets what it names, appends to lists, and replaces what is packed or an alternative", () => {
  const into: JsonObject = {
    timeout: "1s",
    domains: ["a"],
    route: { cluster: "x", retry_policy: { num_retries: 1 } },
    typed_per_filter_config: { f: { "@type": "t", a: 1 } },
  };
  mergeMessage(into, {
    timeout: "2s",
    domains: ["b"],
    route: { cluster_header: "h", retry_policy: { retry_on: "5xx" } },
    typed_per_filter_config: { f: { "@type": "t", b: 2 } },
  });
  expect(into).toEqual({
    timeout: "2s",
    domains: ["a", "b"],
    route: { cluster_header: "h", retry_policy: { num_retries: 1, retry_on: "5xx" } },
    typed_per_filter_config: { f: { "@type": "t", b: 2 } },
  });
});

test("camelCase becomes field names, but keys of maps and contents of a Struct stay", () => {
  const value = {
    typedConfig: { "@type": "type.googleapis.com/udpa.type.v1.TypedStruct", typeUrl: "u", value: { maxTokens: 1 } },
    "x-Header.Name": { connectTimeout: "1s" },
  };
  expect(withFieldNames(value)).toEqual({
    typed_config: { "@type": "type.googleapis.com/udpa.type.v1.TypedStruct", type_url: "u", value: { maxTokens: 1 } },
    "x-Header.Name": { connect_timeout: "1s" },
  });
});

test("a zero is no value: it changes nothing that is there", () => {
  const into: JsonObject = {
    normalize_path: true,
    retry_policy: { num_retries: 2, host_selection_retry_max_attempts: 5 },
    timeout: "5s",
  };
  mergeMessage(into, {
    normalize_path: false,
    retry_policy: { num_retries: 0, host_selection_retry_max_attempts: 3 },
    timeout: "0s",
    max_requests: 0,
  });
  expect(into).toEqual({
    normalize_path: true,
    retry_policy: { num_retries: 2, host_selection_retry_max_attempts: 3 },
    timeout: "0s",
    max_requests: 0,
  });
});

test("nor is the first value of an enum, or a plain number's zero", () => {
  const value = {
    name: "c",
    xffNumTrustedHops: 0,
    lbPolicy: "ROUND_ROBIN",
    dns_lookup_family: "V4_ONLY",
    nested: { codec_type: "AUTO" },
  };
  expect(withFieldNames(value)).toEqual({ name: "c", dns_lookup_family: "V4_ONLY", nested: {} });
});

test.each([
  [{ idleTimeout: "24h" }, { idle_timeout: "86400s" }],
  [{ fill_interval: "1m30s" }, { fill_interval: "90s" }],
  [{ base_ejection_time: "0.5s" }, { base_ejection_time: "0.5s" }],
  [{ max_age: "24h" }, { max_age: "24h" }],
  [{ value: "24h" }, { value: "24h" }],
])("durations in %j become seconds", (value, expected) => {
  expect(withFieldNames(value)).toEqual(expected);
});

test("clusters are found by service, subset and port, and added to what goes out", () => {
  const match = { cluster: { service: "order.siren.svc.cluster.local" } };
  const merge = patch({ applyTo: "CLUSTER", operation: "MERGE", match, value: { connect_timeout: "1s" } });
  const add = patch({ applyTo: "CLUSTER", operation: "ADD", value: { name: "own" } });
  const clusters = [{ name: "outbound|50051||order.siren.svc.cluster.local" }, { name: "outbound|50051||other" }];
  const side = { hostsOf: () => [] };
  expect(patchClusters(clusters, [merge, add], { ...side, context: "SIDECAR_OUTBOUND" })).toEqual([
    { ...clusters[0], connect_timeout: "1s" },
    clusters[1],
    { name: "own" },
  ]);
  expect(patchClusters([], [add], { ...side, context: "SIDECAR_INBOUND" })).toEqual([]);
});

test("routes are patched where virtual host, name and action match", () => {
  const routes = {
    name: "http.8080",
    virtual_hosts: [
      {
        name: "a:80",
        domains: ["a"],
        routes: [
          { name: "r", route: { cluster: "c" } },
          { name: "d", redirect: {} },
        ],
      },
      { name: "b:80", domains: ["b"], routes: [{ name: "r", route: { cluster: "c" } }] },
    ],
  };
  const match: Patch["match"] = { routeConfiguration: { vhost: { name: "a:80", route: { action: "ROUTE" } } } };
  const merge = patch({ applyTo: "HTTP_ROUTE", operation: "MERGE", match, value: { route: { timeout: "1s" } } });
  const remove = patch({
    applyTo: "VIRTUAL_HOST",
    operation: "REMOVE",
    match: { routeConfiguration: { vhost: { domainName: "b" } } },
  });
  expect(patchRouteConfiguration(routes, [merge, remove], { context: "GATEWAY" })["virtual_hosts"]).toEqual([
    {
      name: "a:80",
      domains: ["a"],
      routes: [
        { name: "r", route: { cluster: "c", timeout: "1s" } },
        { name: "d", redirect: {} },
      ],
    },
  ]);
});

test("at a gateway a patch's port is the one of its Service", () => {
  const routes = { name: "http.8080", virtual_hosts: [] };
  const add = (portNumber: number) =>
    patch({
      applyTo: "VIRTUAL_HOST",
      operation: "ADD",
      match: { routeConfiguration: { portNumber } },
      value: { name: "n" },
    });
  const work = { context: "GATEWAY", gatewayPorts: new Map([[8080, new Set([80])]]) } as const;
  expect(patchRouteConfiguration(routes, [add(80)], work)["virtual_hosts"]).toEqual([{ name: "n" }]);
  expect(patchRouteConfiguration(routes, [add(8080)], work)["virtual_hosts"]).toEqual([]);
});

function envoyFilter(configPatch: string): string {
  return `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: f, namespace: siren}
spec: {configPatches: [${configPatch}]}`;
}

test("a cluster that is removed takes its endpoints along", () => {
  const name = "outbound|8080||report.siren.svc.cluster.local";
  const remove = envoyFilter(
    `{applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND, cluster: {name: "${name}"}}, patch: {operation: REMOVE}}`,
  );
  const endpoints = (...yaml: string[]): unknown[] =>
    world(shops, ...yaml)
      .sidecar("siren/order")
      .endpoints.map(({ cluster_name }) => cluster_name);
  expect(endpoints()).toContain(name);
  expect(endpoints(remove)).toEqual(endpoints().filter((each) => each !== name));
});

test("a listener that is removed takes its routes along", () => {
  const remove = envoyFilter(
    "{applyTo: LISTENER, match: {context: SIDECAR_OUTBOUND, listener: {portNumber: 8080}}, patch: {operation: REMOVE}}",
  );
  const names = (...yaml: string[]): unknown[] =>
    world(shops, ...yaml)
      .sidecar("siren/order")
      .routes.map(({ name }) => name);
  expect(names()).toContain("8080");
  expect(names(remove)).toEqual(names().filter((name) => name !== "8080"));
});

test("a cluster of a gateway that joins connections is found by the subset in its name", () => {
  const name = "outbound_.443_.v1_.a.example";
  const remove = patch({ applyTo: "CLUSTER", operation: "REMOVE", match: { cluster: { subset: "v1" } } });
  const clusters = [{ name }, { name: name.replace("v1", "v2") }];
  expect(patchClusters(clusters, [remove], { context: "GATEWAY", hostsOf: () => [] })).toEqual([clusters[1]]);
});

test("a route configuration without hosts has no list of them", () => {
  const routes = { name: "80", virtual_hosts: [{ name: "a" }] };
  const remove = patch({ applyTo: "VIRTUAL_HOST", operation: "REMOVE" });
  expect(patchRouteConfiguration(routes, [remove], { context: "SIDECAR_OUTBOUND" })).toEqual({ name: "80" });
});

test("a listener of a Sidecar's ingress is an inbound one", () => {
  const sidecar = `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: s, namespace: siren}
spec: {ingress: [{port: {number: 9081, protocol: GRPC, name: grpc}, bind: 127.0.0.1, captureMode: NONE}]}`;
  const merge = (context: string, size: number): string =>
    `{applyTo: LISTENER, match: {context: ${context}}, patch: {operation: MERGE, value: {tcp_backlog_size: ${size}}}}`;
  const patches = envoyFilter(`${merge("SIDECAR_INBOUND", 5)}, ${merge("SIDECAR_OUTBOUND", 6)}`);
  const { listeners } = world(shops, sidecar, patches).sidecar("siren/order");
  const sizes = Object.fromEntries(listeners.map((each) => [each["name"], each["tcp_backlog_size"]]));
  expect(sizes).toMatchObject({ "127.0.0.1_9081": 5, virtualInbound: 5, virtualOutbound: 6, "0.0.0.0_8080": 6 });
});
