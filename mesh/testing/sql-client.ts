import type { PrismaPg } from "@prisma/adapter-pg";
import type pg from "pg";
import type { PrismaLike } from "#mesh/service/database.ts";

/** SQL in the form that stores and the run time use, without a Prisma schema. */
export interface Sql {
  $queryRawUnsafe<Row>(sql: string, ...values: unknown[]): Promise<Row[]>;
  $executeRawUnsafe(sql: string, ...values: unknown[]): Promise<number>;
}

/** For `openDatabase({client: sqlClient, ...})`: the database without a Prisma client of its own, for tests of the run time. */
export function sqlClient(adapter: PrismaPg): PrismaLike<Sql> & Sql {
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
