import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { temporaryFolder } from "#mesh/testing/temporary-folder.ts";
import { migrate } from "./migrate.ts";

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await testPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

function folderOf(migrations: Record<string, string>): string {
  const folder = temporaryFolder();
  for (const [name, sql] of Object.entries(migrations)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "migration.sql"), sql);
  }
  return folder;
}

async function rows(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe("migrate", () => {
  it("makes the database, applies in order, and only what is new", async () => {
    const url = postgres.freshUrl();
    await migrate(url, folderOf({ "0001_a": "CREATE TABLE t (id int);" }));
    const both = folderOf({ "0002_b": "ALTER TABLE t ADD name text;", "0001_a": "CREATE TABLE t (id int);" });
    await migrate(url, both);
    await migrate(url, both);
    expect(await rows(url, "SELECT name FROM mesh.migrations WHERE scope = 'service' ORDER BY applied_at")).toEqual([
      { name: "0001_a" },
      { name: "0002_b" },
    ]);
  });

  it("may be started by several replicas at once", async () => {
    const url = postgres.freshUrl();
    const folder = folderOf({ "0001_a": "CREATE TABLE t (id int); INSERT INTO t VALUES (1);" });
    await Promise.all([migrate(url, folder), migrate(url, folder), migrate(url, folder)]);
    expect(await rows(url, "SELECT id FROM t")).toEqual([{ id: 1 }]);
  });

  it("refuses a migration that was edited after it was applied", async () => {
    const url = postgres.freshUrl();
    await migrate(url, folderOf({ "0001_a": "CREATE TABLE t (id int);" }));
    await expect(migrate(url, folderOf({ "0001_a": "CREATE TABLE t (id bigint);" }))).rejects.toThrow(
      /0001_a was edited/,
    );
  });

  it("leaves nothing of a migration that fails", async () => {
    const url = postgres.freshUrl();
    await expect(migrate(url, folderOf({ "0001_a": "CREATE TABLE t (id int); SELECT nonsense;" }))).rejects.toThrow(
      /0001_a failed/,
    );
    expect(await rows(url, "SELECT 1 FROM pg_tables WHERE tablename = 't'")).toEqual([]);
  });
});
