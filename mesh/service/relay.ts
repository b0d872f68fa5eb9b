import type { Broker, JetStream } from "./broker.ts";
import { crashPoint } from "./crash-point.ts";
import { eventHeaders } from "./envelope.ts";
import { streamOf } from "./event.ts";
import type { Logger } from "./log.ts";
import type { Outbox, OutboxSession, UnsentEvent } from "./storage.ts";
import { ensureSystemStream } from "./streams.ts";
import { WakeUp } from "./wake-up.ts";

export interface RelayOptions {
  readonly outbox: Outbox;
  readonly broker: Broker;
  /** Prefix of subjects. */
  readonly ns: string;
  readonly log: Logger;
}

/** Behind the outbox's notification, which is only a wake-up: a process may die between its commit and its notification. */
const sweepMs = 5_000;
/** How often a process that does not relay looks whether it is its turn. */
const turnMs = 1_000;
const retryMs = 500;
/** After a round: how long the next event may be waited for, so that one statement marks this round and fetches the next. */
const gatherMs = 100;
const ackMs = 5_000;

/**
 * Takes events from the outbox to JetStream. One process per database does it; the others wait for its place. Rows are chosen by
 * state (not sent yet), not by a cursor, so a row whose transaction commits late is never passed over; events of one aggregate leave one
 * after the other, in the order of their positions, which is that of their commits because the aggregate's row was locked meanwhile.
 * A row counts as sent once JetStream has acknowledged it; sent twice it is stored once (Nats-Msg-Id), and applied once (inbox).
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #wakeUp = new WakeUp();
  #leads = false;
  #stopping = false;
  readonly #stopped = Promise.withResolvers<undefined>();
  #flushing = false;
  #running: Promise<void> | undefined;
  #session: OutboxSession | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Tells whoever relays that there is something new. Never throws: the sweep finds it too. */
  notify(): void {
    if (this.#leads) return this.#wakeUp.ring();
    this.#options.outbox.notify();
  }

  /** Sends what is there once more, if this process relays, and ends. @param withinMs at most this long */
  async stop(withinMs: number): Promise<void> {
    this.#flushing = this.#leads;
    this.#stopping = true;
    this.#stopped.resolve(undefined);
    this.#wakeUp.ring();
    const timer = setTimeout(() => void this.#session?.close().catch(() => {}), withinMs);
    await this.#running;
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    let wasAway = false;
    while (!this.#stopping) {
      try {
        await this.#lead();
        wasAway = false;
      } catch (error) {
        if (!wasAway && !this.#stopping) this.#options.log.warn({ err: error }, "events wait");
        wasAway = true;
        if (!this.#stopping) await this.#wakeUp.wait(retryMs);
      }
    }
  }

  /** Waits for its turn to lead, then relays until stopped. */
  async #lead(): Promise<void> {
    const session = this.#options.outbox.session(() => this.#wakeUp.ring());
    this.#session = session;
    try {
      await session.connect();
      if (!(await this.#untilLeading(session))) return;
      const jetstream = await this.#jetstream();
      if (!jetstream) return;
      await ensureSystemStream(jetstream.manager, this.#options.ns);
      this.#leads = true;
      await this.#relay(session, jetstream);
    } finally {
      this.#leads = false;
      await session.close().catch(() => {});
    }
  }

  async #untilLeading(session: OutboxSession): Promise<boolean> {
    while (!this.#stopping) {
      if (await session.lead()) return true;
      await this.#wakeUp.wait(turnMs);
    }
    return false;
  }

  /** NATS, once it is there; undefined when it is time to stop. */
  async #jetstream(): Promise<JetStream | undefined> {
    if (this.#stopping) return undefined;
    return Promise.race([this.#options.broker.ready, this.#stopped.promise]);
  }

  async #relay(session: OutboxSession, jetstream: JetStream): Promise<void> {
    let sent: string[] = [];
    while (!this.#stopping || this.#flushing) {
      // Marks what the last round has sent and looks for more, in one go.
      const rows = await session.unsent(sent);
      sent = await this.#publish(rows, jetstream);
      if (sent.length > 0) crashPoint("relay.published");
      if (sent.length < rows.length) {
        await session.unsent(sent);
        throw new Error("JetStream did not acknowledge every event");
      }
      if (rows.length > 0 && !this.#wakeUp.rung) await this.#wakeUp.wait(gatherMs);
      else if (rows.length === 0) {
        if (this.#stopping) return;
        await this.#wakeUp.wait(sweepMs);
      }
    }
  }

  /** Aggregates side by side, the events of one aggregate one after the other. @returns the positions that were acknowledged */
  async #publish(rows: readonly UnsentEvent[], { client }: JetStream): Promise<string[]> {
    const sent: string[] = [];
    const chains = Map.groupBy(rows, ({ subject, aggregateId }) => `${subject.split(".")[0]}/${aggregateId}`);
    const sendChain = async (chain: readonly UnsentEvent[]) => {
      for (const row of chain) {
        await client.publish(`${this.#options.ns}.${row.subject}`, row.payload, {
          msgID: row.eventId,
          headers: eventHeaders(row),
          expect: { streamName: streamOf(this.#options.ns) },
          timeout: ackMs,
        });
        sent.push(row.position);
      }
    };
    const outcomes = await Promise.allSettled([...chains.values()].map(sendChain));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed && sent.length === 0) throw failed.reason;
    return sent;
  }
}
