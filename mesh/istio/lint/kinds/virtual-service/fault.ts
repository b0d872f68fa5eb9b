import { grpcStatuses } from "../../../grpc-status.ts";
import { checkDuration } from "../../checks/durations.ts";
import { checkFraction } from "../../checks/numbers.ts";
import type { Place } from "../../place.ts";
import { suggest } from "../../schema/suggest.ts";
import { checkHttpStatus } from "./redirect.ts";
import type { Fault } from "./schema.ts";

export function validateFault(fault: Fault | undefined, place: Place): void {
  if (!fault) return;
  if (!fault.abort && !fault.delay) place.refuse("the fault is empty", "write abort or delay, or remove it");
  validateAbort(fault.abort, place.in("abort"));
  validateDelay(fault.delay, place.in("delay"));
}

function validateAbort(abort: Fault["abort"], place: Place): void {
  if (!abort) return;
  checkFraction(abort.percentage?.value, place.in("percentage", "value"));
  if (abort.grpcStatus !== undefined) checkGrpcStatus(abort.grpcStatus, place.in("grpcStatus"));
  else if (abort.http2Error !== undefined) {
    place.in("http2Error").refuse("faults of HTTP/2 are not supported", "write grpcStatus or httpStatus");
  } else if (abort.httpStatus !== undefined) checkHttpStatus(abort.httpStatus, place.in("httpStatus"));
}

function checkGrpcStatus(status: string, place: Place): void {
  if (grpcStatuses.some((known) => known === status)) return;
  const meant = grpcStatuses[/^\d+$/.test(status) ? Number(status) : -1] ?? suggest(status, grpcStatuses);
  place.refuse(
    `"${status}" is no name of a gRPC status`,
    meant ? `write ${meant}` : "write a name such as UNAVAILABLE",
  );
}

function validateDelay(delay: Fault["delay"], place: Place): void {
  if (!delay) return;
  checkFraction(delay.percentage?.value, place.in("percentage", "value"));
  checkDuration(delay.fixedDelay, place.in("fixedDelay"));
  if (delay.exponentialDelay !== undefined) {
    place.in("exponentialDelay").refuse("exponentialDelay is not supported", "write fixedDelay");
  }
}
