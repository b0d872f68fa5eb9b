import { Code } from "./codes.ts";

/** What google.rpc.Status details are made of besides ErrorInfo; status-details.ts encodes them. */
export type Detail =
  | { readonly kind: "badRequest"; readonly violations: readonly FieldViolation[] }
  | { readonly kind: "precondition"; readonly type: string; readonly subject: string; readonly description: string }
  | { readonly kind: "resource"; readonly type: string; readonly name: string; readonly description: string }
  | { readonly kind: "quota"; readonly subject: string; readonly description: string }
  | { readonly kind: "retry"; readonly afterMs: number };

export interface FieldViolation {
  /** The path as in the request: `product.price`, `items[2].qty`. */
  readonly field: string;
  /** `REQUIRED`, `TOO_LONG` ... */
  readonly reason: string;
  /** A sentence for the caller. */
  readonly description: string;
}

export interface ServiceErrorOptions {
  readonly code: Code;
  /** UPPER_SNAKE_CASE, one per cause; callers decide by it. */
  readonly reason: string;
  /** For the caller: what is wrong and what to do. */
  readonly message: string;
  /** ErrorInfo.metadata. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Default: none. ErrorInfo is always added. */
  readonly details?: readonly Detail[];
  /** Logged, never sent. */
  readonly cause?: unknown;
}

/** An answer other than OK, made on purpose. Everything else that is thrown reaches the caller as INTERNAL "internal error". */
export class ServiceError extends Error {
  readonly code: Code;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly details: readonly Detail[];

  constructor(options: ServiceErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ServiceError";
    this.code = options.code;
    this.reason = options.reason;
    this.metadata = options.metadata ?? {};
    this.details = options.details ?? [];
  }
}

/** Whether the error is the refusal with this reason: `if (isRefusal(error, "INSUFFICIENT_STOCK")) ...` */
export function isRefusal(error: unknown, reason: string): error is ServiceError {
  return error instanceof ServiceError && error.reason === reason;
}

/**
 * Thrown by a store when an update of an expected version matched no row. The transaction runs again, three times in all, then the
 * caller gets ABORTED `CONCURRENT_UPDATE`.
 */
export class LostUpdate extends Error {
  constructor(what = "the row") {
    super(`${what} was changed by someone else`);
    this.name = "LostUpdate";
  }
}

/** Trailers have a limit (Envoy: 60 KiB); nobody reads more. */
const maxViolations = 64;
const maxInMessage = 8;

/**
 * INVALID_ARGUMENT with every violation at once, the first 64 of them; its reason is theirs, or `INVALID_REQUEST` when they differ.
 */
export function invalidRequest(violations: readonly FieldViolation[]): ServiceError {
  const reasons = new Set(violations.map((violation) => violation.reason));
  const [first] = reasons;
  const told = violations.slice(0, maxInMessage).map(({ field, description }) => `${field}: ${description}`);
  if (violations.length > told.length) told.push(`and ${violations.length - told.length} more`);
  return new ServiceError({
    code: Code.INVALID_ARGUMENT,
    reason: reasons.size === 1 && first ? first : "INVALID_REQUEST",
    message: told.join("; "),
    details: [{ kind: "badRequest", violations: violations.slice(0, maxViolations) }],
  });
}
