import type { Metadata } from "@grpc/grpc-js";
import type { Caller } from "./authenticator.ts";
import type { Call, IdempotencyKey } from "./call.ts";
import type { Logger } from "./log.ts";
import type { Argument } from "./refusals.ts";
import type { Span, Telemetry } from "./telemetry.ts";
import { parseTraceparent, type TraceContext } from "./trace-context.ts";

/** The part of a grpc-js call that a handler needs. */
export interface GrpcCall {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  getDeadline(): Date | number;
  on(event: "cancelled", listener: () => void): unknown;
}

export interface ServerCallOptions {
  readonly method: string;
  /** The method's, so that its name need not be written anew for each call. */
  readonly log: Logger;
  readonly telemetry: Telemetry;
  serialize(response: unknown): Buffer;
  deserialize(bytes: Buffer): object;
}

/** An incoming call as handlers see it. What costs something (signal, child log) is made when it is first asked for. */
export class ServerCall implements Call<unknown> {
  readonly method: string;
  readonly span: Span;
  readonly requestId: string | undefined;
  readonly causationId = undefined;
  correlationId: string | undefined;
  idempotency: IdempotencyKey | undefined;
  /** From the adapter, once the access token is checked. */
  caller: Caller | undefined;
  readonly #grpc: GrpcCall;
  readonly #options: ServerCallOptions;
  #controller: AbortController | undefined;
  #answered = false;
  #log: Logger | undefined;
  #encoded: { response: unknown; bytes: Buffer } | undefined;

  constructor(grpc: GrpcCall, options: ServerCallOptions) {
    this.#grpc = grpc;
    this.#options = options;
    this.method = options.method;
    this.requestId = this.metadata("x-request-id");
    this.correlationId = this.metadata("x-correlation-id");
    const parent = parseTraceparent(this.metadata("traceparent"));
    this.span = options.telemetry.startSpan(options.method, "server", parent);
    // grpc-js says "cancelled" after every call, answered ones too.
    grpc.on("cancelled", () => {
      if (!this.#answered) this.#controller?.abort();
    });
  }

  get trace(): TraceContext {
    return this.span.context;
  }

  get deadline(): number | undefined {
    const deadline = Number(this.#grpc.getDeadline());
    return Number.isFinite(deadline) ? deadline : undefined;
  }

  get subject(): string {
    if (!this.caller) throw new Error(`${this.method} asks for no access token, so nobody knows who calls`);
    return this.caller.subject;
  }

  get authorization(): string | undefined {
    return this.caller?.authorization;
  }

  get cancelled(): boolean {
    return this.#grpc.cancelled;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#grpc.cancelled) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  get log(): Logger {
    this.#log ??= this.#options.log.child(this.ids());
    return this.#log;
  }

  /** The ids of the flow, as they stand on log lines; the method is on the log already. */
  ids(): Record<string, string> {
    const ids: Record<string, string> = { traceId: this.trace.traceId };
    if (this.correlationId !== undefined) ids["correlationId"] = this.correlationId;
    if (this.requestId !== undefined) ids["requestId"] = this.requestId;
    return ids;
  }

  correlate(id: Argument): void {
    this.correlationId = String(id);
    this.#log = undefined;
  }

  childSpan(name: string): Span {
    return this.#options.telemetry.startSpan(name, "client", this.trace);
  }

  metadata(key: string): string | undefined {
    const [value] = this.#grpc.metadata.get(key);
    return value === undefined ? undefined : value.toString();
  }

  encode(response: unknown): Buffer {
    const known = this.#encoded;
    if (known && known.response === response) return known.bytes;
    const bytes = this.#options.serialize(response);
    this.#encoded = { response, bytes };
    return bytes;
  }

  /** The end of the call, from the adapter. @param failure the status's name when it did not go well */
  end(failure: string | undefined): void {
    this.#answered = true;
    this.span.end(failure);
  }

  decode(bytes: Buffer): unknown {
    const response = this.#options.deserialize(bytes);
    this.#encoded = { response, bytes };
    return response;
  }
}
