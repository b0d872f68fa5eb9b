import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { envInteger } from "./config.ts";
import { streamOf } from "./event.ts";

const nanosPerMs = 1_000_000;
const day = 24 * 60 * 60 * 1000;
/** In it a publish that is repeated with the same Nats-Msg-Id is stored once. */
const duplicateWindowMs = 10 * 60 * 1000;

/** The stream of a system: subjects `siren.>`, file storage, 7 days. Made by the publisher; an existing one is left as it is. */
export async function ensureSystemStream(manager: JetStreamManager, ns: string): Promise<void> {
  await ensureStream(manager, streamOf(ns), `${ns}.>`, 7 * day);
}

/** The stream of a system's dead letters: subjects `dlq.siren.>`, 30 days. @returns its name */
export async function ensureDeadLetterStream(manager: JetStreamManager, ns: string): Promise<string> {
  const name = deadLetterStreamOf(ns);
  await ensureStream(manager, name, `dlq.${ns}.>`, 30 * day);
  return name;
}

/** `SIREN_DLQ` */
export function deadLetterStreamOf(ns: string): string {
  return `${streamOf(ns)}_DLQ`;
}

/** Whether an error of JetStream says that the stream does not exist. */
export function isStreamMissing(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}

export function isConsumerMissing(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound;
}

export interface ConsumerSpec {
  readonly stream: string;
  /** The durable name: the service's, shared by its replicas. */
  readonly name: string;
  readonly subjects: readonly string[];
  /** How long a delivery may be silent before it comes again. */
  readonly ackWaitMs: number;
}

/**
 * Makes the durable pull consumer, or brings its subjects up to date. Deliveries are counted here, not by the server, so it never gives up.
 *
 * @throws JetStreamApiError StreamNotFound
 */
export async function ensureConsumer(manager: JetStreamManager, spec: ConsumerSpec): Promise<void> {
  const config = {
    filter_subjects: [...spec.subjects],
    ack_wait: spec.ackWaitMs * nanosPerMs,
    max_deliver: -1,
    max_ack_pending: 1000,
  };
  try {
    await manager.consumers.info(spec.stream, spec.name);
    await manager.consumers.update(spec.stream, spec.name, config);
  } catch (error) {
    if (!isConsumerMissing(error)) throw error;
    await manager.consumers.add(spec.stream, {
      ...config,
      durable_name: spec.name,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
    });
  }
}

async function ensureStream(manager: JetStreamManager, name: string, subject: string, maxAgeMs: number): Promise<void> {
  try {
    await manager.streams.info(name);
  } catch (error) {
    if (!isStreamMissing(error)) throw error;
    await manager.streams.add({
      name,
      subjects: [subject],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      max_age: maxAgeMs * nanosPerMs,
      duplicate_window: duplicateWindowMs * nanosPerMs,
      num_replicas: envInteger("NATS_REPLICAS", 1),
    });
  }
}
