import { STATUS_CODES } from "node:http";
import { checkDuration } from "../../checks/durations.ts";
import type { Place } from "../../place.ts";
import { suggest } from "../../schema/suggest.ts";
import type { Retries } from "./schema.ts";

/** Envoy's reasons to retry, of HTTP. */
export const httpRetryReasons = new Set([
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "retriable-4xx",
  "refused-stream",
  "retriable-status-codes",
  "retriable-headers",
  "envoy-ratelimited",
  "http3-post-connect-failure",
]);

/** Envoy's reasons to retry, of gRPC: the status that the callee answered before any message. */
export const grpcRetryReasons = new Set([
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
]);

export function validateRetries(retries: Retries | undefined, place: Place): void {
  if (!retries) return;
  const { attempts = 0, perTryTimeout, retryOn, retryRemoteLocalities, backoff } = retries;
  if (attempts < 0) place.in("attempts").refuse(`${attempts} attempts are negative`, "write 0 or more");
  const others = perTryTimeout !== undefined || retryOn || retryRemoteLocalities !== undefined;
  if (attempts === 0 && others) {
    place.refuse(
      "0 attempts turn retries off, so nothing else can be set",
      "write attempts: 1 or more, or attempts alone",
    );
  }
  checkDuration(perTryTimeout, place.in("perTryTimeout"));
  if (retryOn) {
    for (const reason of retryOn.split(",")) checkReason(reason, place.in("retryOn"));
  }
  checkDuration(backoff, place.in("backoff"));
}

function checkReason(reason: string, place: Place): void {
  if (httpRetryReasons.has(reason) || grpcRetryReasons.has(reason) || isKnownStatus(reason)) return;
  const reasons = [...httpRetryReasons, ...grpcRetryReasons];
  const meant = suggest(reason.trim(), reasons);
  if (reason !== reason.trim()) {
    const right = meant === undefined || meant === reason.trim() ? "" : `, and ${meant} for ${reason.trim()}`;
    const hint = `write the reasons with commas alone, without spaces${right}`;
    return place.refuse(`"${reason}" is no reason to retry`, hint);
  }
  const hint = meant ? `did you mean ${meant}?` : "write unavailable, reset, connect-failure, 5xx or an HTTP status";
  place.refuse(`"${reason}" is no reason to retry`, hint);
}

/** Statuses with a name in Go's net/http, which is what istiod asks. */
function isKnownStatus(text: string): boolean {
  if (!/^[-+]?\d+$/.test(text)) return false;
  const status = Number(text);
  return STATUS_CODES[status] !== undefined && status !== 509;
}
