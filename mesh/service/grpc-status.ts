import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { Code } from "./codes.ts";
import { ServiceError } from "./errors.ts";
import { encodeStatus } from "./status-details.ts";
import { isStorageDown } from "./storage-failure.ts";

/** What anything thrown becomes: on purpose made errors as they are, our database away as UNAVAILABLE, the rest as INTERNAL. */
export function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (isStorageDown(error)) {
    return new ServiceError({
      code: Code.UNAVAILABLE,
      reason: "STORAGE_UNAVAILABLE",
      message: "The service cannot reach its storage. Nothing was changed; try again in a moment.",
      details: [{ kind: "retry", afterMs: 3000 }],
      cause: error,
    });
  }
  return new ServiceError({ code: Code.INTERNAL, reason: "INTERNAL", message: "internal error", cause: error });
}

/** The status that goes to the caller. @param domain ErrorInfo.domain: `order.siren` */
export function toGrpcStatus(error: ServiceError, domain: string): StatusObject {
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", encodeStatus(error, domain));
  return { code: error.code, details: error.message, metadata };
}
