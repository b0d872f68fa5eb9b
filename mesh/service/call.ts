import type { Logger } from "./log.ts";
import type { Argument } from "./refusals.ts";
import type { Span } from "./telemetry.ts";
import type { TraceContext } from "./trace-context.ts";

/** What a piece of work belongs to: an incoming call, an event, a worker's round. Every outbound call and every transaction takes one. */
export interface Context {
  /** Aborted when the caller hung up, the deadline passed, or the process must end. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch; undefined: the caller set none. Passed on to callees. */
  readonly deadline: number | undefined;
  /** The id of the thing this flow is about (order, reservation ...); undefined until it is known. */
  readonly correlationId: string | undefined;
  /** Envoy's `x-request-id`, passed on. */
  readonly requestId: string | undefined;
  readonly trace: TraceContext;
  /** @internal the caller's access token as it came, for callees that act for the caller; undefined when none was checked */
  readonly authorization: string | undefined;
  /** The id of the event that caused this work; undefined when it was a call. */
  readonly causationId: string | undefined;
  /** Carries the ids of the flow on every line. */
  readonly log: Logger;
  /** Names the flow, once its id is known: log lines, callees and events carry it from here on. */
  correlate(id: Argument): void;
  /** @internal the span of an outbound call */
  childSpan(name: string): Span;
}

/** One incoming call. R is the method's response. */
export interface Call<R = unknown> extends Context {
  /** `siren.order.v1.OrderService/CreateOrder` */
  readonly method: string;
  /** Who calls: the subject of the access token. @throws Error in a method that asks for none */
  readonly subject: string;
  /** The first value of a header, in lower case; undefined when absent. */
  metadata(key: string): string | undefined;
  /** What makes `database.answer` idempotent; undefined without a request_id. */
  readonly idempotency: IdempotencyKey | undefined;
  /** @internal encodes the response once, for the wire and for the record */
  encode(response: R): Buffer;
  /** @internal an answer that was stored */
  decode(bytes: Buffer): R;
}

/** A request as `request_id` names it. */
export interface IdempotencyKey {
  readonly method: string;
  readonly requestId: string;
  /** SHA-256 of the request: the same id with another body is refused. */
  readonly fingerprint: Buffer;
}
