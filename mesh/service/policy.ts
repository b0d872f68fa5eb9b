import type { Context } from "./call.ts";
import type { EventType, ReceivedEvent } from "./event.ts";
import type { EventTransaction } from "./transaction.ts";

/** "Whenever this event happens, do that." */
export type Policy<Store = unknown> = EffectPolicy<Store> | ProjectionPolicy;

export interface EffectPolicy<Store> {
  readonly kind: "effect";
  readonly event: EventType<unknown>;
  apply(json: unknown, tx: EventTransaction<Store>, context: Context): Promise<unknown>;
}

export interface ProjectionPolicy {
  readonly kind: "projection";
  readonly event: EventType<unknown>;
  apply(json: unknown, delivery: Delivery): Promise<unknown>;
}

/** An event outside a transaction of ours. */
export interface Delivery extends Context {
  readonly event: ReceivedEvent;
}

/**
 * A policy whose effect is in the service's database. The effect and the inbox row commit together: delivered twice, applied once.
 * A throw rolls back; the event comes again after 1, 5, 30 and then 60 s, eight times in all, and then becomes a dead letter.
 */
export function whenever<Message, Store>(
  event: EventType<Message>,
  effect: (message: Message, tx: EventTransaction<Store>, context: Context) => Promise<unknown> | unknown,
): EffectPolicy<Store> {
  const apply = async (json: unknown, tx: EventTransaction<Store>, context: Context) =>
    effect(event.codec.fromJSON(json), tx, context);
  return { kind: "effect", event: event as EventType<unknown>, apply };
}

/** A policy whose effect is elsewhere (a key-value bucket): no inbox; it must compare `delivery.event.aggregateVersion` itself. */
export function project<Message>(
  event: EventType<Message>,
  effect: (message: Message, delivery: Delivery) => Promise<unknown>,
): ProjectionPolicy {
  const apply = (json: unknown, delivery: Delivery) => effect(event.codec.fromJSON(json), delivery);
  return { kind: "projection", event: event as EventType<unknown>, apply };
}
