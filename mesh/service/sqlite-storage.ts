import { fileURLToPath } from "node:url";
import { type Answers, requestIdReused } from "./answers.ts";
import type { IdempotencyKey } from "./call.ts";
import type { Migration } from "./mesh-schema.ts";
import { type AppliedMigration, outstanding, readMigrations } from "./migrate.ts";
import { type AnswerRow, type OutboxRow, outboxColumns } from "./outbox.ts";
import { SqliteAdapterFactory } from "./sqlite-adapter.ts";
import { type SqliteConnection, SqliteFile } from "./sqlite-file.ts";
import { SqliteOutbox } from "./sqlite-outbox.ts";
import { createMigrations, sqliteMigrations } from "./sqlite-schema.ts";
import type { Retention, Storage } from "./storage.ts";
import { sqliteCodeOf } from "./storage-failure.ts";
import type { Statement } from "./unit-of-work.ts";

const hourMs = 60 * 60 * 1000;
/** SQLITE_CONSTRAINT_PRIMARYKEY */
const primaryKey = 1555;

/** A file of SQLite, for a service with one replica. The run time's tables are beside the service's, named `mesh_...`. */
export class SqliteStorage implements Storage {
  readonly adapter: SqliteAdapterFactory;
  readonly answers: Answers;
  readonly outbox: SqliteOutbox;
  readonly insertInbox = "INSERT INTO mesh_inbox (event_id, type) VALUES (?, ?) ON CONFLICT DO NOTHING";
  readonly #file: SqliteFile;

  /** @param url `file:/path` */
  constructor(url: string) {
    this.#file = new SqliteFile(fileURLToPath(new URL(url)));
    this.adapter = new SqliteAdapterFactory(this.#file);
    this.outbox = new SqliteOutbox(this.#file);
    this.answers = { find: async (key) => findAnswer(this.#file.reader, key) };
  }

  statementsOf(events: readonly OutboxRow[], answer?: AnswerRow): Statement[] {
    const inserts = events.map((values) => ({ name: "mesh-event", text: insertEvent, values: [...values] }));
    if (!answer) return inserts;
    const { method, requestId, fingerprint } = answer.key;
    const values = [method, requestId.toLowerCase(), fingerprint, answer.response];
    return [{ name: "mesh-answer", text: insertAnswer, values }, ...inserts];
  }

  isAnswered(failure: unknown): boolean {
    return sqliteCodeOf(failure) === primaryKey && (failure as Error).message.includes("mesh_answers.");
  }

  /** All that is missing, or nothing. */
  migrate(folder: string): Promise<void> {
    return this.#file.writing((connection) => {
      connection.script(createMigrations);
      applyAll(connection, "mesh", sqliteMigrations);
      applyAll(connection, "service", readMigrations(folder));
    });
  }

  async ping(): Promise<void> {
    this.#file.reader.query("SELECT 1");
  }

  purge({ answerHours, eventDays }: Retention): Promise<number> {
    return this.#file.writing((connection) => {
      const deleted = connection.run("DELETE FROM mesh_answers WHERE created_at < ?", [ago(answerHours * hourMs)]);
      if (eventDays === 0) return deleted;
      const before = [ago(eventDays * 24 * hourMs)];
      const inbox = connection.run("DELETE FROM mesh_inbox WHERE received_at < ?", before);
      return deleted + inbox + connection.run("DELETE FROM mesh_outbox WHERE sent_at < ?", before);
    });
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

const insertEvent = `INSERT INTO mesh_outbox (${outboxColumns.join(", ")}) VALUES (${outboxColumns.map(() => "?").join(", ")})`;
const insertAnswer = "INSERT INTO mesh_answers (method, request_id, fingerprint, response) VALUES (?, ?, ?, ?)";

function findAnswer(reader: SqliteConnection, { method, requestId, fingerprint }: IdempotencyKey): Buffer | undefined {
  const sql = "SELECT fingerprint, response FROM mesh_answers WHERE method = ? AND request_id = ?";
  const [row] = reader.query(sql, [method, requestId.toLowerCase()]).rows as [Uint8Array, Uint8Array][];
  if (!row) return undefined;
  if (fingerprint.equals(row[0])) return Buffer.from(row[1]);
  throw requestIdReused();
}

function applyAll(connection: SqliteConnection, scope: string, migrations: readonly Migration[]): void {
  const { rows } = connection.query("SELECT name, checksum FROM mesh_migrations WHERE scope = ?", [scope]);
  const applied = rows.map(
    ([name, checksum]): AppliedMigration => ({ name: String(name), checksum: String(checksum) }),
  );
  for (const { name, sql, checksum } of outstanding(migrations, applied)) {
    try {
      connection.script(sql);
      const note = "INSERT INTO mesh_migrations (scope, name, checksum) VALUES (?, ?, ?)";
      connection.run(note, [scope, name, checksum]);
    } catch (cause) {
      throw new Error(`migration ${name} failed`, { cause });
    }
  }
}

function ago(ms: number): string {
  return new Date(Date.now() - ms).toISOString();
}
