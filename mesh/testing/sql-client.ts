import type { PrismaPg } from "@prisma/adapter-pg";
import type { SqlDriverAdapterFactory, SqlQueryable } from "@prisma/driver-adapter-utils";
import type pg from "pg";
import type { PrismaLike } from "#mesh/service/database.ts";

/** SQL in the form that stores and the run time use, without a Prisma schema. */
export interface Sql {
  $queryRawUnsafe<Row>(sql: string, ...values: unknown[]): Promise<Row[]>;
  $executeRawUnsafe(sql: string, ...values: unknown[]): Promise<number>;
}

/** For `openDatabase({client: sqlClient, ...})`: the database without a Prisma client of its own, for tests of the run time. */
export function sqlClient(adapter: SqlDriverAdapterFactory): PrismaLike<Sql> & Sql {
  return adapter.provider === "sqlite" ? sqliteClient(adapter) : postgresClient(adapter as PrismaPg);
}

function postgresClient(adapter: PrismaPg): PrismaLike<Sql> & Sql {
  const connected = adapter.connect().then((connection) => connection.underlyingDriver());
  return {
    ...sqlOf({ query: async (sql, values) => (await connected).query(sql, values) }),
    async $transaction(work) {
      const client = await (await connected).connect();
      try {
        await client.query("BEGIN");
        const result = await work(sqlOf(client));
        await client.query("COMMIT");
        client.release();
        return result;
      } catch (error) {
        await client.query("ROLLBACK").then(
          () => client.release(),
          () => client.release(true),
        );
        throw error;
      }
    },
    $connect: async () => {},
    $disconnect: async () => {},
  };
}

interface Queryable {
  query(sql: string, values: unknown[]): Promise<pg.QueryResult>;
}

function sqlOf(client: Queryable): Sql {
  return {
    $queryRawUnsafe: async (sql, ...values) => (await client.query(sql, values)).rows,
    $executeRawUnsafe: async (sql, ...values) => (await client.query(sql, values)).rowCount ?? 0,
  };
}

function sqliteClient(adapter: SqlDriverAdapterFactory): PrismaLike<Sql> & Sql {
  const connected = adapter.connect();
  return {
    ...sqlOfAdapter(connected),
    async $transaction(work) {
      const transaction = await (await connected).startTransaction();
      try {
        const result = await work(sqlOfAdapter(Promise.resolve(transaction)));
        await transaction.commit();
        return result;
      } catch (error) {
        await transaction.rollback();
        throw error;
      }
    },
    $connect: async () => {},
    $disconnect: async () => {},
  };
}

function sqlOfAdapter(queryable: Promise<SqlQueryable>): Sql {
  return {
    async $queryRawUnsafe<Row>(sql: string, ...values: unknown[]) {
      const { columnNames, rows } = await (await queryable).queryRaw(positional(sql, values));
      return rows.map((row) => Object.fromEntries(columnNames.map((name, index) => [name, row[index]])) as Row);
    },
    $executeRawUnsafe: async (sql, ...values) => (await queryable).executeRaw(positional(sql, values)),
  };
}

/** `$2` as SQLite has it. */
function positional(sql: string, values: readonly unknown[]) {
  const args: unknown[] = [];
  const text = sql.replaceAll(/\$(\d+)|\?/g, (_, number?: string) => {
    args.push(values[number ? Number(number) - 1 : args.length]);
    return "?";
  });
  return { sql: text, args, argTypes: args.map(() => ({ scalarType: "unknown", arity: "scalar" }) as const) };
}
