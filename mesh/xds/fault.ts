import { grpcStatuses } from "#mesh/istio/grpc-status.ts";
import type { Fault } from "#mesh/istio/virtual-service.ts";
import { any, durationOf, type JsonObject, message } from "./json.ts";
import { fraction, wholeFraction } from "./percentage.ts";

export const faultFilter = "envoy.filters.http.fault";

/**
 * A route's fault injection. Without a percentage a delay never fires: Istio falls back to the old integer field, which is 0.
 */
export function faultConfig(fault: Fault): JsonObject {
  return any("envoy.extensions.filters.http.fault.v3.HTTPFault", {
    delay: delayOf(fault.delay),
    abort: abortOf(fault.abort),
  });
}

function delayOf(delay: Fault["delay"]): JsonObject | undefined {
  if (delay?.fixedDelay === undefined) return undefined;
  const percent = delay.percentage;
  const percentage = percent ? fraction(percent.value ?? 0) : wholeFraction(delay.percent ?? 0);
  return { fixed_delay: durationOf(delay.fixedDelay), percentage };
}

function abortOf(abort: Fault["abort"]): JsonObject | undefined {
  if (!abort) return undefined;
  const percentage = abort.percentage && fraction(abort.percentage.value ?? 0);
  if (abort.httpStatus !== undefined) return message({ http_status: abort.httpStatus, percentage });
  if (abort.grpcStatus === undefined) return undefined;
  return message({ grpc_status: grpcStatus(abort.grpcStatus), percentage });
}

function grpcStatus(name: string): number {
  const names: readonly string[] = grpcStatuses;
  return Math.max(0, names.indexOf(name));
}
