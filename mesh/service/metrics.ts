import { envInteger } from "./config.ts";
import type { Gauge } from "./gauges.ts";
import { otlpAttributes, otlpResource, sendOtlp } from "./otlp.ts";

export interface MetricsOptions {
  /** `order.siren` */
  readonly service: string;
  readonly gauges: readonly Gauge[];
  /** Told when the collector takes nothing. */
  failed(error: unknown): void;
}

const nanosPerMs = 1_000_000n;

/**
 * Sends gauges to `OTEL_EXPORTER_OTLP_ENDPOINT`, at once and every `OTEL_METRIC_EXPORT_INTERVAL` ms (default 60,000, as OpenTelemetry's). Every replica
 * sends; what they read is the same, so it is not to be added up. Does nothing without an endpoint.
 *
 * @returns a function that ends it
 */
export function startMetrics({ service, gauges, failed }: MetricsOptions): () => void {
  const endpoint = process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  if (!endpoint || gauges.length === 0) return () => {};
  const send = async () => sendOtlp(endpoint, "metrics", await requestOf(service, gauges));
  let isSending = false;
  const round = () => {
    if (isSending) return; // The collector is slow, and a later round tells what is true then.
    isSending = true;
    void send()
      .catch(failed)
      .finally(() => {
        isSending = false;
      });
  };
  const timer = setInterval(round, envInteger("OTEL_METRIC_EXPORT_INTERVAL", 60_000));
  timer.unref();
  round();
  return () => clearInterval(timer);
}

async function requestOf(service: string, gauges: readonly Gauge[]): Promise<object> {
  const timeUnixNano = String(BigInt(Date.now()) * nanosPerMs);
  const read = await Promise.allSettled(gauges.map((gauge) => gauge.read()));
  const metrics = gauges.flatMap(({ name, unit, description }, index) => {
    const result = read[index];
    if (result?.status !== "fulfilled") return [];
    const dataPoints = result.value.map(({ value, attributes = {} }) => ({
      timeUnixNano,
      asInt: String(value),
      attributes: otlpAttributes(attributes),
    }));
    return [{ name, unit, description, gauge: { dataPoints } }];
  });
  return {
    resourceMetrics: [{ resource: otlpResource(service), scopeMetrics: [{ scope: { name: "mainsheet" }, metrics }] }],
  };
}
