import type { MsgHdrs } from "@nats-io/transport-node";
import type { OwnDatabase } from "./database.ts";
import { parseBody, parseHeaders, Undecodable } from "./envelope.ts";
import type { Logger } from "./log.ts";
import type { EffectPolicy, Policy, ProjectionPolicy } from "./policy.ts";
import type { Telemetry } from "./telemetry.ts";
import { WorkContext } from "./work-context.ts";

export interface DispatcherOptions<Store> {
  readonly policies: readonly Policy<Store>[];
  /** Undefined for a service without one: its policies are projections. */
  readonly database: OwnDatabase<Store> | undefined;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly signal: AbortSignal;
}

/** A message as it comes from the broker. */
export interface Incoming {
  readonly headers: MsgHdrs | undefined;
  readonly data: Uint8Array;
}

/** Hands an event to the policies that wait for it. */
export class Dispatcher<Store> {
  readonly #options: DispatcherOptions<Store>;

  /** @throws Error when a policy needs a database and there is none */
  constructor(options: DispatcherOptions<Store>) {
    this.#options = options;
    const effect = options.policies.find((policy) => policy.kind === "effect");
    if (effect && !options.database)
      throw new Error(`the policy for ${effect.event.type} needs a database; use project()`);
  }

  /**
   * Applies an event once: all effects in one transaction with the inbox row.
   *
   * @throws Undecodable when it is no event of ours, or its body does not fit; whatever a policy throws
   */
  async dispatch(message: Incoming): Promise<void> {
    const started = performance.now();
    const event = parseHeaders(message.headers);
    const body = parseBody(message.data);
    const wanted = this.#options.policies.filter((policy) => policy.event.type === event.type);
    if (wanted.length === 0) throw new Undecodable(`nothing here waits for ${event.type}`);
    for (const policy of wanted) demandFit(policy, body);
    const context = new WorkContext(event.type, {
      ...this.#options,
      correlationId: event.correlationId,
      causationId: event.id,
      traceparent: event.traceparent,
    });
    try {
      const projections = wanted.filter((policy) => policy.kind === "projection");
      for (const policy of projections) await policy.apply(body, Object.assign(context, { event }));
      const fresh = await this.#effect(
        wanted.filter((policy) => policy.kind === "effect"),
        event,
        body,
        context,
      );
      context.span.end();
      const durationMs = Math.round((performance.now() - started) * 10) / 10;
      this.#options.log.info({ ...context.ids(), event: event.type, fresh, durationMs }, "event");
    } catch (error) {
      context.span.end("failed");
      throw error;
    }
  }

  async #effect(
    policies: readonly EffectPolicy<Store>[],
    event: ReturnType<typeof parseHeaders>,
    body: object,
    context: WorkContext,
  ): Promise<boolean> {
    const { database } = this.#options;
    if (policies.length === 0 || !database) return true;
    return database.effect(event, context, async (tx) => {
      for (const policy of policies) await policy.apply(body, tx, context);
    });
  }
}

/** A body that the codec refuses will never fit; the handler need not fail eight times for it. */
function demandFit(policy: EffectPolicy<never> | ProjectionPolicy | Policy<never>, body: object): void {
  try {
    policy.event.codec.fromJSON(body);
  } catch (cause) {
    throw new Undecodable(`the body does not fit ${policy.event.type}`, { cause });
  }
}
