import { Code } from "./codes.ts";
import { type Detail, ServiceError } from "./errors.ts";

/** What may stand in a message: `{orderId}`. */
export type Argument = string | number | bigint;

type Placeholders<Message extends string> = Message extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;

type Arguments<Message extends string> = Readonly<Record<Placeholders<Message>, Argument>> &
  Readonly<Record<string, Argument>>;

export interface RefusalOptions {
  /** Logged, never sent. */
  readonly cause?: unknown;
}

/** Makes the error. The arguments fill the message and become ErrorInfo.metadata; more than the message names may be given. */
export type Refusal<Message extends string = string> = [Placeholders<Message>] extends [never]
  ? (args?: Readonly<Record<string, Argument>>, options?: RefusalOptions) => ServiceError
  : (args: Arguments<Message>, options?: RefusalOptions) => ServiceError;

/** A refusal whose arguments are not known here. */
export type AnyRefusal = (args: never, options?: RefusalOptions) => ServiceError;

/** One row of a table: see notFound and its like. */
export interface Row<Message extends string> {
  readonly code: Code;
  readonly message: Message;
  detail(made: Made): readonly Detail[];
}

interface Made {
  readonly reason: string;
  readonly message: string;
  /** The first argument's value, or "" without arguments: what the refusal is about. */
  readonly subject: string;
}

/** A service's table of refusals: reason -> row. Returns the table of functions that make them. */
export function refusals<const Table extends Record<string, Row<string>>>(
  table: Table,
): { readonly [Reason in keyof Table]: Refusal<Table[Reason]["message"]> } {
  const made: Record<string, AnyRefusal> = {};
  for (const [reason, row] of Object.entries(table)) made[reason] = refusal(reason, row);
  return made as { readonly [Reason in keyof Table]: Refusal<Table[Reason]["message"]> };
}

/** NOT_FOUND with ResourceInfo. @param type the resource's type: `siren.order/Order` */
export function notFound<const Message extends string>(type: string, message: Message): Row<Message> {
  return { code: Code.NOT_FOUND, message, detail: (made) => [resource(type, made)] };
}

/** ALREADY_EXISTS with ResourceInfo. */
export function alreadyExists<const Message extends string>(type: string, message: Message): Row<Message> {
  return { code: Code.ALREADY_EXISTS, message, detail: (made) => [resource(type, made)] };
}

/** FAILED_PRECONDITION with PreconditionFailure, and RetryInfo when waiting helps. */
export function failedPrecondition<const Message extends string>(
  message: Message,
  options: { readonly retryAfterMs?: number } = {},
): Row<Message> {
  return {
    code: Code.FAILED_PRECONDITION,
    message,
    detail: (made) => [
      { kind: "precondition", type: made.reason, subject: made.subject, description: made.message },
      ...retry(options.retryAfterMs),
    ],
  };
}

/** RESOURCE_EXHAUSTED with QuotaFailure. */
export function exhausted<const Message extends string>(message: Message): Row<Message> {
  return {
    code: Code.RESOURCE_EXHAUSTED,
    message,
    detail: (made) => [{ kind: "quota", subject: made.subject, description: made.message }],
  };
}

/** INVALID_ARGUMENT with BadRequest, for what the proto cannot declare. @param field the path as in the request */
export function invalid<const Message extends string>(field: string, message: Message): Row<Message> {
  return {
    code: Code.INVALID_ARGUMENT,
    message,
    detail: (made) => [{ kind: "badRequest", violations: [{ field, reason: made.reason, description: made.message }] }],
  };
}

/** PERMISSION_DENIED. */
export function denied<const Message extends string>(message: Message): Row<Message> {
  return { code: Code.PERMISSION_DENIED, message, detail: () => [] };
}

/** UNAUTHENTICATED. */
export function unauthenticated<const Message extends string>(message: Message): Row<Message> {
  return { code: Code.UNAUTHENTICATED, message, detail: () => [] };
}

/** ABORTED: the caller may start over. */
export function aborted<const Message extends string>(message: Message): Row<Message> {
  return { code: Code.ABORTED, message, detail: () => [] };
}

/** UNAVAILABLE with RetryInfo (default 3 s): a callee did not answer. Never a business "no": Envoy counts it towards ejection. */
export function unavailable<const Message extends string>(
  message: Message,
  options: { readonly retryAfterMs?: number } = {},
): Row<Message> {
  return { code: Code.UNAVAILABLE, message, detail: () => retry(options.retryAfterMs ?? 3000) };
}

function refusal(reason: string, row: Row<string>): AnyRefusal {
  return (args?: Readonly<Record<string, Argument>>, options: RefusalOptions = {}) => {
    const metadata: Record<string, string> = {};
    for (const [name, value] of Object.entries(args ?? {})) metadata[name] = String(value);
    const message = row.message.replace(/\{(\w+)\}/g, (_, name: string) => metadata[name] ?? "?");
    const subject = Object.values(metadata)[0] ?? "";
    const details = row.detail({ reason, message, subject });
    return new ServiceError({ code: row.code, reason, message, metadata, details, ...options });
  };
}

function resource(type: string, made: Made): Detail {
  return { kind: "resource", type, name: made.subject, description: made.message };
}

function retry(afterMs: number | undefined): readonly Detail[] {
  return afterMs === undefined ? [] : [{ kind: "retry", afterMs }];
}
