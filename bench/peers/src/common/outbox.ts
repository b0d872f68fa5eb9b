import { randomFillSync } from "node:crypto";
import { currentContext } from "./request-context.ts";

export interface Event {
  /** `mall.order.v1.OrderPlaced` */
  readonly type: string;
  readonly aggregateId: bigint;
  readonly aggregateVersion: bigint;
  /** The event's message as JSON. */
  readonly payload: Readonly<Record<string, string | number>>;
}

/** A row of the outbox. */
export function outboxRow({ type, aggregateId, aggregateVersion, payload }: Event) {
  const { correlationId, causationId, traceparent } = currentContext();
  const [system, service, , name] = type.split(".");
  return {
    eventId: uuidv7(),
    subject: `${service}.${name}`,
    type,
    source: `${service}.${system}`,
    time: new Date(),
    aggregateId: String(aggregateId),
    aggregateVersion,
    correlationId: correlationId ?? String(aggregateId),
    causationId,
    traceparent,
    payload: JSON.stringify(payload),
  };
}

function uuidv7(): string {
  const bytes = randomFillSync(Buffer.allocUnsafe(16));
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
