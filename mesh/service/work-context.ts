import type { Context } from "./call.ts";
import type { Logger } from "./log.ts";
import type { Argument } from "./refusals.ts";
import type { Span, Telemetry } from "./telemetry.ts";
import { parseTraceparent, type TraceContext } from "./trace-context.ts";

export interface WorkOptions {
  readonly log: Logger;
  readonly telemetry: Telemetry;
  /** Ends when the process must. */
  readonly signal: AbortSignal;
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
  readonly traceparent?: string | undefined;
}

/** The context of work that no call started: an event, a worker's round. It has no deadline: the mesh's timeouts bound its calls. */
export class WorkContext implements Context {
  readonly signal: AbortSignal;
  readonly deadline = undefined;
  readonly requestId = undefined;
  readonly authorization = undefined;
  readonly causationId: string | undefined;
  readonly span: Span;
  correlationId: string | undefined;
  readonly #options: WorkOptions;
  #log: Logger | undefined;

  /** @param name of the span: `siren.product.v1.ProductRegistered`, `finish-cancels` */
  constructor(name: string, options: WorkOptions) {
    this.#options = options;
    this.signal = options.signal;
    this.causationId = options.causationId;
    this.correlationId = options.correlationId;
    this.span = options.telemetry.startSpan(name, "consumer", parseTraceparent(options.traceparent));
  }

  get trace(): TraceContext {
    return this.span.context;
  }

  get log(): Logger {
    this.#log ??= this.#options.log.child(this.ids());
    return this.#log;
  }

  ids(): Record<string, string> {
    const { correlationId, causationId } = this;
    return {
      traceId: this.trace.traceId,
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(causationId === undefined ? {} : { causationId }),
    };
  }

  correlate(id: Argument): void {
    this.correlationId = String(id);
    this.#log = undefined;
  }

  childSpan(name: string): Span {
    return this.#options.telemetry.startSpan(name, "client", this.trace);
  }
}
