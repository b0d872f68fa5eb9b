import { isRecord } from "#mesh/istio/kube-object.ts";
import type { RestAnswer } from "#mesh/local/rest.ts";

/** ErrorInfo.reason of a refusal by REST; `status 503` when it has none. */
export function reasonOf({ status, body }: RestAnswer): string {
  const details = isRecord(body) && Array.isArray(body["details"]) ? body["details"].filter(isRecord) : [];
  const reason = details.find(({ "@type": type }) => String(type).endsWith("google.rpc.ErrorInfo"))?.["reason"];
  return typeof reason === "string" ? reason : `status ${status}`;
}

/** The different reasons of refusals, in alphabetical order. */
export function reasonsOf(refusals: readonly RestAnswer[]): string[] {
  return [...new Set(refusals.map(reasonOf))].sort();
}
