import { env } from "./config.ts";
import { newTrace, type TraceContext } from "./trace-context.ts";

export type SpanKind = "server" | "client" | "producer" | "consumer";

export interface Span {
  /** What is passed on to callees, events and logs. */
  readonly context: TraceContext;
  /** @param failure the status's name when it did not go well */
  end(failure?: string): void;
}

/** Makes spans, or only passes the trace context on when nobody collects them. */
export interface Telemetry {
  /** @param name `siren.order.v1.OrderService/CreateOrder` */
  startSpan(name: string, kind: SpanKind, parent: TraceContext | undefined): Span;
  /** Sends what is waiting. */
  close(): Promise<void>;
}

/**
 * Spans go to `OTEL_EXPORTER_OTLP_ENDPOINT` by OTLP over HTTP. A trace that arrives keeps its sampling decision; of those that start here the share
 * `OTEL_TRACES_SAMPLER_ARG` (default 0.01, as Istio's) is recorded. Without an endpoint the OpenTelemetry SDK is not even loaded.
 */
export async function openTelemetry(service: string): Promise<Telemetry> {
  const endpoint = process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  if (!endpoint) return passOnOnly;
  const ratio = Number(env("OTEL_TRACES_SAMPLER_ARG", "0.01"));
  const { openExport } = await import("./telemetry-export.ts");
  const recording = openExport(service, endpoint);
  return {
    startSpan(name, kind, parent) {
      const from = parent ?? newTrace(Math.random() < ratio);
      return from.sampled ? recording.startSpan(name, kind, parent) : passOn(from);
    },
    close: () => recording.close(),
  };
}

/** No spans; a trace that has not started yet gets its id here, for the logs. */
export const passOnOnly: Telemetry = {
  startSpan: (_name, _kind, parent) => passOn(parent ?? newTrace(false)),
  close: async () => {},
};

function passOn(context: TraceContext): Span {
  return { context, end() {} };
}
