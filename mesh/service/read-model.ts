import { setTimeout as sleep } from "node:timers/promises";
import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager, StorageType } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { NoRespondersError, type QueuedIterator } from "@nats-io/transport-node";
import type { Broker, JetStream } from "./broker.ts";
import { envInteger } from "./config.ts";
import { type JsonCodec, streamOf } from "./event.ts";
import type { Logger } from "./log.ts";
import { RowsById } from "./rows-by-id.ts";
import { StorageAway } from "./storage-failure.ts";
import { isConsumerMissing, isStreamMissing } from "./streams.ts";

/** What a read model lives in. */
export interface ReadModelParts {
  readonly broker: Broker;
  /** Prefix of subjects: `tword`. */
  readonly ns: string;
  /** `mypage`: also the name of the durable consumer that fills it. */
  readonly service: string;
  readonly log: Logger;
}

/** A read model as `serve` drives it. */
export interface OwnReadModel {
  /** @internal */
  start(parts: ReadModelParts): void;
  /** @internal */
  stop(): Promise<void>;
  /** Resolves when the rows can be changed. @internal */
  ping(): Promise<void>;
}

const againMs = 1_000;

/** Where a read model's rows are kept: the key-value bucket `tword_mypage`. */
export function bucketOf(ns: string, service: string): string {
  return `${ns}_${service}`.replaceAll(/[^A-Za-z0-9_-]/g, "_");
}

/**
 * Rows by id in a JetStream key-value bucket, for services that are made of events alone. Every replica has a copy in memory, kept up to date by the
 * bucket, and answers from it, also while NATS is away. A bucket that does not exist is made, and filled by reading all events again: to rebuild a read model,
 * delete its bucket. So an update must give the same row in whichever order, and however often, events come.
 *
 * @param codec what ts-proto generated for the row's message
 */
export class ReadModel<Row> implements OwnReadModel {
  readonly #codec: JsonCodec<Row>;
  readonly #rows = new RowsById<Row>();
  readonly #stopping = new AbortController();
  #bucket: KV | undefined;
  #watch: QueuedIterator<unknown> | undefined;
  #loaded = false;
  #running: Promise<void> | undefined;

  constructor(codec: JsonCodec<Row>) {
    this.#codec = codec;
  }

  /** @returns undefined when there is no row. @throws StorageAway before the bucket was read for the first time */
  get(id: bigint): Row | undefined {
    this.#demandLoaded();
    return this.#rows.get(id);
  }

  /** At most `take` rows with an id below `before` (undefined: from the newest) that match, highest id first. @throws StorageAway as `get` */
  page(before: bigint | undefined, take: number, matches: (row: Row) => boolean = () => true): Row[] {
    this.#demandLoaded();
    return this.#rows.page(before, take, matches);
  }

  /**
   * Changes a row by compare-and-set: `change` runs again when another replica was faster.
   *
   * @param change the row after the event; undefined came in when there is none yet
   * @throws StorageAway when the bucket cannot be reached: the consumer waits, and the delivery is not counted
   */
  async update(id: bigint, change: (known: Row | undefined) => Row): Promise<void> {
    const bucket = this.#bucket;
    if (!bucket) throw new StorageAway("the read model's bucket is not open");
    try {
      while (!(await this.#tryUpdate(bucket, id, change)));
    } catch (error) {
      if (isBucketMissing(error)) this.#watch?.stop(); // Deleted under us: it is made anew, and filled again.
      throw isAway(error) ? new StorageAway("the read model's bucket does not answer", { cause: error }) : error;
    }
  }

  async ping(): Promise<void> {
    if (!this.#bucket) throw new StorageAway("the read model's bucket is not open");
    await this.#bucket.status();
  }

  start(parts: ReadModelParts): void {
    this.#running = this.#run(parts);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#watch?.stop();
    await this.#running;
  }

  async #tryUpdate(bucket: KV, id: bigint, change: (known: Row | undefined) => Row): Promise<boolean> {
    const key = String(id);
    const entry = await bucket.get(key);
    const row = change(entry ? this.#decode(entry.value) : undefined);
    const data = JSON.stringify(this.#codec.toJSON(row));
    try {
      const revision = await (entry ? bucket.update(key, data, entry.revision) : bucket.create(key, data));
      this.#rows.set(id, row, revision);
      return true;
    } catch (error) {
      if (isLost(error)) return false;
      throw error;
    }
  }

  async #run(parts: ReadModelParts): Promise<void> {
    const { signal } = this.#stopping;
    const stopped = new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined)));
    const jetstream = await Promise.race([parts.broker.ready, stopped]);
    while (jetstream && !signal.aborted) {
      try {
        await this.#follow(await openBucket(jetstream, parts));
      } catch (error) {
        if (!signal.aborted) parts.log.warn({ err: error }, "cannot read the read model");
      }
      this.#bucket = undefined;
      await sleep(againMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Copies the bucket, and then each change of it, until it ends. */
  async #follow(bucket: KV): Promise<void> {
    const { values } = await bucket.status();
    const watch = await bucket.watch();
    this.#watch = watch;
    this.#rows.clear();
    this.#bucket = bucket;
    this.#loaded = values === 0;
    if (this.#stopping.signal.aborted) watch.stop();
    for await (const { key, value, revision, operation, delta } of watch) {
      if (operation === "PUT") this.#rows.set(BigInt(key), this.#decode(value), revision);
      if (delta === 0) this.#loaded = true;
    }
  }

  #decode(value: Uint8Array): Row {
    return this.#codec.fromJSON(JSON.parse(Buffer.from(value).toString()));
  }

  #demandLoaded(): void {
    if (!this.#loaded) throw new StorageAway("the read model is not loaded yet");
  }
}

/** Opens the bucket. When there is none, the consumer that fills it begins again at the first event of the stream. */
async function openBucket({ manager, connection }: JetStream, { ns, service }: ReadModelParts): Promise<KV> {
  const bucket = bucketOf(ns, service);
  const isNew = await manager.streams.info(`KV_${bucket}`).then(
    () => false,
    (error: unknown) => {
      if (isStreamMissing(error)) return true;
      throw error;
    },
  );
  if (isNew) await forgetPosition(manager, ns, service); // First: a crash in between leaves no bucket, and this happens again.
  const replicas = envInteger("NATS_REPLICAS", 1);
  return new Kvm(connection).create(bucket, { history: 1, storage: StorageType.File, replicas });
}

async function forgetPosition(manager: JetStreamManager, ns: string, service: string): Promise<void> {
  try {
    await manager.consumers.delete(streamOf(ns), service);
  } catch (error) {
    if (!isConsumerMissing(error) && !isStreamMissing(error)) throw error;
  }
}

function isLost(error: unknown): boolean {
  const { StreamWrongLastSequence, StreamWrongLastSequenceUnknown } = JetStreamApiCodes;
  return (
    error instanceof JetStreamApiError &&
    [StreamWrongLastSequence, StreamWrongLastSequenceUnknown].some((code) => code === error.code)
  );
}

function isBucketMissing(error: unknown): boolean {
  return (
    isStreamMissing(error) ||
    (error instanceof Error && error.cause instanceof NoRespondersError) ||
    error instanceof NoRespondersError
  );
}

/** Everything that JetStream did not answer itself, and a bucket that is gone. */
function isAway(error: unknown): boolean {
  return (
    isStreamMissing(error) ||
    !(error instanceof JetStreamApiError || error instanceof SyntaxError || error instanceof TypeError)
  );
}
