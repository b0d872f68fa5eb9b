import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Broker, JetStream } from "./broker.ts";
import { crashPoint } from "./crash-point.ts";
import { eventHeaders, type StoredEvent } from "./envelope.ts";
import { streamOf } from "./event.ts";
import type { Logger } from "./log.ts";
import { ensureSystemStream } from "./streams.ts";
import { WakeUp } from "./wake-up.ts";

export interface RelayOptions {
  readonly url: string;
  /** For NOTIFY, when another replica is the one that relays. */
  readonly pool: pg.Pool;
  readonly broker: Broker;
  /** Prefix of subjects. */
  readonly ns: string;
  readonly log: Logger;
}

interface Row extends StoredEvent {
  readonly position: string;
}

/** One relay at a time per database holds it. Any number will do, as long as it stays. */
const relayLock = 7_246_102;
const channel = "mesh_outbox";
/** Behind LISTEN/NOTIFY, which is only a wake-up: a process may die between its commit and its NOTIFY. */
const sweepMs = 1_000;
const retryMs = 500;
/** After a round: how long the next event may be waited for, so that one statement marks this round and fetches the next. */
const gatherMs = 100;
const batchSize = 256;
const ackMs = 5_000;
const takeOverMs = 20;

/**
 * Takes events from the outbox to JetStream. One process per database does it, by advisory lock; the others wait for the lock. Rows are chosen by
 * state (not sent yet), not by a cursor, so a row whose transaction commits late is never passed over; events of one aggregate leave one
 * after the other, in the order of their positions, which is that of their commits because the aggregate's row was locked meanwhile.
 * A row counts as sent once JetStream has acknowledged it; sent twice it is stored once (Nats-Msg-Id), and applied once (inbox).
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #wakeUp = new WakeUp();
  #leads = false;
  #stopping = false;
  #flushing = false;
  #notifying = false;
  #running: Promise<void> | undefined;
  #connection: pg.Client | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Tells whoever relays that there is something new. Never throws: the sweep finds it too. */
  notify(): void {
    if (this.#leads) return this.#wakeUp.ring();
    if (this.#notifying) return;
    this.#notifying = true;
    // Outside the transactions, because a NOTIFY inside makes their commits wait for each other.
    setImmediate(() => {
      this.#notifying = false;
      this.#options.pool.query("SELECT pg_notify($1, '')", [channel]).catch(() => {});
    });
  }

  /** Sends what is there once more, if this process relays, and ends. @param withinMs at most this long */
  async stop(withinMs: number): Promise<void> {
    this.#flushing = this.#leads;
    this.#stopping = true;
    this.#wakeUp.ring();
    const timer = setTimeout(() => void this.#connection?.end().catch(() => {}), withinMs);
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

  /** Waits for the lock, then relays until stopped. */
  async #lead(): Promise<void> {
    const database = new pg.Client({ connectionString: this.#options.url });
    this.#connection = database;
    database.on("error", () => this.#wakeUp.ring()); // The next query reports it.
    database.on("notification", () => this.#wakeUp.ring());
    try {
      await database.connect();
      // A mark that a crash of the database forgets means that an event is sent again, which is harmless.
      await database.query("SET synchronous_commit = off");
      if (!(await this.#lock(database))) return;
      await database.query(`LISTEN ${channel}`);
      const jetstream = await this.#jetstream();
      if (!jetstream) return;
      await ensureSystemStream(jetstream.manager, this.#options.ns);
      this.#leads = true;
      await this.#relay(database, jetstream);
    } finally {
      this.#leads = false;
      await database.end().catch(() => {});
    }
  }

  async #lock(database: pg.Client): Promise<boolean> {
    while (!this.#stopping) {
      const { rows } = await database.query<{ held: boolean }>("SELECT pg_try_advisory_lock($1) AS held", [relayLock]);
      if (rows[0]?.held) return true;
      await this.#wakeUp.wait(sweepMs);
    }
    return false;
  }

  /** NATS, once it is there; undefined when it is time to stop. */
  async #jetstream(): Promise<JetStream | undefined> {
    while (!this.#stopping) {
      const jetstream = await Promise.race([this.#options.broker.ready, this.#wakeUp.wait(sweepMs)]);
      if (jetstream) return jetstream;
    }
    return undefined;
  }

  async #relay(database: pg.Client, jetstream: JetStream): Promise<void> {
    let sent: string[] = [];
    while (!this.#stopping || this.#flushing) {
      // Marks what the last round has sent and looks for more, in one go.
      const rows = await unsent(database, sent);
      sent = await this.#publish(rows, jetstream);
      if (sent.length > 0) crashPoint("relay.published");
      if (sent.length < rows.length) {
        await unsent(database, sent);
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
  async #publish(rows: readonly Row[], { client }: JetStream): Promise<string[]> {
    const sent: string[] = [];
    const chains = Map.groupBy(rows, ({ subject, aggregateId }) => `${subject.split(".")[0]}/${aggregateId}`);
    const sendChain = async (chain: readonly Row[]) => {
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

/** Marks rows as sent and returns the next that are not. */
async function unsent(database: pg.Client, sent: readonly string[]): Promise<Row[]> {
  const { rows } = await database.query<Row>({
    name: "mesh-unsent",
    text: `WITH marked AS (UPDATE mesh.outbox SET sent_at = now() WHERE position = ANY($1::bigint[]))
      SELECT position, event_id AS "eventId", subject, type, source,
        to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time,
        aggregate_id AS "aggregateId", aggregate_version AS "aggregateVersion", correlation_id AS "correlationId",
        causation_id AS "causationId", traceparent, payload
      FROM mesh.outbox WHERE sent_at IS NULL AND position <> ALL($1::bigint[]) ORDER BY position LIMIT ${batchSize}`,
    values: [sent],
  });
  return rows;
}

/**
 * Marks events as not sent, so that the relay publishes them again: rebuilds a stream that was lost. Consumers drop what they have by their inbox.
 * It takes the relay's place meanwhile: a relay that has yet to mark what it sent to the lost stream would mark it now, and it would be missing from the
 * new one.
 *
 * @param since only events at or after this time; default: all that are kept
 * @returns how many events will be published
 */
export async function rebuildStream(pool: pg.Pool, since?: Date): Promise<number> {
  const session = await pool.connect();
  try {
    await takeOver(session);
    await session.query(
      "UPDATE mesh.outbox SET sent_at = NULL WHERE sent_at IS NOT NULL AND ($1::timestamptz IS NULL OR time >= $1)",
      [since ?? null],
    );
    const { rows } = await session.query<{ count: string }>("SELECT count(*) FROM mesh.outbox WHERE sent_at IS NULL");
    return Number(rows[0]?.count);
  } finally {
    // With the session ends its lock, whatever has happened; the next relay finds what is to be sent.
    session.release(true);
  }
}

/** Ends the session that relays, and with it what it has not marked yet, until the lock is ours. */
async function takeOver(session: pg.PoolClient): Promise<void> {
  for (;;) {
    const { rows } = await session.query<{ held: boolean }>("SELECT pg_try_advisory_lock($1) AS held", [relayLock]);
    if (rows[0]?.held) return;
    await session.query(endHolder, [relayLock]);
    await sleep(takeOverMs);
  }
}

/** A lock by one number that fits 32 bits is classid 0, objid the number, objsubid 1. https://www.postgresql.org/docs/18/view-pg-locks.html */
const endHolder = `SELECT pg_terminate_backend(pid) FROM pg_locks
  WHERE locktype = 'advisory' AND classid = 0 AND objid = $1::bigint::oid AND objsubid = 1 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
