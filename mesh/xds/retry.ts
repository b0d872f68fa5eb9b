import { STATUS_CODES } from "node:http";
import type { Retry } from "#mesh/istio/virtual-service.ts";
import { any, durationOf, extension, type JsonObject, message, unlessEmpty } from "./json.ts";

/** What Istio retries when nobody says anything. Plain 503s of an upstream are not among it. */
const defaultRetryOn = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";

const previousHosts = extension(
  "envoy.retry_host_predicates.previous_hosts",
  "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
);

const previousPriorities: JsonObject = {
  name: "envoy.retry_priorities.previous_priorities",
  typed_config: any("envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig", {
    update_frequency: 2,
  }),
};

/**
 * A route's retry policy; undefined when retries are off. Without a policy Istio's default applies: 2 retries. With consistent
 * hashing a retry may go to the same host again, since the hash decides.
 */
export function retryPolicy(retry: Retry | undefined, { hashed }: { hashed: boolean }): JsonObject | undefined {
  if (!retry) return hashed ? defaults.hashed : defaults.plain;
  return (retry.attempts ?? 0) > 0 ? build(retry, hashed) : undefined;
}

const defaults = { plain: build(undefined, false), hashed: build(undefined, true) };

function build(retry: Retry | undefined, hashed: boolean): JsonObject {
  const { retryOn, codes } = splitRetryOn(retry?.retryOn ?? "");
  const avoidPrevious = retry?.retryIgnorePreviousHosts ?? !hashed;
  return message({
    retry_on: retryOn,
    num_retries: retry?.attempts ?? 2,
    per_try_timeout: retry?.perTryTimeout === undefined ? undefined : durationOf(retry.perTryTimeout),
    retry_priority: retry?.retryRemoteLocalities ? previousPriorities : undefined,
    retry_host_predicate: avoidPrevious ? [previousHosts] : undefined,
    host_selection_retry_max_attempts: "5",
    retriable_status_codes: unlessEmpty(codes),
    retry_back_off: retry?.backoff === undefined ? undefined : { base_interval: durationOf(retry.backoff) },
  });
}

/** HTTP status codes in `retryOn` are a list of their own in Envoy, and only count with `retriable-status-codes`. */
function splitRetryOn(text: string): { retryOn: string; codes: number[] } {
  if (text === "") return { retryOn: defaultRetryOn, codes: [] };
  const parts = text.split(",").map((part) => part.trim());
  const isCode = (part: string): boolean =>
    /^[+-]?\d+$/.test(part) && Number(part) in STATUS_CODES && Number(part) !== 509;
  const codes = parts.filter(isCode).map(Number);
  let retryOn = parts.filter((part) => part !== "" && !isCode(part)).join(",");
  if (codes.length > 0 && !retryOn.includes("retriable-status-codes")) retryOn += ",retriable-status-codes";
  return { retryOn, codes };
}
