import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { openTelemetry } from "./telemetry.ts";
import { formatTraceparent, newTrace, parseTraceparent } from "./trace-context.ts";
import { uuidv7 } from "./uuid.ts";

const header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("traceparent", () => {
  it("is read and written", () => {
    const context = parseTraceparent(header);
    expect(context).toEqual({ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true });
    expect(context && formatTraceparent(context)).toBe(header);
  });

  it.each([
    undefined,
    "",
    "nonsense",
    header.replace("0af7651916cd43dd8448eb211c80319c", "0".repeat(32)),
    header.replace("00-", "ff-"),
    header.toUpperCase(),
  ])("%s is none", (malformed) => {
    expect(parseTraceparent(malformed)).toBeUndefined();
  });

  it("never repeats an id", () => {
    const ids = Array.from({ length: 5_000 }, () => newTrace(false));
    expect(new Set(ids.map(({ traceId }) => traceId)).size).toBe(5_000);
    expect(new Set(ids.map(({ spanId }) => spanId)).size).toBe(5_000);
  });
});

describe("spans", () => {
  afterEach(() => {
    delete process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
    delete process.env["OTEL_TRACES_SAMPLER_ARG"];
  });

  it("go to the collector as OTLP, children of what arrived", async () => {
    const bodies: string[] = [];
    const collector = createServer((request, answer) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        bodies.push(`${request.url} ${body}`);
        answer.end("{}");
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
    process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    const telemetry = await openTelemetry("order.siren");
    const span = telemetry.startSpan("a.B/C", "server", parseTraceparent(header));
    expect(span.context).toMatchObject({ traceId: "0af7651916cd43dd8448eb211c80319c", sampled: true });
    expect(span.context.spanId).not.toBe("b7ad6b7169203331");
    span.end("UNAVAILABLE");
    telemetry.startSpan("unsampled", "server", parseTraceparent(header.replace(/01$/, "00"))).end();
    await telemetry.close();
    collector.close();
    expect(bodies).toHaveLength(1);
    const [path, json = ""] = bodies[0]?.split(/ (.*)/s) ?? [];
    const { resourceSpans } = JSON.parse(json);
    expect(path).toBe("/v1/traces");
    expect(resourceSpans[0].scopeSpans[0].spans).toMatchObject([
      {
        name: "a.B/C",
        kind: 2,
        traceId: "0af7651916cd43dd8448eb211c80319c",
        parentSpanId: "b7ad6b7169203331",
        status: { code: 2 },
      },
    ]);
  });

  it("are not made without a collector, but the trace goes on", async () => {
    const telemetry = await openTelemetry("order.siren");
    expect(telemetry.startSpan("x", "server", parseTraceparent(header)).context).toEqual(parseTraceparent(header));
    expect(telemetry.startSpan("x", "server", undefined).context.sampled).toBe(false);
  });
});

describe("uuidv7", () => {
  it("has its version and variant, and sorts by time", () => {
    expect(uuidv7()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uuidv7(1_000) < uuidv7(2_000)).toBe(true);
    const made = Array.from({ length: 2_000 }, () => uuidv7(3_000));
    expect(made.toSorted()).toEqual(made);
    expect(new Set(Array.from({ length: 5_000 }, () => uuidv7(1_000))).size).toBe(5_000);
  });
});
