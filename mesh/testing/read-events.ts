import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

/** An event as it lies in the stream. */
export interface StoredEvent {
  /** `ce-id` */
  readonly id: string;
  /** `siren.order.Ordered` */
  readonly subject: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Every event of a stream with a subject, in the order of the stream.
 *
 * @param natsUrl `nats://127.0.0.1:PORT`
 * @param subject may have wildcards: `siren.order.>`
 */
export async function readEvents(natsUrl: string, stream: string, subject: string): Promise<StoredEvent[]> {
  const connection = await connect({ servers: natsUrl });
  try {
    const manager = await jetstreamManager(connection);
    const info = await manager.streams.info(stream, { subjects_filter: subject });
    let left = Object.values(info.state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
    const events: StoredEvent[] = [];
    if (left === 0) return events;
    const consumer = await jetstream(connection).consumers.get(stream, { filter_subjects: [subject] });
    for await (const message of await consumer.consume()) {
      const id = message.headers?.get("ce-id") ?? "";
      events.push({ id, subject: message.subject, body: message.json<Record<string, unknown>>() });
      if (--left === 0) break;
    }
    return events;
  } finally {
    await connection.close();
  }
}
