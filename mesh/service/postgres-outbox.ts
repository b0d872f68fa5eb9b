import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Outbox, OutboxSession, UnsentEvent } from "./storage.ts";

/** One relay at a time per database holds it. Any number will do, as long as it stays. */
const relayLock = 7_246_102;
const channel = "mesh_outbox";
/** How many events a relay takes at once. */
export const batchSize = 256;
const takeOverMs = 20;

/** The outbox in mesh.outbox. The process that relays holds an advisory lock; LISTEN/NOTIFY wakes it. */
export class PostgresOutbox implements Outbox {
  readonly #url: string;
  readonly #pool: pg.Pool;
  #notifying = false;

  constructor(url: string, pool: pg.Pool) {
    this.#url = url;
    this.#pool = pool;
  }

  notify(): void {
    if (this.#notifying) return;
    this.#notifying = true;
    // Outside the transactions, because a NOTIFY inside makes their commits wait for each other.
    setImmediate(() => {
      this.#notifying = false;
      this.#pool.query("SELECT pg_notify($1, '')", [channel]).catch(() => {});
    });
  }

  session(woken: () => void): OutboxSession {
    const client = new pg.Client({ connectionString: this.#url });
    client.on("error", woken); // The next query reports it.
    client.on("notification", woken);
    return {
      async connect() {
        await client.connect();
        // A mark that a crash of the database forgets means that an event is sent again, which is harmless.
        await client.query("SET synchronous_commit = off");
      },
      async lead() {
        const held = await tryLock(client);
        if (held) await client.query(`LISTEN ${channel}`);
        return held;
      },
      unsent: (sent) => unsent(client, sent),
      close: () => client.end(),
    };
  }

  /**
   * It takes the relay's place meanwhile: a relay that has yet to mark what it sent to the lost stream would mark it now, and it would be missing from the
   * new one.
   */
  async rebuild(since?: Date): Promise<number> {
    const session = await this.#pool.connect();
    try {
      await takeOver(session);
      await session.query(
        "UPDATE mesh.outbox SET sent_at = NULL WHERE sent_at IS NOT NULL AND ($1::timestamptz IS NULL OR time >= $1)",
        [since ?? null],
      );
      return await depth(session);
    } finally {
      // With the session ends its lock, whatever has happened; the next relay finds what is to be sent.
      session.release(true);
    }
  }

  depth(): Promise<number> {
    return depth(this.#pool);
  }
}

async function depth(database: Pick<pg.ClientBase, "query"> | pg.Pool): Promise<number> {
  const { rows } = await database.query<{ count: string }>("SELECT count(*) FROM mesh.outbox WHERE sent_at IS NULL");
  return Number(rows[0]?.count);
}

async function unsent(client: pg.Client, sent: readonly string[]): Promise<UnsentEvent[]> {
  const { rows } = await client.query<UnsentEvent>({
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

async function tryLock(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>("SELECT pg_try_advisory_lock($1) AS held", [relayLock]);
  return rows[0]?.held === true;
}

/** Ends the session that relays, and with it what it has not marked yet, until the lock is ours. */
async function takeOver(session: pg.PoolClient): Promise<void> {
  while (!(await tryLock(session))) {
    await session.query(endHolder, [relayLock]);
    await sleep(takeOverMs);
  }
}

/** A lock by one number that fits 32 bits is classid 0, objid the number, objsubid 1. https://www.postgresql.org/docs/18/view-pg-locks.html */
const endHolder = `SELECT pg_terminate_backend(pid) FROM pg_locks
  WHERE locktype = 'advisory' AND classid = 0 AND objid = $1::bigint::oid AND objsubid = 1 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
