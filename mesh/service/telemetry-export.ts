import { SpanKind as OtelKind, ROOT_CONTEXT, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-base";
import type { Span, SpanKind, Telemetry } from "./telemetry.ts";
import type { TraceContext } from "./trace-context.ts";

const kinds: Record<SpanKind, OtelKind> = {
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  producer: OtelKind.PRODUCER,
  consumer: OtelKind.CONSUMER,
};

/**
 * Records spans and sends them in batches.
 *
 * @param endpoint the collector: `http://collector:4318`; `/v1/traces` is added
 */
export function openExport(service: string, endpoint: string): Telemetry {
  const exporter = otlpExporter(service, endpoint);
  const provider = new BasicTracerProvider({
    sampler: new AlwaysOnSampler(), // telemetry.ts has decided already.
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer("mainsheet");
  return {
    startSpan(name: string, kind: SpanKind, parent: TraceContext | undefined): Span {
      const span = tracer.startSpan(name, { kind: kinds[kind] }, contextOf(parent));
      const { traceId, spanId } = span.spanContext();
      return {
        context: { traceId, spanId, sampled: true },
        end(failure) {
          if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
          span.end();
        },
      };
    },
    close: () => provider.shutdown(),
  };
}

function contextOf(parent: TraceContext | undefined) {
  if (!parent) return ROOT_CONTEXT;
  const { traceId, spanId } = parent;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
}

/** OTLP over HTTP in JSON: https://opentelemetry.io/docs/specs/otlp/#otlphttp. A batch that the collector does not take is dropped. */
function otlpExporter(service: string, endpoint: string): SpanExporter {
  const url = `${endpoint.replace(/\/$/, "")}/v1/traces`;
  return {
    export(spans, done) {
      const body = JSON.stringify(requestOf(service, spans));
      fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } })
        .then(async (answer) => {
          await answer.arrayBuffer();
          done({ code: answer.ok ? 0 : 1 });
        })
        .catch((error: unknown) => done({ code: 1, error: error instanceof Error ? error : new Error(String(error)) }));
    },
    shutdown: async () => {},
  };
}

function requestOf(service: string, spans: readonly ReadableSpan[]): unknown {
  const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
  return {
    resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "mainsheet" }, spans: spans.map(encodeSpan) }] }],
  };
}

function encodeSpan(span: ReadableSpan): unknown {
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    spanId,
    ...(span.parentSpanContext ? { parentSpanId: span.parentSpanContext.spanId } : {}),
    name: span.name,
    kind: span.kind + 1, // OTLP counts from 1, the API from 0.
    startTimeUnixNano: nanos(span.startTime),
    endTimeUnixNano: nanos(span.endTime),
    status: { code: span.status.code, ...(span.status.message ? { message: span.status.message } : {}) },
  };
}

function nanos([seconds, rest]: readonly [number, number]): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));
}
