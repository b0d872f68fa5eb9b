import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { eventHeaders, type StoredEvent } from "#mesh/service/envelope.ts";
import type { EventType } from "#mesh/service/event.ts";
import { ensureSystemStream } from "#mesh/service/streams.ts";
import { formatTraceparent, newTrace } from "#mesh/service/trace-context.ts";
import type { About } from "#mesh/service/transaction.ts";
import { uuidv7 } from "#mesh/service/uuid.ts";

/** An event as a test makes it. @param time default: now */
export function occurred<Message>(
  { type, service, name, codec }: EventType<Message>,
  message: Message,
  { aggregateId, aggregateVersion, correlationId = aggregateId }: About,
  time = new Date(),
): StoredEvent {
  return {
    eventId: uuidv7(),
    subject: `${service}.${name}`,
    type,
    source: `${service}.test`,
    time: time.toISOString(),
    aggregateId: String(aggregateId),
    aggregateVersion: String(aggregateVersion),
    correlationId: String(correlationId),
    causationId: null,
    traceparent: formatTraceparent(newTrace(false)),
    payload: JSON.stringify(codec.toJSON(message)),
  };
}

const publishMs = 60_000;

/**
 * Publishes events in this order into a system's stream, which is made if there is none. The same event may be given twice: JetStream is not told that it
 * is the same, so it comes twice.
 *
 * @param ns prefix of the subjects
 */
export async function publishEvents(natsUrl: string, ns: string, events: readonly StoredEvent[]): Promise<void> {
  const connection = await connect({ servers: natsUrl });
  try {
    const manager = await jetstreamManager(connection);
    await ensureSystemStream(manager, ns);
    const jetstream = manager.jetstream();
    // One connection: they arrive in the order in which they are sent, so none has to wait for the one before.
    const publish = (event: StoredEvent) =>
      jetstream.publish(`${ns}.${event.subject}`, event.payload, { headers: eventHeaders(event), timeout: publishMs });
    await Promise.all(events.map(publish));
  } finally {
    await connection.close();
  }
}
