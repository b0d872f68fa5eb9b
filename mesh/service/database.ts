import type { SqlDriverAdapterFactory } from "@prisma/driver-adapter-utils";
import type { Call, Context } from "./call.ts";
import { Code } from "./codes.ts";
import { env } from "./config.ts";
import { crashPoint } from "./crash-point.ts";
import { LostUpdate, ServiceError } from "./errors.ts";
import type { ReceivedEvent } from "./event.ts";
import { type AnswerRow, type OutboxRow, outboxRow } from "./outbox.ts";
import { type PoolOptions, PostgresStorage } from "./postgres-storage.ts";
import { SqliteStorage } from "./sqlite-storage.ts";
import type { Storage } from "./storage.ts";
import { isConflict } from "./storage-failure.ts";
import type { EventTransaction, Transaction } from "./transaction.ts";
import { currentUnit, type UnitOfWork } from "./unit-of-work.ts";

/** A service's own database, as its rpc.ts and workers see it. */
export interface Database<Store> {
  /** The store outside any transaction: for reads. */
  readonly store: Store;
  /**
   * Runs `work` in one transaction; what it publishes is stored with the commit. A LostUpdate, a serialisation failure or a deadlock runs it again, three
   * times in all.
   *
   * @throws ServiceError ABORTED CONCURRENT_UPDATE when the third run lost too; CANCELLED when the context ended before it began
   */
  transaction<T>(context: Context, work: (tx: Transaction<Store>) => Promise<T> | T): Promise<T>;
  /**
   * A transaction whose result is the method's answer, kept under the request's request_id. When the same request was answered meanwhile this
   * transaction rolls back and the first answer is the result.
   */
  answer<R>(call: Call<R>, work: (tx: Transaction<Store>) => Promise<R> | R): Promise<R>;
}

/** A service's own database, as the run time sees it. */
export interface OwnDatabase<Store> extends Database<Store> {
  readonly url: string;
  /** Where the rows are, the run time's own among them. */
  readonly storage: Storage;
  /**
   * The effect of an event, with its inbox row, in one transaction.
   *
   * @returns false when the event was applied before
   */
  effect(
    event: ReceivedEvent,
    context: Context,
    work: (tx: EventTransaction<Store>) => Promise<unknown>,
  ): Promise<boolean>;
  /** Makes the database when there is none and applies the migrations. @throws Error when it cannot be reached */
  prepare(): Promise<void>;
  /** What `serve` knows and events need. @param source `order.siren` @param committed called after a commit with events */
  attach(source: string, committed: () => void): void;
  close(): Promise<void>;
}

export interface DatabaseOptions<Db, Store> extends PoolOptions {
  /** Makes the Prisma client: `(adapter) => new PrismaClient({ adapter })`. */
  client(adapter: SqlDriverAdapterFactory): PrismaLike<Db>;
  /** Makes the store over the client, or over a transaction. */
  store(db: Db): Store;
  /** The folder of migrations. */
  readonly migrations: string;
  /** `postgresql://...`, or `file:/path` for SQLite. Default: `DATABASE_URL`. */
  readonly url?: string;
}

/** What is used of a Prisma client. */
export interface PrismaLike<Db> {
  $transaction<R>(work: (tx: Db) => Promise<R>, options?: { maxWait?: number; timeout?: number }): Promise<R>;
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
}

/** A transaction that takes SQL: Prisma's, or one of the same form. */
interface SqlTransaction {
  /** @returns how many rows were changed */
  $executeRawUnsafe(sql: string, ...values: unknown[]): Promise<number>;
}

/** Tries of a transaction that loses against others. */
const maxTries = 3;
/** Prisma's own limits of a transaction; the caller's deadline is the one that matters. */
const limits = { maxWait: 60_000, timeout: 60_000 };

/** The service's PostgreSQL, or its file of SQLite, through Prisma. Nothing connects before `serve` prepares it, or a query is made. */
export function openDatabase<Db, Store>(options: DatabaseOptions<Db, Store>): OwnDatabase<Store> {
  return new PrismaDatabase(options);
}

class PrismaDatabase<Db, Store> implements OwnDatabase<Store> {
  readonly store: Store;
  readonly url: string;
  readonly storage: Storage;
  readonly #client: PrismaLike<Db>;
  readonly #storeOf: (db: Db) => Store;
  readonly #migrations: string;
  #source = "";
  #committed: () => void = () => {};

  constructor(options: DatabaseOptions<Db, Store>) {
    this.url = options.url ?? env("DATABASE_URL");
    this.storage = this.url.startsWith("file:") ? new SqliteStorage(this.url) : new PostgresStorage(this.url, options);
    this.#client = options.client(this.storage.adapter);
    this.#storeOf = options.store;
    this.store = options.store(this.#client as unknown as Db);
    this.#migrations = options.migrations;
  }

  transaction<T>(context: Context, work: (tx: Transaction<Store>) => Promise<T> | T): Promise<T> {
    return this.#committing(context, (tx) => work(tx));
  }

  async answer<R>(call: Call<R>, work: (tx: Transaction<Store>) => Promise<R> | R): Promise<R> {
    const key = call.idempotency;
    if (!key) return this.transaction(call, work);
    try {
      return await this.#committing(call, work, (response) => ({ key, response: call.encode(response) }));
    } catch (error) {
      // A refusal too may be the work of the same request, answered meanwhile: "shipped already" is no answer to the one who ships.
      const mayBeAnswered = this.storage.isAnswered(error) || error instanceof ServiceError;
      const first = mayBeAnswered ? await this.storage.answers.find(key) : undefined;
      if (first) return call.decode(first);
      throw error;
    }
  }

  async effect(
    event: ReceivedEvent,
    context: Context,
    work: (tx: EventTransaction<Store>) => Promise<unknown>,
  ): Promise<boolean> {
    return this.#committing(context, async (tx, db) => {
      const fresh = await db.$executeRawUnsafe(this.storage.insertInbox, event.id, event.type);
      if (fresh === 0) return false;
      await work({ ...tx, event });
      return true;
    });
  }

  async prepare(): Promise<void> {
    await this.storage.migrate(this.#migrations);
    // Prisma compiles its query engine at the first use, which takes longer than a caller may wait.
    await this.#client.$connect();
  }

  attach(source: string, committed: () => void): void {
    this.#source = source;
    this.#committed = committed;
  }

  async close(): Promise<void> {
    await this.#client.$disconnect();
    await this.storage.close();
  }

  async #committing<T>(
    context: Context,
    work: (tx: Transaction<Store>, db: SqlTransaction) => Promise<T> | T,
    answerOf?: (result: T) => AnswerRow,
  ): Promise<T> {
    let tries = 0;
    for (;;) {
      const events: OutboxRow[] = [];
      const unit: UnitOfWork = { statements: [] };
      const run = async (db: Db) => {
        demandLive(context); // The wait for a connection may have outlived the caller; nothing has been sent yet.
        const done = await work(this.#transactionOf(db, events, context), db as unknown as SqlTransaction);
        unit.statements = this.storage.statementsOf(events, answerOf?.(done));
        crashPoint("transaction.beforeCommit");
        return done;
      };
      try {
        const result = await currentUnit.run(unit, () => this.#client.$transaction(run, limits));
        crashPoint("transaction.afterCommit");
        if (events.length > 0) this.#committed();
        return result;
      } catch (error) {
        const cause = unit.failure ?? error;
        if (!(cause instanceof LostUpdate) && !isConflict(cause)) throw cause;
        tries += 1;
        if (tries === maxTries) throw concurrentUpdate(cause);
      }
    }
  }

  #transactionOf(db: Db, events: OutboxRow[], context: Context): Transaction<Store> {
    return {
      store: this.#storeOf(db),
      publish: (event, message, about) => {
        events.push(outboxRow(event, message, about, { context, source: this.#source }));
      },
    };
  }
}

/** Work that nobody waits for any more must not begin. */
function demandLive({ signal }: Context): void {
  if (signal.aborted) {
    throw new ServiceError({
      code: Code.CANCELLED,
      reason: "CANCELLED",
      message: "the call was over before it was done",
    });
  }
}

function concurrentUpdate(cause: unknown): ServiceError {
  return new ServiceError({
    code: Code.ABORTED,
    reason: "CONCURRENT_UPDATE",
    message: "It was changed by others at the same time, three times in a row. Read it again and repeat.",
    cause,
  });
}
