import type { Any } from "#gen/proto/google/protobuf/any.ts";
import {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  QuotaFailure,
  ResourceInfo,
  RetryInfo,
} from "#gen/proto/google/rpc/error_details.ts";
import { Status } from "#gen/proto/google/rpc/status.ts";
import type { Detail, ServiceError } from "./errors.ts";

/**
 * The bytes of `grpc-status-details-bin`: google.rpc.Status with ErrorInfo first.
 *
 * @param domain ErrorInfo.domain: `order.siren`
 */
export function encodeStatus(error: ServiceError, domain: string): Buffer {
  const info = ErrorInfo.fromPartial({ reason: error.reason, domain, metadata: presentOnly(error.metadata) });
  const details = [any("google.rpc.ErrorInfo", ErrorInfo.encode(info).finish()), ...error.details.map(encodeDetail)];
  return Buffer.from(Status.encode({ code: error.code, message: error.message, details }).finish());
}

/**
 * Without the empty values: on the wire such a map entry has no value at all, and Envoy's transcoder (1.40) crashes when it turns one
 * inside of an Any into JSON.
 */
function presentOnly(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== ""));
}

/** The ErrorInfo in the bytes of `grpc-status-details-bin`; undefined when there is none or the bytes are no Status. */
export function decodeErrorInfo(bytes: Uint8Array): ErrorInfo | undefined {
  try {
    const found = Status.decode(bytes).details.find(({ typeUrl }) => typeUrl.endsWith("/google.rpc.ErrorInfo"));
    return found && ErrorInfo.decode(found.value);
  } catch {
    return undefined; // A proxy or a stranger wrote it; the code alone must do.
  }
}

function encodeDetail(detail: Detail): Any {
  switch (detail.kind) {
    case "badRequest": {
      const fieldViolations = detail.violations.map((violation) => ({ ...violation }));
      return any("google.rpc.BadRequest", BadRequest.encode(BadRequest.fromPartial({ fieldViolations })).finish());
    }
    case "precondition": {
      const { type, subject, description } = detail;
      const message = PreconditionFailure.fromPartial({ violations: [{ type, subject, description }] });
      return any("google.rpc.PreconditionFailure", PreconditionFailure.encode(message).finish());
    }
    case "resource": {
      const { type, name, description } = detail;
      const message = ResourceInfo.fromPartial({ resourceType: type, resourceName: name, description });
      return any("google.rpc.ResourceInfo", ResourceInfo.encode(message).finish());
    }
    case "quota": {
      const { subject, description } = detail;
      const message = QuotaFailure.fromPartial({ violations: [{ subject, description }] });
      return any("google.rpc.QuotaFailure", QuotaFailure.encode(message).finish());
    }
    case "retry": {
      const seconds = BigInt(Math.trunc(detail.afterMs / 1000));
      const nanos = (detail.afterMs % 1000) * 1_000_000;
      return any("google.rpc.RetryInfo", RetryInfo.encode({ retryDelay: { seconds, nanos } }).finish());
    }
  }
}

function any(type: string, value: Uint8Array): Any {
  return { typeUrl: `type.googleapis.com/${type}`, value: Buffer.from(value) };
}
