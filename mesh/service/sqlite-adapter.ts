import {
  DriverAdapterError,
  type MappedError,
  type SqlDriverAdapter,
  type SqlDriverAdapterFactory,
  type SqlQuery,
  type SqlResultSet,
  type Transaction,
} from "@prisma/driver-adapter-utils";
import type { SqliteConnection, SqliteFile } from "./sqlite-file.ts";
import { toResultSet, toSqlite } from "./sqlite-values.ts";
import { isSqliteAway, sqliteCodeOf } from "./storage-failure.ts";
import { currentUnit } from "./unit-of-work.ts";

const info = { provider: "sqlite", adapterName: "mesh-sqlite" } as const;

/** Prisma on the SQLite that Node has built in: https://nodejs.org/docs/latest-v24.x/api/sqlite.html */
export class SqliteAdapterFactory implements SqlDriverAdapterFactory {
  readonly provider = info.provider;
  readonly adapterName = info.adapterName;
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async connect(): Promise<SqlDriverAdapter> {
    const file = this.#file;
    const writing = <T>(work: (connection: SqliteConnection) => T) => file.writing(work).catch(rethrow);
    return {
      ...info,
      // Outside transactions Prisma reads, or makes one write: SQL says which, RETURNING hides it.
      queryRaw: async (query) =>
        isRead(query) ? queryOn(file.reader, query) : writing((connection) => queryOn(connection, query)),
      executeRaw: (query) => writing((connection) => executeOn(connection, query)),
      executeScript: (script) => writing((connection) => connection.script(script)),
      startTransaction: () => startTransaction(file),
      getConnectionInfo: () => ({ maxBindValues, supportsRelationJoins: false }),
      dispose: async () => {}, // The file belongs to the storage.
    };
  }
}

/** https://www.sqlite.org/limits.html, SQLITE_MAX_VARIABLE_NUMBER */
const maxBindValues = 32_766;

function isRead({ sql }: SqlQuery): boolean {
  return /^\s*(SELECT|WITH|PRAGMA|EXPLAIN)\b/i.test(sql);
}

/**
 * With its COMMIT it writes what its unit of work leaves. Prisma may roll back what has ended, after a COMMIT that failed: the connection is another
 * transaction's by then.
 */
async function startTransaction(file: SqliteFile): Promise<Transaction> {
  const unit = currentUnit.getStore();
  const { connection, done } = await file.write().catch(rethrow);
  let ended = false;
  return {
    ...info,
    options: { usePhantomQuery: true }, // BEGIN, COMMIT and ROLLBACK are ours.
    queryRaw: async (query) => queryOn(connection, query),
    executeRaw: async (query) => executeOn(connection, query),
    async commit() {
      try {
        for (const { text, values } of unit?.statements ?? [])
          connection.run(
            text,
            values.map((value) => toSqlite(value)),
          );
        connection.script("COMMIT");
      } catch (error) {
        if (unit) unit.failure = error;
        connection.rollback();
        throw toPrisma(error);
      } finally {
        ended = true;
        done();
      }
    },
    async rollback() {
      if (ended) return;
      try {
        connection.rollback();
      } finally {
        ended = true;
        done();
      }
    },
  };
}

function queryOn(connection: SqliteConnection, { sql, args, argTypes }: SqlQuery): SqlResultSet {
  return told(() =>
    toResultSet(
      connection.query(
        sql,
        args.map((arg, index) => toSqlite(arg, argTypes[index])),
      ),
    ),
  );
}

function executeOn(connection: SqliteConnection, { sql, args, argTypes }: SqlQuery): number {
  return told(() =>
    connection.run(
      sql,
      args.map((arg, index) => toSqlite(arg, argTypes[index])),
    ),
  );
}

function told<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toPrisma(error);
  }
}

function rethrow(error: unknown): never {
  throw toPrisma(error);
}

/** SQLite's errors in Prisma's words: https://www.sqlite.org/rescode.html */
function toPrisma(error: unknown): unknown {
  const code = sqliteCodeOf(error);
  if (code === undefined) return error;
  const { message } = error as Error;
  return new DriverAdapterError({ ...kindOf(code, message), originalCode: String(code), originalMessage: message });
}

const constraintUnique = 2067;
const constraintPrimaryKey = 1555;
const constraintForeignKey = 787;
const constraintNotNull = 1299;

function kindOf(code: number, message: string): MappedError {
  if (isSqliteAway(code)) return { kind: "DatabaseNotReachable" };
  const fields = (message.split(": ")[1] ?? "").split(", ").map((column) => column.split(".").at(-1) ?? "");
  switch (code) {
    case constraintUnique:
    case constraintPrimaryKey:
      return { kind: "UniqueConstraintViolation", constraint: { fields } };
    case constraintNotNull:
      return { kind: "NullConstraintViolation", constraint: { fields } };
    case constraintForeignKey:
      return { kind: "ForeignKeyConstraintViolation", constraint: { foreignKey: {} } };
    default:
      return { kind: "sqlite", extendedCode: code, message };
  }
}
