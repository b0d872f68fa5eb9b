import { SqliteConnection, type SqliteFile } from "./sqlite-file.ts";
import type { Outbox, OutboxSession, UnsentEvent } from "./storage.ts";
import { isSqliteBusy } from "./storage-failure.ts";

const batchSize = 256;

/**
 * The outbox in mesh_outbox. Nobody in another process can be woken, nor need be: its file is one service's, which has one replica. Should there be
 * two for a moment, the one that relays holds the lock of a file beside it, which goes with its process.
 */
export class SqliteOutbox implements Outbox {
  readonly #file: SqliteFile;
  /** Grows with each rebuild: what was sent before it counts no more. */
  #rebuilds = 0;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  notify(): void {}

  session(): OutboxSession {
    const file = this.#file;
    let lock: SqliteConnection | undefined;
    let seen = this.#rebuilds;
    return {
      async connect() {
        lock = new SqliteConnection(`${file.path}-relay`);
      },
      lead: async () => lock !== undefined && takeLock(lock),
      unsent: (sent) => {
        const marks = seen === this.#rebuilds ? sent : [];
        seen = this.#rebuilds;
        return file.writing((connection) => unsent(connection, marks));
      },
      async close() {
        lock?.close();
      },
    };
  }

  rebuild(since?: Date): Promise<number> {
    this.#rebuilds += 1;
    return this.#file.writing((connection) => {
      const from = since?.toISOString() ?? "";
      connection.run("UPDATE mesh_outbox SET sent_at = NULL WHERE sent_at IS NOT NULL AND time >= ?", [from]);
      return depth(connection);
    });
  }

  async depth(): Promise<number> {
    return depth(this.#file.reader);
  }
}

function depth(connection: SqliteConnection): number {
  const { rows } = connection.query("SELECT count(*) FROM mesh_outbox WHERE sent_at IS NULL");
  return Number(rows[0]?.[0]);
}

function takeLock(lock: SqliteConnection): boolean {
  try {
    lock.script("PRAGMA busy_timeout = 0; BEGIN IMMEDIATE"); // It is never committed.
    return true;
  } catch (error) {
    if (isSqliteBusy(error)) return false;
    throw error;
  }
}

function unsent(connection: SqliteConnection, sent: readonly string[]): UnsentEvent[] {
  if (sent.length > 0) {
    const mark = "UPDATE mesh_outbox SET sent_at = ? WHERE position IN (SELECT value FROM json_each(?))";
    connection.run(mark, [new Date().toISOString(), JSON.stringify(sent.map(Number))]);
  }
  return connection.query(select).rows.map((row) => {
    const [position, eventId, subject, type, source, time, aggregateId, aggregateVersion, correlationId] =
      row.map(String);
    const [causationId, traceparent, payload] = row.slice(9) as [string | null, string, string];
    const about = { aggregateId, aggregateVersion, correlationId, causationId, traceparent, payload };
    return { position, eventId, subject, type, source, time, ...about } as UnsentEvent;
  });
}

const select = `SELECT position, event_id, subject, type, source, time, aggregate_id, aggregate_version, correlation_id,
    causation_id, traceparent, payload
  FROM mesh_outbox WHERE sent_at IS NULL ORDER BY position LIMIT ${batchSize}`;
