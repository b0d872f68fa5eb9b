import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type StoredMsg,
} from "@nats-io/jetstream";
import { headers, type MsgHdrs, type NatsConnection } from "@nats-io/transport-node";
import { describeError } from "./log.ts";
import { deadLetterStreamOf, isStreamMissing } from "./streams.ts";

/** An event that a service could not apply. */
export interface DeadLetter {
  /** Its place in the stream of dead letters; names it in `replayDeadLetters`. */
  readonly sequence: number;
  /** `order` */
  readonly service: string;
  /** The subject it came on: `siren.product.ProductRegistered`. */
  readonly subject: string;
  readonly eventId: string;
  readonly correlationId: string;
  readonly deliveries: number;
  /** The last error: name and message. */
  readonly cause: string;
  readonly time: Date;
  /** The body as it came. */
  readonly payload: string;
}

const header = {
  subject: "mesh-subject",
  service: "mesh-service",
  deliveries: "mesh-deliveries",
  cause: "mesh-cause",
} as const;

/** What a dead letter is made of. */
export interface Failure {
  readonly ns: string;
  readonly service: string;
  readonly subject: string;
  readonly headers: MsgHdrs | undefined;
  readonly data: Uint8Array;
  readonly deliveries: number;
  /** Makes the letter unique: the consumer's stream and sequence. */
  readonly id: string;
  readonly error: unknown;
}

/** Stores a dead letter on `dlq.<ns>.<service>`. @throws when JetStream does not acknowledge it */
export async function storeDeadLetter(connection: NatsConnection, failure: Failure): Promise<void> {
  const made = copyOf(failure.headers);
  made.set(header.subject, failure.subject);
  made.set(header.service, failure.service);
  made.set(header.deliveries, String(failure.deliveries));
  made.set(header.cause, oneLine(failure.error));
  await jetstream(connection).publish(`dlq.${failure.ns}.${failure.service}`, failure.data, {
    headers: made,
    msgID: `dlq:${failure.service}:${failure.id}`,
    expect: { streamName: deadLetterStreamOf(failure.ns) },
  });
}

export interface DeadLetterFilter {
  /** The system: `siren`. */
  readonly ns: string;
  /** Default: every service of the system. */
  readonly service?: string;
}

/** The dead letters of a system, oldest first. Empty when there are none. */
export async function listDeadLetters(connection: NatsConnection, filter: DeadLetterFilter): Promise<DeadLetter[]> {
  const manager = await jetstreamManager(connection);
  const letters: DeadLetter[] = [];
  for await (const message of stored(manager, filter)) letters.push(letterOf(message));
  return letters;
}

/**
 * Delivers dead letters again, each to the service that could not apply it and to no other, and deletes them. The event keeps its id, so an effect that
 * happened meanwhile does not happen twice.
 *
 * @param sequences which; default: all of the filter
 * @returns how many were delivered again
 */
export async function replayDeadLetters(
  connection: NatsConnection,
  filter: DeadLetterFilter,
  sequences?: readonly number[],
): Promise<number> {
  const manager = await jetstreamManager(connection);
  const wanted = sequences && new Set(sequences);
  let replayed = 0;
  for await (const message of stored(manager, filter)) {
    if (wanted && !wanted.has(message.seq)) continue;
    const letter = letterOf(message);
    await jetstream(connection).publish(replaySubject(filter.ns, letter.service), message.data, {
      headers: withoutOwn(message.header),
      msgID: `replay:${message.seq}:${Date.now()}`,
    });
    await manager.streams.deleteMessage(deadLetterStreamOf(filter.ns), message.seq);
    replayed += 1;
  }
  return replayed;
}

/** Where replayed events reach one service alone: `siren.replay.order`. */
export function replaySubject(ns: string, service: string): string {
  return `${ns}.replay.${service}`;
}

async function* stored(manager: JetStreamManager, { ns, service }: DeadLetterFilter): AsyncIterable<StoredMsg> {
  const subject = service === undefined ? `dlq.${ns}.>` : `dlq.${ns}.${service}`;
  let next = 1;
  for (;;) {
    const request = { seq: next, next_by_subj: subject }; // The server's "next message of a subject", which the client's types lack.
    const message = await manager.streams.getMessage(deadLetterStreamOf(ns), request).catch((error: unknown) => {
      if (isStreamMissing(error) || isEnd(error)) return null;
      throw error;
    });
    if (!message) return;
    yield message;
    next = message.seq + 1;
  }
}

function isEnd(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound;
}

function letterOf(message: StoredMsg): DeadLetter {
  const get = (name: string) => message.header.get(name);
  return {
    sequence: message.seq,
    service: get(header.service),
    subject: get(header.subject),
    eventId: get("ce-id"),
    correlationId: get("ce-correlationid"),
    deliveries: Number(get(header.deliveries)),
    cause: get(header.cause),
    time: message.time,
    payload: Buffer.from(message.data).toString(),
  };
}

/** The publisher's headers go on; JetStream's own (Nats-...) belong to the first publication. */
function copyOf(from: MsgHdrs | undefined): MsgHdrs {
  const made = headers();
  for (const name of from?.keys() ?? []) {
    if (!/^nats-/i.test(name)) made.set(name, from?.get(name) ?? "");
  }
  return made;
}

function withoutOwn(from: MsgHdrs): MsgHdrs {
  const made = copyOf(from);
  for (const name of Object.values(header)) made.delete(name);
  return made;
}

function oneLine(error: unknown): string {
  const { type = "Error", message = "" } = describeError(error) as { type?: string; message?: string };
  return `${type}: ${message}`.replaceAll(/\s+/g, " ").slice(0, 500);
}
