import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { isSqliteBusy } from "./storage-failure.ts";

/** One row, by position. Integers are bigint. */
export type SqliteRow = readonly unknown[];

export interface SqliteResult {
  readonly columns: readonly { readonly name: string; readonly type: string | null }[];
  readonly rows: readonly SqliteRow[];
}

/** How long another process's write may be waited for. */
const busyMs = 5_000;
const tryAgainMs = 20;
const keptStatements = 500;

/** One connection to a file of SQLite. Everything it does is done when the call returns. */
export class SqliteConnection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** @throws Error when the file can be neither opened nor made */
  constructor(path: string) {
    // Not an import: Node loads SQLite for the services that use it alone.
    const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
    this.#database = new DatabaseSync(path, { timeout: busyMs, enableForeignKeyConstraints: true });
    // Readers go on during a write; and a commit that was answered survives the loss of power.
    this.run("PRAGMA journal_mode = WAL");
    this.run("PRAGMA synchronous = FULL");
  }

  query(sql: string, values: readonly SQLInputValue[] = []): SqliteResult {
    const statement = this.#prepare(sql);
    const rows = statement.all(...values) as unknown as SqliteRow[];
    return { columns: statement.columns(), rows };
  }

  /** @returns how many rows were changed */
  run(sql: string, values: readonly SQLInputValue[] = []): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /** Several statements. */
  script(sql: string): void {
    this.#database.exec(sql);
  }

  /** Nothing happens outside a transaction: SQLite ends some by itself, when the disk is full for example. */
  rollback(): void {
    if (this.#database.isTransaction) this.script("ROLLBACK");
  }

  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    const kept = this.#statements.get(sql);
    if (kept) return kept;
    const statement = this.#database.prepare(sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    if (this.#statements.size < keptStatements) this.#statements.set(sql, statement);
    return statement;
  }
}

/**
 * A file of SQLite in one process: one connection that writes, whose users take turns, and one that reads, which sees what has been committed.
 */
export class SqliteFile {
  readonly path: string;
  #reader: SqliteConnection | undefined;
  #writer: SqliteConnection | undefined;
  #turn: Promise<void> = Promise.resolve();

  /** @param path of the file, which is made at the first use */
  constructor(path: string) {
    this.path = path;
  }

  get reader(): SqliteConnection {
    if (!this.#reader) {
      this.#reader = new SqliteConnection(this.path);
      this.#reader.script("PRAGMA query_only = ON");
    }
    return this.#reader;
  }

  /** Waits for a turn to write and begins a transaction. @returns the connection, and what ends the turn */
  async write(): Promise<{ connection: SqliteConnection; done: () => void }> {
    const giveUpAt = Date.now() + busyMs;
    const before = this.#turn;
    let done = () => {};
    this.#turn = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    try {
      const connection = this.#openWriter();
      await begin(connection, giveUpAt);
      return { connection, done };
    } catch (error) {
      done();
      throw error;
    }
  }

  /** Writes in a turn and a transaction of its own; what throws is rolled back. */
  async writing<T>(work: (connection: SqliteConnection) => T): Promise<T> {
    const { connection, done } = await this.write();
    try {
      const result = work(connection);
      connection.script("COMMIT");
      return result;
    } catch (error) {
      connection.rollback();
      throw error;
    } finally {
      done();
    }
  }

  /** Once nobody writes any more. */
  async close(): Promise<void> {
    await this.#turn;
    this.#reader?.close();
    this.#writer?.close();
  }

  #openWriter(): SqliteConnection {
    if (!this.#writer) {
      this.#writer = new SqliteConnection(this.path);
      this.#writer.script("PRAGMA busy_timeout = 0"); // SQLite would wait for another process with the whole of this one.
    }
    return this.#writer;
  }
}

/** With the turn to write from its start, so that it never finds at its end that somebody else was faster. */
async function begin(connection: SqliteConnection, giveUpAt: number): Promise<void> {
  for (;;) {
    try {
      return connection.script("BEGIN IMMEDIATE");
    } catch (error) {
      if (!isSqliteBusy(error) || Date.now() >= giveUpAt) throw error;
      await sleep(tryAgainMs);
    }
  }
}
