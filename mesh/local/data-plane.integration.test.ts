import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "#mesh/testing/eventually.ts";
import { readAdminState } from "./breakers/admin-state.ts";
import { breakersOf } from "./breakers/breakers.ts";
import { adminGet } from "./envoy-admin.ts";
import { readMetrics } from "./metrics/metrics.ts";
import { EchoClient } from "./testing/echo.ts";
import { HttpServer } from "./testing/http-server.ts";
import { LocalMesh, type TestReplica } from "./testing/local-mesh.ts";
import { startTraffic } from "./testing/traffic.ts";

const noRetries = `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: |
    defaultHttpRetryPolicy: { attempts: 0 }
---
`;

function productRoute(http: string): string {
  return `${noRetries}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: product, namespace: siren }
spec:
  hosts: [product]
  http:
    - ${http}
      route: [{ destination: { host: product } }]
`;
}

const brokenFilter = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: broken, namespace: siren }
spec:
  workloadSelector: { labels: { app: report } }
  configPatches:
    - applyTo: HTTP_FILTER
      match:
        context: SIDECAR_INBOUND
        listener:
          filterChain:
            filter: { name: envoy.filters.network.http_connection_manager, subFilter: { name: envoy.filters.http.router } }
      patch:
        operation: INSERT_BEFORE
        value:
          name: envoy.filters.http.lua
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
            default_source_code: { inline_string: "function envoy_on_request(" }
`;

it("starts without what Envoy refuses, says so, and lets replicas come and go all the same", async () => {
  await using mesh = await LocalMesh.start();
  const order = await mesh.add({ name: "order" });
  const product = await mesh.add({ name: "product" });
  await mesh.add({ name: "report" });
  using client = new EchoClient(order.replica.outbound, "product.siren:50051");
  using reporter = new EchoClient(order.replica.outbound, "report.siren:50051");
  const first = await mesh.apply(brokenFilter);
  expect(first.acknowledged).toBe(false);
  expect(first.findings).toMatchObject([{ code: "M910", file: "test.yaml", severity: "error" }]);
  expect((await client.call()).code).toBe(status.OK);
  // Nothing may reach report around a filter that was meant to be there.
  expect((await reporter.call()).code).toBe(status.UNAVAILABLE);
  const second = await mesh.add({ name: "product" });
  await mesh.apply(
    brokenFilter,
    mesh.replicas.map(({ replica }) => replica).filter((replica) => replica !== product.replica),
  );
  await eventually(async () => {
    await client.call();
    return second.server.calls.length > 0;
  });
  expect((await mesh.apply(noRetries)).acknowledged).toBe(true);
  expect((await reporter.call()).code).toBe(status.OK);
});

it("changes certificates while traffic flows, without a failed call", async () => {
  // A new one comes at half of it, and a slow machine has the other half to take it.
  await using mesh = await LocalMesh.start({ certificateTtlMs: 20_000 });
  const order = await mesh.add({ name: "order" });
  const product = await mesh.add({ name: "product" });
  const report = await mesh.add({ name: "report" });
  await mesh.apply(noRetries);
  using client = new EchoClient(order.replica.outbound, "product.siren:50051");
  const traffic = startTraffic(client, 10);
  const serials = new Set<string>();
  // Connections are kept, so a new certificate shows once a connection is made.
  await eventually(async () => {
    using fresh = new EchoClient(report.replica.outbound, "product.siren:50051");
    await fresh.call();
    const { body } = await adminGet(mesh.plane.admin ?? "", "/certs");
    for (const [, serial] of body.matchAll(/"serial_number": "(\w+)"[\s\S]{0,200}?sa\/order"/g))
      serials.add(serial ?? "");
    return serials.size > 1;
  });
  expect((await traffic.stop()).failed).toEqual([]);
  expect(product.server.calls.every((headers) => "x-forwarded-client-cert" in headers)).toBe(true);
});

it("loses no change that waits while new certificates are put in force", async () => {
  // They are looked at every 5 ms, so that hardly a change comes at a quiet moment.
  await using mesh = await LocalMesh.start({ certificateTtlMs: 40 });
  await mesh.add({ name: "order" });
  await mesh.add({ name: "product" });
  await mesh.apply(noRetries);
  for (let seconds = 61; seconds <= 80; seconds++) {
    expect((await mesh.apply(productRoute(`timeout: ${seconds}s`))).acknowledged).toBe(true);
    const { body } = await adminGet(mesh.plane.admin ?? "", "/config_dump?resource=dynamic_route_configs");
    expect(body.match(/"timeout": "\d\ds"/g)).toContain(`"timeout": "${seconds}s"`);
  }
});

describe("two sidecars in one Envoy", () => {
  let mesh: LocalMesh;
  let order: TestReplica;
  let product: TestReplica;
  let report: TestReplica;
  let client: EchoClient;
  let reporter: EchoClient;

  beforeAll(async () => {
    mesh = await LocalMesh.start();
    order = await mesh.add({ name: "order" });
    product = await mesh.add({ name: "product" });
    report = await mesh.add({ name: "report" });
    client = new EchoClient(order.replica.outbound, "product.siren:50051");
    reporter = new EchoClient(report.replica.outbound, "product.siren:50051");
    expect(await mesh.apply(noRetries)).toEqual({ acknowledged: true, findings: [] });
  });
  afterAll(async () => {
    client?.[Symbol.dispose]();
    reporter?.[Symbol.dispose]();
    await mesh?.[Symbol.asyncDispose]();
  });

  function reset(behave: TestReplica["server"]["behave"] = () => ({})): void {
    product.server.calls.length = 0;
    product.server.behave = behave;
  }

  it("speak mutual TLS with the identities of their service accounts", async () => {
    reset();
    expect((await client.call()).code).toBe(status.OK);
    const [headers] = product.server.calls;
    expect(headers?.["x-forwarded-client-cert"]).toContain("By=spiffe://cluster.local/ns/siren/sa/product;");
    expect(headers?.["x-forwarded-client-cert"]).toContain("URI=spiffe://cluster.local/ns/siren/sa/order");
  });

  it("are counted under Istio's names, on both sides", async () => {
    const metrics = async () => readMetrics(mesh.plane.admin ?? "");
    await client.call();
    await eventually(async () => {
      const text = await metrics();
      expect(text).toMatch(/reporter="destination".*source_workload="order".*destination_workload="product"/);
      expect(text).toMatch(
        /^istio_requests_total\{reporter="source",source_workload="order".*destination_service="product\.siren\.svc\.cluster\.local"/m,
      );
      expect(text).toMatch(
        /^envoy_cluster_upstream_rq_total\{cluster_name="outbound\|50051\|\|product.*pod="order-1"\} \d+$/m,
      );
      return true;
    });
  });

  it.each(["product:50051", "product.siren.svc:50051", "product.siren.svc.cluster.local:50051"])(
    "take calls to %s",
    async (authority) => {
      using other = new EchoClient(order.replica.outbound, authority);
      expect((await other.call()).code).toBe(status.OK);
    },
  );

  it("end a call that takes longer than the route's timeout", async () => {
    const delayMs = 60_000;
    reset(() => ({ delayMs }));
    expect((await mesh.apply(productRoute("timeout: 0.2s"))).acknowledged).toBe(true);
    const answer = await client.call();
    // The caller's sidecar tells the callee's of the timeout, as in a cluster: both end the call, and either may be the first.
    expect([
      { code: status.UNAVAILABLE, details: "upstream request timeout" },
      { code: status.DEADLINE_EXCEEDED, details: "downstream duration timeout" },
    ]).toContainEqual({ code: answer.code, details: answer.details });
    expect(answer.ms).toBeGreaterThan(190);
    expect(answer.ms).toBeLessThan(delayMs);
  });

  it("send a call again where the policy says so, and nowhere else", async () => {
    const failsFirst = (call: number) => (call === 1 ? { code: status.UNAVAILABLE } : {});
    reset(failsFirst);
    await mesh.apply(productRoute("retries: { attempts: 2, retryOn: unavailable }"));
    expect((await client.call()).code).toBe(status.OK);
    expect(product.server.calls).toHaveLength(2);
    reset(failsFirst);
    await mesh.apply(productRoute("retries: { attempts: 0 }"));
    expect((await client.call()).code).toBe(status.UNAVAILABLE);
    expect(product.server.calls).toHaveLength(1);
  });

  const breaker = (baseEjectionTime: string) => `${noRetries}
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: product, namespace: siren }
spec:
  host: product
  trafficPolicy:
    outlierDetection:
      consecutive5xxErrors: 5
      interval: 0.5s
      baseEjectionTime: ${baseEjectionTime}
      maxEjectionPercent: 100
`;
  const isRefused = async () => (await client.call()).details.includes("no healthy upstream");

  it("open the breaker after failures in a row, and show it", async () => {
    reset(() => ({ code: status.UNAVAILABLE }));
    expect((await mesh.apply(breaker("60s"))).acknowledged).toBe(true);
    for (let n = 0; n < 5; n++) await client.call();
    expect(product.server.calls).toHaveLength(5);
    // Envoy ejects on its main thread; a call or two may be on their way before its workers know.
    await eventually(isRefused);
    const reached = product.server.calls.length;
    expect(await client.call()).toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringContaining("no healthy upstream"),
    });
    expect(product.server.calls).toHaveLength(reached);
    // Another caller's breaker is its own.
    await reporter.call();
    expect(product.server.calls).toHaveLength(reached + 1);
    // Envoy writes down when and why a moment later.
    const open = await eventually(async () => {
      const found = await breakerOf("siren/order-1");
      return found?.state === "open" && found.since !== null && found;
    });
    expect(open).toMatchObject({
      callee: "product.siren.svc.cluster.local:50051",
      cause: expect.stringContaining("consecutive"),
    });
    expect(Date.parse(open.until ?? "") - Date.parse(open.since ?? "")).toBe(60_000);
    expect((await breakerOf("siren/report-3"))?.state).toBe("closed");
  });

  it("close the breaker after its time", async () => {
    reset(() => ({ code: status.UNAVAILABLE }));
    await mesh.apply(breaker("1s"));
    await eventually(isRefused);
    reset();
    await eventually(async () => (await client.call()).code === status.OK);
    await eventually(async () => (await breakerOf("siren/order-1"))?.state === "closed");
  });

  async function breakerOf(caller: string) {
    const state = await readAdminState({ admin: mesh.plane.admin ?? "", outlierLog: mesh.plane.outlierLog });
    return breakersOf(state).find((breaker) => breaker.caller === caller && breaker.callee.startsWith("product"));
  }

  it("put policies in force while traffic flows, without a failed call", async () => {
    reset();
    const traffic = startTraffic(client);
    for (let n = 1; n <= 20; n++) {
      const yaml = `${productRoute(`timeout: ${n + 60}s`)}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: product, namespace: siren }
spec: { host: product, trafficPolicy: { connectionPool: { http: { http2MaxRequests: ${100 + (n >> 1)} } } } }
`;
      expect((await mesh.apply(yaml)).acknowledged).toBe(true);
    }
    const { calls, failed } = await traffic.stop();
    expect(failed).toEqual([]);
    expect(calls).toBeGreaterThan(5);
  });

  it("keep what was in force when Envoy refuses a change, as a whole, and say where the change stands", async () => {
    reset();
    await mesh.apply(productRoute("timeout: 60s"));
    const { acknowledged, findings } = await mesh.apply(`${productRoute("timeout: 0.001s")}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: broken, namespace: siren }
spec:
  configPatches:
    - applyTo: HTTP_FILTER
      match:
        context: SIDECAR_INBOUND
        listener: { filterChain: { filter: { name: envoy.filters.network.http_connection_manager, subFilter: { name: envoy.filters.http.router } } } }
      patch:
        operation: INSERT_BEFORE
        value:
          name: envoy.filters.http.lua
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
            default_source_code: { inline_string: "function envoy_on_request(" }
`);
    expect(acknowledged).toBe(false);
    const errors = findings.filter(({ severity }) => severity === "error");
    expect(errors[0]).toMatchObject({
      code: "M910",
      file: "test.yaml",
      message: expect.stringContaining("Envoy refuses this"),
    });
    expect(errors.every(({ line }) => line > 1)).toBe(true);
    for (let n = 0; n < 10; n++) expect(await client.call()).toMatchObject({ code: status.OK, details: "" });
  });

  it("keep what was in force when the YAML cannot be read", async () => {
    await mesh.apply(productRoute("timeout: 60s"));
    const { acknowledged, findings } = await mesh.apply(`${productRoute("timeout: 0.001s")}\n---\n{ not: [yaml`);
    expect(acknowledged).toBe(false);
    expect(findings.some(({ severity, file }) => severity === "error" && file === "test.yaml")).toBe(true);
    expect((await client.call()).code).toBe(status.OK);
  });

  it("call only replicas that are ready", async () => {
    const second = await mesh.add({ name: "product" });
    await mesh.apply(noRetries);
    reset();
    const all = mesh.replicas.map(({ replica }) => replica);
    await eventually(async () => {
      await client.call();
      return second.server.calls.length > 0;
    });
    expect(
      (
        await mesh.apply(
          noRetries,
          all.map((r) => (r === second.replica ? { ...r, ready: false } : r)),
        )
      ).acknowledged,
    ).toBe(true);
    second.server.calls.length = 0;
    for (let n = 0; n < 20; n++) expect((await client.call()).code).toBe(status.OK);
    expect(second.server.calls).toHaveLength(0);
    await mesh.apply(
      noRetries,
      all.filter((replica) => replica !== second.replica),
    );
  });

  it("lose no call when replicas are replaced one by one, and one of them by another on the same address", async () => {
    await mesh.apply(noRetries);
    reset();
    const others = [order.replica, report.replica];
    const traffic = startTraffic(client);
    const second = await mesh.add({ name: "product" });
    const put = (...products: (typeof second.replica)[]) => mesh.apply(noRetries, [...others, ...products]);
    await put(product.replica, second.replica);
    await put({ ...product.replica, ready: false }, second.replica);
    await put(second.replica);
    await put(second.replica, product.replica);
    await put({ ...second.replica, ready: false }, product.replica);
    await put(product.replica);
    expect((await traffic.stop()).failed).toEqual([]);
  });

  it("reach a place outside of the mesh, described by a ServiceEntry or not at all", async () => {
    using outside = await HttpServer.start();
    const get = (host: string) => outside.getThrough(order.replica.outbound, host);
    await mesh.apply(`${noRetries}
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ai, namespace: siren }
spec:
  hosts: [ai.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: ${outside.port} }]
  endpoints: [{ address: 127.0.0.1 }]
`);
    await eventually(async () => (await get("ai.example")) === 200);
    expect(outside.hosts).toContain("ai.example");
    expect(await get(`127.0.0.1:${outside.port}`)).toBe(200);
    expect(await get("nowhere.invalid")).toBe(503);
  });

  it("let only the principals call that an AuthorizationPolicy allows", async () => {
    reset();
    const allowOrder = `${noRetries}
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: product, namespace: siren }
spec:
  selector: { matchLabels: { app: product } }
  action: ALLOW
  rules: [{ from: [{ source: { principals: [cluster.local/ns/siren/sa/order] } }] }]
`;
    expect((await mesh.apply(allowOrder)).acknowledged).toBe(true);
    await eventually(async () => (await reporter.call()).code === status.PERMISSION_DENIED);
    expect((await client.call()).code).toBe(status.OK);
    expect(await reporter.call()).toMatchObject({ code: status.PERMISSION_DENIED, details: "RBAC: access denied" });
  });

  it.each([
    { rule: "remoteIpBlocks: [127.0.0.0/8]", allowed: true },
    { rule: "ipBlocks: [10.0.0.0/8]", allowed: false },
  ])("know the address a call comes from: $rule", async ({ rule, allowed }) => {
    await mesh.apply(`${noRetries}
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: product, namespace: siren }
spec: { selector: { matchLabels: { app: product } }, rules: [{ from: [{ source: { ${rule} } }] }] }
`);
    await client.call();
    await eventually(async () => ((await client.call()).code === status.OK) === allowed);
  });

  it.each([
    { mode: "STRICT", caller: "", code: status.OK, tls: true },
    { mode: "PERMISSIVE", caller: "", code: status.OK, tls: true },
    { mode: "DISABLE", caller: "", code: status.OK, tls: false },
    { mode: "STRICT", caller: "DISABLE", code: status.UNAVAILABLE, tls: false },
    { mode: "PERMISSIVE", caller: "DISABLE", code: status.OK, tls: false },
  ])("with PeerAuthentication $mode and a caller's TLS '$caller' answer $code", async ({ mode, caller, code, tls }) => {
    reset();
    const callersTls = `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: product, namespace: siren }
spec: { host: product, trafficPolicy: { tls: { mode: ${caller} } } }
`;
    await mesh.apply(`${noRetries}
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: product, namespace: siren }
spec: { selector: { matchLabels: { app: product } }, mtls: { mode: ${mode} } }
${caller ? callersTls : ""}`);
    // A connection that exists finishes the call it is asked for under the policy it was made under.
    await eventually(async () => {
      reset();
      const answer = await client.call();
      const secured = "x-forwarded-client-cert" in (product.server.calls[0] ?? {});
      return answer.code === code && (code !== status.OK || secured === tls);
    });
    if (code !== status.OK) expect(product.server.calls).toHaveLength(0);
  });

  it("are back after a kill -9 of Envoy", async () => {
    const pid = mesh.plane.envoy.pid ?? 0;
    process.kill(pid, "SIGKILL");
    await eventually(() => mesh.plane.envoy.pid !== undefined && mesh.plane.envoy.pid !== pid);
    await eventually(async () => (await client.call()).code === status.OK);
    expect(mesh.plane.envoy.restarts).toBe(1);
    expect((await mesh.apply(productRoute("timeout: 5s"))).acknowledged).toBe(true);
  });
});
