import { SpanKind as OtelKind, ROOT_CONTEXT, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-base";
import { otlpResource, sendOtlp } from "./otlp.ts";
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

function otlpExporter(service: string, endpoint: string): SpanExporter {
  return {
    export(spans, done) {
      sendOtlp(endpoint, "traces", requestOf(service, spans)).then(
        () => done({ code: 0 }),
        (error: unknown) => done({ code: 1, error: error instanceof Error ? error : new Error(String(error)) }),
      );
    },
    shutdown: async () => {},
  };
}

function requestOf(service: string, spans: readonly ReadableSpan[]): object {
  const scopeSpans = [{ scope: { name: "mainsheet" }, spans: spans.map(encodeSpan) }];
  return { resourceSpans: [{ resource: otlpResource(service), scopeSpans }] };
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
