import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { type Migration, meshMigrations } from "./mesh-schema.ts";
import { sqlStateOf } from "./storage-failure.ts";

/** Several replicas may start at once; one migrates, the others wait. Any number will do, as long as it stays. */
const migrationLock = 7_246_101;

/**
 * Brings a database up to date: makes it when it does not exist, applies the run time's migrations, then the service's.
 *
 * @param folder the service's migrations, laid out as prisma migrate does: `NNNN_name/migration.sql`
 * @throws Error when an applied migration was edited or is gone, or one fails; it is rolled back then
 */
export async function migrate(url: string, folder: string): Promise<void> {
  await createIfMissing(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [migrationLock]);
    await client.query(`
      CREATE SCHEMA IF NOT EXISTS mesh;
      CREATE TABLE IF NOT EXISTS mesh.migrations (
        scope text, name text, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (scope, name)
      )`);
    await applyAll(client, "mesh", meshMigrations);
    await applyAll(client, "service", readMigrations(folder));
  } finally {
    await client.end();
  }
}

/** The migrations of a folder in their order. */
export function readMigrations(folder: string): readonly Migration[] {
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, path: join(folder, name, "migration.sql") }))
    .filter(({ path }) => existsSync(path))
    .map(({ name, path }) => ({ name, sql: readFileSync(path, "utf8") }));
}

async function applyAll(client: pg.Client, scope: string, migrations: readonly Migration[]): Promise<void> {
  const { rows } = await client.query<AppliedMigration>("SELECT name, checksum FROM mesh.migrations WHERE scope = $1", [
    scope,
  ]);
  for (const migration of outstanding(migrations, rows)) await apply(client, scope, migration);
}

/** A migration as the database remembers it. */
export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
}

/** The migrations that were not applied yet. @throws Error when an applied one was edited */
export function outstanding(
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): (Migration & AppliedMigration)[] {
  const known = new Map(applied.map(({ name, checksum }) => [name, checksum]));
  const all = migrations.map((each) => ({ ...each, checksum: createHash("sha256").update(each.sql).digest("hex") }));
  for (const { name, checksum } of all) {
    if ((known.get(name) ?? checksum) === checksum) continue;
    throw new Error(`migration ${name} was edited after it was applied; add a new one instead`);
  }
  return all.filter(({ name }) => !known.has(name));
}

async function apply(
  client: pg.Client,
  scope: string,
  { name, sql, checksum }: Migration & AppliedMigration,
): Promise<void> {
  try {
    await client.query("BEGIN");
    await client.query(sql);
    await client.query("INSERT INTO mesh.migrations (scope, name, checksum) VALUES ($1, $2, $3)", [
      scope,
      name,
      checksum,
    ]);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {}); // The connection may be gone; the first error says why.
    throw new Error(`migration ${name} failed`, { cause: error });
  }
}

async function createIfMissing(url: string): Promise<void> {
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  const probe = new pg.Client({ connectionString: url });
  try {
    await probe.connect();
    return;
  } catch (error) {
    if (sqlStateOf(error) !== "3D000") throw error; // invalid_catalog_name: no such database.
  } finally {
    await probe.end().catch(() => {});
  }
  const server = new URL(url);
  server.pathname = "/postgres";
  const client = new pg.Client({ connectionString: server.href });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } catch (error) {
    const state = sqlStateOf(error);
    if (state !== "42P04" && state !== "23505") throw error; // Another replica was faster.
  } finally {
    await client.end();
  }
}
