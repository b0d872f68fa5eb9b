import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import { startMetrics } from "./metrics.ts";

afterEach(() => void vi.unstubAllEnvs());

it("skips rounds while one is on its way", async () => {
  const waiting: ServerResponse[] = [];
  const collector = createServer((_, answer) => void waiting.push(answer)).listen(0, "127.0.0.1");
  await once(collector, "listening");
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", `http://127.0.0.1:${(collector.address() as AddressInfo).port}`);
  vi.stubEnv("OTEL_METRIC_EXPORT_INTERVAL", "5");
  const gauge = { name: "depth", unit: "{event}", description: "Some.", read: async () => [{ value: 1 }] };
  const stop = startMetrics({ service: "order.siren", gauges: [gauge], failed: () => {} });
  await vi.waitFor(() => expect(waiting).toHaveLength(1));
  await sleep(100);
  expect(waiting).toHaveLength(1);
  waiting[0]?.end();
  await vi.waitFor(() => expect(waiting).toHaveLength(2));
  stop();
  collector.closeAllConnections();
  collector.close();
});
