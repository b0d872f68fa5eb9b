import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findBreaches } from "#mesh/testing/resilience-breaches.ts";
import { channelOptions } from "./outbound.ts";

const root = join(import.meta.dirname, "..", "..");
const sources = globSync("{services,mesh/service}/**/*.ts", { cwd: root }).filter((path) => !path.endsWith(".test.ts"));

describe("resilience is in istio/, not in the code", () => {
  it("finds sources to look at", () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(sources).toContain(join("mesh", "service", "client.ts"));
  });

  it("has no retry, breaker, timeout or fallback between services", () => {
    const breaches = sources.flatMap((path) => findBreaches(path, readFileSync(join(root, path), "utf8")));
    expect(breaches).toEqual([]);
  });

  it("opens every channel without retries, service config and keepalive", () => {
    expect(channelOptions["grpc.enable_retries"]).toBe(0);
    expect(channelOptions["grpc.service_config_disable_resolution"]).toBe(1);
    expect(Object.keys(channelOptions).filter((name) => /keepalive|service_config$|retry_buffer/.test(name))).toEqual(
      [],
    );
  });

  it.each([
    ["services/siren/order/rpc.ts", 'import retry from "async-retry";'],
    ["services/siren/order/rpc.ts", 'import CircuitBreaker from "opossum";'],
    ["services/siren/order/rpc.ts", 'import { Client, credentials } from "@grpc/grpc-js";'],
    ["services/siren/order/rpc.ts", "const answer = await Promise.race([product.checkProduct({}, call), late]);"],
    ["services/siren/order/rpc.ts", "setTimeout(() => controller.abort(), 610);"],
    ["services/siren/order/rpc.ts", 'import { setTimeout as sleep } from "node:timers/promises";'],
    ["services/siren/order/rpc.ts", "await product.checkProduct(request, { ...call, deadline: Date.now() + 610 });"],
    ["services/siren/order/rpc.ts", "const signal = AbortSignal.timeout(610);"],
    ["services/siren/order/rpc.ts", "const offer = await withRetry(() => product.checkProduct(request, call));"],
    ["services/siren/order/rpc.ts", "const retries = 3;"],
    ["services/siren/order/domain.ts", "export const fallbackPrice = 0n;"],
    ["services/siren/order/rpc.ts", 'await fetch("http://product.siren:50051");'],
    ["services/siren/order/main.ts", 'connect(S, "p:1", { "grpc.enable_retries": 1 });'],
    ["mesh/service/outbound.ts", '  "grpc.enable_retries": 1,'],
    ["mesh/service/outbound.ts", '  "grpc.keepalive_time_ms": 10_000,'],
    ["mesh/service/outbound.ts", '  "grpc.service_config": JSON.stringify({ methodConfig: [{ retryPolicy }] }),'],
    ["mesh/service/client.ts", "for (let tries = 0; tries < 3; tries++) {"],
    ["mesh/service/client.ts", "while (true) {"],
    ["mesh/service/http.ts", "const signal = AbortSignal.timeout(1000);"],
    ["mesh/service/pagination.ts", 'import { Client } from "@grpc/grpc-js";'],
  ])("would find in %s: %s", (path, planted) => {
    const text = `// a line\n/* and\n more */\n${planted}\n`;
    expect(findBreaches(path, text).map(({ where }) => where)).toContain(`${path}:4`);
  });

  it.each([
    [
      "services/siren/order/errors.ts",
      'X: failedPrecondition("Try again, retry: in a second.", { retryAfterMs: 1000 }),',
    ],
    ["services/siren/order/rpc.ts", "// no retry = good; setTimeout( is not used here"],
    ["services/siren/order/rpc.ts", "/* fallback: none */"],
    ["services/siren/order/rpc.ts", 'const answer = await http.fetch("/v1/pays", { method: "POST" }, context);'],
    ["services/siren/demonstrations.ts", "const circuitBreaker: Demonstration = {"],
  ])("does not mind in %s: %s", (path, harmless) => {
    expect(findBreaches(path, harmless)).toEqual([]);
  });
});
