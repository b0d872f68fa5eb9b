import type { ServiceError as GrpcError } from "@grpc/grpc-js";
import { Code, nameOfCode } from "./codes.ts";
import { ServiceError } from "./errors.ts";
import type { AnyRefusal, Argument } from "./refusals.ts";
import { decodeErrorInfo } from "./status-details.ts";

/** What this service answers when a callee fails. */
export interface CalleeFailures {
  /** When it is down, slow, ejected, over its limits, or broken. */
  readonly unavailable: AnyRefusal;
  /** The callee's business reason -> this service's refusal; its arguments come from the request's fields and the callee's metadata. Default: none. */
  readonly refusals?: Readonly<Record<string, AnyRefusal>>;
}

/** How a callee failed; the cause of the refusal, for the log. */
export class CalleeError extends Error {
  readonly code: string;
  /** Whether the mesh gave up waiting: Envoy answers UNAVAILABLE "upstream request timeout", not DEADLINE_EXCEEDED. */
  readonly timedOut: boolean;

  constructor(callee: string, code: number, details: string) {
    super(`${callee}: ${nameOfCode(code)} ${details}`);
    this.name = "CalleeError";
    this.code = nameOfCode(code);
    this.timedOut = code === Code.DEADLINE_EXCEEDED || /upstream request timeout|stream timeout/.test(details);
  }
}

const business: ReadonlySet<number> = new Set([
  Code.INVALID_ARGUMENT,
  Code.NOT_FOUND,
  Code.ALREADY_EXISTS,
  Code.PERMISSION_DENIED,
  Code.RESOURCE_EXHAUSTED,
  Code.FAILED_PRECONDITION,
  Code.OUT_OF_RANGE,
  Code.UNAUTHENTICATED,
]);

/**
 * This service's own answer to a callee's failure; the callee's status is never passed on, because the next proxy would retry it again.
 *
 * @param callee `product.siren:50051/siren.product.v1.ProductService/CheckProduct`
 * @returns the mapped refusal for a business reason, `unavailable` for everything that is not one, and an unknown error
 *   (INTERNAL, logged) for a reason that nobody mapped
 */
export function explainFailure(error: GrpcError, callee: string, request: object, failures: CalleeFailures): Error {
  const cause = new CalleeError(callee, error.code, error.details);
  const args = scalars(request);
  const info = business.has(error.code) ? errorInfoOf(error) : undefined;
  if (!info) return failures.unavailable(args as never, { cause });
  const refusal = failures.refusals?.[info.reason];
  if (refusal) return refusal({ ...args, ...info.metadata } as never, { cause });
  return new Error(`${callee} refuses with ${info.reason}, which is not mapped`, { cause });
}

/** Whether a failure was a callee that did not answer in time, as far as the mesh tells. */
export function timedOut(error: unknown): boolean {
  return error instanceof ServiceError && error.cause instanceof CalleeError && error.cause.timedOut;
}

function errorInfoOf(error: GrpcError) {
  const [bytes] = error.metadata?.get("grpc-status-details-bin") ?? [];
  return Buffer.isBuffer(bytes) ? decodeErrorInfo(bytes) : undefined;
}

function scalars(request: object): Record<string, Argument> {
  const found: Record<string, Argument> = {};
  for (const [name, value] of Object.entries(request)) {
    if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") found[name] = value;
  }
  return found;
}
