import { setTimeout as sleep } from "node:timers/promises";
import type { JsMsg, Consumer as PullConsumer } from "@nats-io/jetstream";
import type { Broker, JetStream } from "./broker.ts";
import { crashPoint } from "./crash-point.ts";
import { replaySubject, storeDeadLetter } from "./dead-letters.ts";
import { Undecodable } from "./envelope.ts";
import { streamOf } from "./event.ts";
import { InFlight, type InFlightOptions } from "./in-flight.ts";
import type { Logger } from "./log.ts";
import { isStorageDown } from "./storage-failure.ts";
import { ensureConsumer, ensureDeadLetterStream, isStreamMissing } from "./streams.ts";

export interface ConsumerOptions {
  readonly broker: Broker;
  /** Prefix of subjects. */
  readonly ns: string;
  /** `order`: the durable's name. */
  readonly service: string;
  /** Without the prefix: `product.ProductRegistered`. */
  readonly subjects: readonly string[];
  readonly log: Logger;
  /** Applies a message once. */
  dispatch(message: JsMsg): Promise<void>;
  /** Resolves when the service's database, or its read model's bucket, answers; undefined without one. */
  ping?: (() => Promise<void>) | undefined;
  /** Default: 128 deliveries in hand, 4 worked on at a time. */
  readonly inFlight?: InFlightOptions;
  /** When a failed delivery comes again. Default: after 1, 5, 30 and then 60 s, eight deliveries in all. */
  readonly retryMs?: readonly number[];
}

const defaultInFlight: InFlightOptions = { inHand: 128, atOnce: 4 };
const defaultRetryMs = [1_000, 5_000, 30_000, 60_000, 60_000, 60_000, 60_000];
const noStreamMs = 5_000;
const brokenMs = 1_000;
/** A request for messages is renewed this often; it also bounds how long `stop` waits. */
const fetchMs = 2_000;
const pingMs = 1_000;
/** So often a delivery may say that the database is away, which answers then; after that it counts as failed. */
const mostFalseAlarms = 3;
/** How long a delivery may be silent before it comes again: what a killed replica had in hand is another's after so long. */
const ackWaitMs = 5_000;
/** So often JetStream is told that a delivery is still in hand, however long its turn or its handler takes. */
const workingMs = 1_000;

/**
 * The durable pull consumer of a service, shared by its replicas. An event is acknowledged after its transaction has committed. A failing one comes again;
 * after the last try, or at once when it cannot be decoded, it becomes a dead letter. While the service's own database is away the deliveries in hand are
 * kept, not failed, and no more are taken.
 */
export class Consumer {
  readonly #options: ConsumerOptions;
  readonly #inFlight: InFlight<JsMsg>;
  readonly #stop = new AbortController();
  readonly #retryMs: readonly number[];
  #running: Promise<void> | undefined;
  #consumer: PullConsumer | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#inFlight = new InFlight(options.inFlight ?? defaultInFlight);
    this.#retryMs = options.retryMs ?? defaultRetryMs;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** How many events wait for this service, in the stream and in hand; undefined until it listens. */
  async lag(): Promise<number | undefined> {
    const info = await this.#consumer?.info();
    return info && info.num_pending + info.num_ack_pending;
  }

  /** Takes no more, finishes what is in hand. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#inFlight.empty();
  }

  async #run(): Promise<void> {
    const { log, ns } = this.#options;
    const { signal } = this.#stop;
    const stopped = new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined)));
    const jetstream = await Promise.race([this.#options.broker.ready, stopped]);
    const working = setInterval(() => this.#inFlight.each((message) => message.working()), workingMs);
    while (jetstream && !signal.aborted) {
      try {
        this.#consumer = await this.#open(jetstream);
        await this.#consume(this.#consumer, jetstream);
      } catch (error) {
        if (signal.aborted) break;
        if (isStreamMissing(error)) log.warn({ stream: streamOf(ns) }, "no stream");
        else log.warn({ err: error }, "cannot consume events");
        await pause(isStreamMissing(error) ? noStreamMs : brokenMs, signal);
      }
    }
    await this.#inFlight.empty();
    clearInterval(working);
  }

  async #open({ manager, client }: JetStream): Promise<PullConsumer> {
    const { ns, service, subjects } = this.#options;
    const stream = streamOf(ns);
    const filters = [...new Set(subjects.map((subject) => `${ns}.${subject}`)), replaySubject(ns, service)];
    await ensureConsumer(manager, { stream, name: service, subjects: filters, ackWaitMs });
    await ensureDeadLetterStream(manager, ns);
    return client.consumers.get(stream, service);
  }

  /** Fetches as many as there is room for: what has been fetched is in hand, nothing waits unseen in a buffer while its ack_wait runs out. */
  async #consume(consumer: PullConsumer, jetstream: JetStream): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const room = await this.#inFlight.room();
      const messages = await consumer.fetch({ max_messages: room, expires: fetchMs });
      const close = () => void messages.close();
      this.#stop.signal.addEventListener("abort", close, { once: true });
      try {
        for await (const message of messages) this.#inFlight.add(message, (held) => this.#handle(held, jetstream));
      } finally {
        this.#stop.signal.removeEventListener("abort", close);
      }
    }
  }

  async #handle(message: JsMsg, jetstream: JetStream): Promise<void> {
    for (let falseAlarms = 0; ; falseAlarms++) {
      try {
        await this.#options.dispatch(message);
        crashPoint("consumer.beforeAck");
        message.ack();
        return;
      } catch (error) {
        if (!isStorageDown(error) || falseAlarms === mostFalseAlarms) return this.#fail(message, error, jetstream);
        this.#options.log.warn({ err: error, subject: message.subject }, "events wait for the database");
        if (!(await this.#databaseBack())) return; // Stopping: it comes again, here or at another replica.
      }
    }
  }

  async #databaseBack(): Promise<boolean> {
    const { ping } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await pause(pingMs, signal);
      if (!ping) return true;
      const up = await ping().then(
        () => true,
        () => false,
      );
      if (up) return true;
    }
    return false;
  }

  async #fail(message: JsMsg, error: unknown, { connection }: JetStream): Promise<void> {
    const { ns, service, log } = this.#options;
    const deliveries = message.info.deliveryCount;
    const delayMs = this.#retryMs[deliveries - 1];
    const line = { subject: message.subject, eventId: message.headers?.get("ce-id"), deliveries, err: error };
    if (delayMs !== undefined && !(error instanceof Undecodable)) {
      log.warn({ ...line, againInMs: delayMs }, "event failed");
      return message.nak(delayMs);
    }
    const { subject, headers, data } = message;
    const id = `${message.info.stream}:${message.info.streamSequence}`;
    try {
      await storeDeadLetter(connection, { ns, service, subject, headers, data, deliveries, id, error });
      message.term("dead letter");
      log.error(line, "dead letter");
    } catch (cause) {
      log.error({ ...line, cause }, "dead letter could not be stored");
      message.nak(this.#retryMs.at(-1) ?? brokenMs);
    }
  }
}

/** Ends early when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
