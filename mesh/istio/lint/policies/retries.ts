import { grpcRetryReasons } from "../kinds/virtual-service/retries.ts";
import { few, type Route, shortName } from "../routes.ts";
import { formatDuration } from "../schema/duration.ts";
import { isHttp2 } from "../services.ts";
import type { Context } from "./context.ts";

/** Reasons by which a request is sent again that no replica has begun to work on. */
const beforeWork = new Set(["connect-failure", "refused-stream", "reset-before-request", "http3-post-connect-failure"]);

/** Reasons that hold for a try which Envoy itself has ended. */
const onReset = new Set(["reset", "5xx", "gateway-error"]);

/** Whether some reason may repeat work that was done. */
export function repeatsWork(reasons: readonly string[]): boolean {
  return reasons.some((reason) => !beforeWork.has(reason));
}

/** Retries of calls that are not safe to repeat (M002), do not fit (M003), do not see what fails (M009, M011, M021). */
export function checkRetries({ routes }: Context): void {
  for (const route of routes) {
    if (route.retry.attempts <= 0 || !route.route.route?.length) continue;
    checkRepeatable(route);
    checkStreams(route);
    if (!route.retry.written) continue;
    checkReasons(route);
    checkTries(route);
  }
}

function checkRepeatable({ methods, retry, place }: Route): void {
  if (!repeatsWork(retry.reasons)) return;
  const unsafe = methods.filter(({ repeatable }) => !repeatable);
  if (unsafe.length === 0) return;
  const policy = retry.written ? "the retry policy" : "Istio's default retry policy";
  const message = `${policy} may send ${few(unsafe.map(shortName))} again after it took effect: a call that is neither NO_SIDE_EFFECTS nor carries request_id`;
  const hint =
    "give these methods a route of their own with retries: {attempts: 0} or retryOn: connect-failure,refused-stream, or a request_id";
  (retry.written ? place.in("retries") : place).find("M002", message, hint);
}

function checkStreams({ methods, retry, place }: Route): void {
  const streams = methods.filter(({ serverStreaming }) => serverStreaming);
  if (streams.length === 0 || !retry.written) return;
  const message = `${few(streams.map(shortName))} streams: what fails after the first message is neither retried nor counted`;
  place
    .in("retries")
    .find("M011", message, "let the handler fail before its first message, and the caller resume the stream");
}

function checkReasons({ services, retry, place, route }: Route): void {
  const at = route.retries?.retryOn === undefined ? place.in("retries") : place.in("retries", "retryOn");
  if (route.retries?.retryOn === undefined || services.length === 0) return;
  const grpc = retry.reasons.filter((reason) => grpcRetryReasons.has(reason));
  const http = retry.reasons.filter((reason) => isHttpOnly(reason));
  const port = route.route?.[0]?.destination?.port?.number;
  const ports = services.flatMap((service) =>
    service.ports.filter(({ number }) => port === undefined || port === number),
  );
  if (ports.length > 0 && ports.every(isHttp2) && http.length > 0 && grpc.length === 0) {
    const message = `gRPC answers with HTTP 200 and a status of its own, so ${http.join(", ")} sees no answer of the service`;
    at.find(
      "M009",
      message,
      "write unavailable, resource-exhausted or another of gRPC's words, or only reset and connect-failure",
    );
  }
  if (ports.length > 0 && ports.every(({ protocol }) => protocol === "http") && grpc.length > 0) {
    const message = `${grpc.join(", ")} is a status of gRPC, which a service of HTTP never answers`;
    at.find("M009", message, "write 5xx, gateway-error or HTTP statuses");
  }
}

function isHttpOnly(reason: string): boolean {
  return /^\d+$/.test(reason) || ["5xx", "gateway-error", "retriable-4xx", "retriable-status-codes"].includes(reason);
}

function checkTries({ route, retry, place }: Route): void {
  const { perTryTimeout } = route.retries ?? {};
  if (perTryTimeout === undefined) return;
  const tries = retry.attempts + 1;
  const at = place.in("retries", "perTryTimeout");
  if (route.timeout !== undefined && perTryTimeout * tries > route.timeout) {
    const all = formatDuration(perTryTimeout * tries);
    const share = formatDuration(Math.floor(route.timeout / tries / 1e6) * 1e6);
    const message = `${tries} tries of ${formatDuration(perTryTimeout)} take ${all}, and the timeout is ${formatDuration(route.timeout)}: the last tries are cut or never made`;
    at.find("M003", message, `write perTryTimeout: ${share}, fewer attempts, or timeout: ${all}`);
  }
  if (!retry.reasons.some((reason) => onReset.has(reason))) {
    const message = "a try that takes too long is ended and not retried: retryOn names nothing that holds for a reset";
    at.find("M021", message, "add reset to retryOn, or remove perTryTimeout");
  }
}
