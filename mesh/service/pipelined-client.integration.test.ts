import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { shopMigrations } from "#mesh/testing/shop.ts";
import { migrate } from "./migrate.ts";
import { PipelinedClient } from "./pipelined-client.ts";
import { currentUnit, type UnitOfWork } from "./unit-of-work.ts";

let postgres: TestPostgres;
let pool: pg.Pool;
beforeAll(async () => {
  postgres = await testPostgres();
  const url = postgres.freshUrl();
  await migrate(url, shopMigrations());
  pool = new pg.Pool({ connectionString: url, max: 3, Client: PipelinedClient });
  pool.on("error", () => {}); // The server may end before the last connection does.
  pool.on("connect", (client) => client.on("error", () => {}));
});
afterAll(async () => {
  await pool.end();
  await postgres[Symbol.asyncDispose]();
});

const note = (text: string) => ({ name: "note", text: "INSERT INTO note (text) VALUES ($1)", values: [text] });
const notes = async () =>
  (await pool.query<{ text: string }>("SELECT text FROM note ORDER BY id")).rows.map(({ text }) => text);

/** A transaction as Prisma's adapter makes it. */
async function transaction(unit: UnitOfWork, work: (client: pg.PoolClient) => Promise<unknown>): Promise<void> {
  const client = await pool.connect();
  try {
    await currentUnit.run(unit, async () => {
      await client.query({ text: "BEGIN", values: [] });
      try {
        await work(client);
        await client.query({ text: "COMMIT", values: [] });
      } catch (error) {
        await client.query({ text: "ROLLBACK", values: [] });
        throw error;
      }
    });
  } finally {
    client.release();
  }
}

describe("a pipelined transaction", () => {
  it("commits what was said and what the unit leaves, together", async () => {
    await pool.query("TRUNCATE note");
    await transaction({ statements: [note("left")] }, (client) => client.query(note("said")));
    expect(await notes()).toEqual(["said", "left"]);
  });

  it("commits a unit without any other statement, and nothing without either", async () => {
    await pool.query("TRUNCATE note");
    await transaction({ statements: [note("left")] }, async () => {});
    await transaction({ statements: [] }, async () => {});
    expect(await notes()).toEqual(["left"]);
  });

  it("rolls back, with or without a statement before", async () => {
    await pool.query("TRUNCATE note");
    const failing = async (client: pg.PoolClient) => {
      await client.query(note("gone"));
      throw new Error("no");
    };
    await expect(transaction({ statements: [note("left")] }, failing)).rejects.toThrow("no");
    await expect(transaction({ statements: [] }, () => Promise.reject(new Error("at once")))).rejects.toThrow(
      "at once",
    );
    expect(await notes()).toEqual([]);
  });

  it("does not commit when a statement of the unit fails, and tells why", async () => {
    await pool.query("TRUNCATE note");
    const unit: UnitOfWork = {
      statements: [
        note("left"),
        { name: "bad", text: "INSERT INTO note (text) VALUES ($1)", values: [null] },
        note("behind"),
      ],
    };
    await expect(transaction(unit, (client) => client.query(note("said")))).rejects.toThrow(/null value/);
    expect(unit.failure).toMatchObject({ code: "23502" });
    expect(await notes()).toEqual([]);
  });

  it("does not call a commit good that the server turned into a rollback", async () => {
    await pool.query("TRUNCATE note");
    const swallowing = async (client: pg.PoolClient) => {
      await client.query(note("said"));
      await client.query("SELECT 1/0").catch(() => {});
    };
    await expect(transaction({ statements: [] }, swallowing)).rejects.toThrow(/rolled back/);
    expect(await notes()).toEqual([]);
  });

  it("keeps the results of many at once apart", async () => {
    await pool.query("TRUNCATE note");
    const texts = Array.from({ length: 50 }, (_, index) => `n${index}`);
    await Promise.all(
      texts.map((text) =>
        transaction({ statements: [note(`${text} left`)] }, async (client) => {
          const { rows } = await client.query<{ text: string }>({
            ...note(text),
            name: "n",
            text: "INSERT INTO note (text) VALUES ($1) RETURNING text",
          });
          expect(rows).toEqual([{ text }]);
        }),
      ),
    );
    expect(new Set(await notes())).toEqual(new Set(texts.flatMap((text) => [text, `${text} left`])));
  });
});
