/**
 * Sends to a collector, by OTLP over HTTP in JSON: https://opentelemetry.io/docs/specs/otlp/#otlphttp. What it does not take is dropped.
 *
 * @param endpoint the collector: `http://collector:4318`; `/v1/traces` or `/v1/metrics` is added
 * @throws Error when it does not take it
 */
export async function sendOtlp(endpoint: string, signal: "traces" | "metrics", request: object): Promise<void> {
  const url = `${endpoint.replace(/\/$/, "")}/v1/${signal}`;
  const headers = { "content-type": "application/json" };
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(request), headers });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`the collector answered ${answer.status}`);
}

/** Who sends: `order.siren`, and which replica of it. */
export function otlpResource(service: string): object {
  return { attributes: otlpAttributes({ "service.name": service, "service.instance.id": process.env["POD_NAME"] }) };
}

/** Texts as OTLP has them; those that are undefined are left out. */
export function otlpAttributes(texts: Readonly<Record<string, string | undefined>>): object[] {
  return Object.entries(texts).flatMap(([key, stringValue]) => (stringValue ? [{ key, value: { stringValue } }] : []));
}
