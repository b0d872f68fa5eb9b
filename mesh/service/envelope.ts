import { headers, type MsgHdrs } from "@nats-io/transport-node";
import type { ReceivedEvent } from "./event.ts";

/** An event as the outbox keeps it. */
export interface StoredEvent {
  readonly eventId: string;
  /** Without the prefix: `order.Ordered` */
  readonly subject: string;
  readonly type: string;
  readonly source: string;
  readonly time: string;
  readonly aggregateId: string;
  readonly aggregateVersion: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly traceparent: string;
  /** The proto message as JSON. */
  readonly payload: string;
}

/** CloudEvents 1.0, binary mode over NATS: https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md */
export function eventHeaders(event: StoredEvent): MsgHdrs {
  const made = headers();
  made.set("ce-specversion", "1.0");
  made.set("ce-id", event.eventId);
  made.set("ce-type", event.type);
  made.set("ce-source", event.source);
  made.set("ce-time", event.time);
  made.set("ce-subject", event.aggregateId);
  made.set("ce-datacontenttype", "application/json");
  made.set("ce-aggregateversion", event.aggregateVersion);
  made.set("ce-correlationid", event.correlationId);
  if (event.causationId) made.set("ce-causationid", event.causationId);
  made.set("ce-traceparent", event.traceparent);
  made.set("traceparent", event.traceparent);
  return made;
}

/** Why a message is no event of ours. */
export class Undecodable extends Error {}

/** @throws Undecodable when a header is missing or malformed */
export function parseHeaders(found: MsgHdrs | undefined): ReceivedEvent {
  const optional = (name: string) => found?.get(name) || undefined;
  const demanded = (name: string) => {
    const value = optional(name);
    if (value === undefined) throw new Undecodable(`the header ${name} is missing`);
    return value;
  };
  const version = demanded("ce-aggregateversion");
  if (!/^\d{1,18}$/.test(version)) throw new Undecodable(`the header ce-aggregateversion is "${version}", no number`);
  return {
    id: demanded("ce-id"),
    type: demanded("ce-type"),
    source: demanded("ce-source"),
    time: new Date(demanded("ce-time")),
    aggregateId: demanded("ce-subject"),
    aggregateVersion: BigInt(version),
    correlationId: optional("ce-correlationid"),
    causationId: optional("ce-causationid"),
    traceparent: optional("traceparent") ?? optional("ce-traceparent"),
  };
}

/** @throws Undecodable when the body is no JSON object */
export function parseBody(data: Uint8Array): object {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch (cause) {
    throw new Undecodable("the body is not JSON", { cause });
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new Undecodable("the body is no JSON object");
  return body;
}
