import { join } from "node:path";
import pg from "pg";
import { type Database, type DatabaseOptions, openDatabase } from "#mesh/service/database.ts";
import type { Worker } from "#mesh/service/recovery.ts";
import type { ServiceOptions } from "#mesh/service/service.ts";
import type { Settings } from "#mesh/service/settings.ts";
import { eventually } from "./eventually.ts";
import { sqliteQueries } from "./sqlite-queries.ts";
import { type TestService, testService } from "./test-service.ts";

/** Where a service inside a test finds its servers. */
export interface Place {
  /** The service's database. */
  readonly url: string;
  /** NATS and the prefix of subjects. Default: no events. */
  readonly settings?: Partial<Settings>;
}

/** A service with a way into its database. */
export interface WithSql extends TestService {
  readonly sql: pg.Pool;
  readonly url: string;
}

/** Starts a service inside the test. Without NATS it hears of nothing. */
export async function placedService<Store>(
  { url, settings = {} }: Place,
  options: ServiceOptions<Store>,
): Promise<WithSql> {
  const policies = settings.natsUrl ? (options.policies ?? []) : [];
  const service = await testService({ ...options, policies, settings });
  // Of a pool tests use what a file has too.
  const sql = url.startsWith("file:") ? (sqliteQueries(url) as unknown as pg.Pool) : postgresQueries(url);
  const stopService = service.stop;
  const stop = async () => {
    await sql.end();
    await stopService();
  };
  return Object.assign(service, { sql, url, stop, [Symbol.asyncDispose]: stop });
}

function postgresQueries(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on("error", () => {}); // A test may kill the server while a connection is idle.
  return pool;
}

/**
 * Fifty calls at once wait for the few connections of a service, on a busy machine for longer than the run time would let them: then they are told
 * STORAGE_UNAVAILABLE, which is an answer, but not the one that is tested.
 */
const connectMs = 60_000;

/** What a service is but for its database. */
export type Rest<Store> = Omit<ServiceOptions<Store>, "name" | "database">;

/** A service's own database as its main.ts opens it; its migrations are in `services/<system>/<service>/migrations`. */
export interface Own<Db, Store> extends Pick<DatabaseOptions<Db, Store>, "client" | "store"> {
  /** `order.tword` */
  readonly name: string;
}

/**
 * Starts a service with a database inside the test, wired as its main.ts wires it, but for one thing: its workers finish what a test has let go stale
 * (`onceStale`), and not a call that takes long because the machine is busy.
 *
 * @param rest what serves, hears and works on that database
 */
export function databaseService<Db, Store>(
  place: Place,
  { name, client, store }: Own<Db, Store>,
  rest: (database: Database<Store>) => Rest<Store>,
): Promise<WithSql> {
  const [service = "", system = ""] = name.split(".");
  const migrations = join(import.meta.dirname, "../../services", system, service, "migrations");
  const database = openDatabase({ client, store, migrations, url: place.url, connectMs });
  const { workers = [], ...others } = rest(database);
  return placedService(place, { ...others, workers: workers.map(patient), name, database });
}

const dayMs = 24 * 60 * 60 * 1000;

/** A worker that asks for no age has its reasons, and keeps them. */
function patient(worker: Worker): Worker {
  return worker.olderThanMs === 0 ? worker : { ...worker, olderThanMs: dayMs };
}

/** Rows of a table where the steps of sagas are kept: `["orders", "order_id", 7n]`. */
export type Steps = readonly [table: string, column: string, value: unknown];

/** Makes rows look as if they had stood still for long, so that the service's workers take them up, again and again until `look` finds something. */
export function onceStale<T>(
  { sql }: Pick<WithSql, "sql">,
  [table, column, value]: Steps,
  look: () => Promise<T | undefined | false>,
): Promise<T> {
  const age = `UPDATE ${table} SET step_time = '2000-01-01' WHERE ${column} = $1 AND step_time > '2000-01-01'`;
  return eventually(async () => {
    await sql.query(age, [value]);
    return look();
  });
}

/** The payloads of an event that a service has published, oldest first. @param name `Ordered` */
export async function published(service: Pick<WithSql, "sql">, name: string): Promise<unknown[]> {
  const query = "SELECT payload FROM mesh.outbox WHERE subject LIKE '%.' || $1 ORDER BY position";
  return (await rowsOf(service, query, [name])).map(([payload]) => JSON.parse(String(payload)));
}

/** The rows of a query, each as a list of its columns. */
export async function rowsOf(
  { sql }: Pick<WithSql, "sql">,
  text: string,
  values: unknown[] = [],
): Promise<unknown[][]> {
  return (await sql.query({ text, values, rowMode: "array" })).rows;
}

/** A thousand events on a busy machine take a while. */
const heardMs = 150_000;

/** Waits until a service has applied so many different events. */
export async function untilHeard(service: Pick<WithSql, "sql">, events: number): Promise<void> {
  await eventually(
    async () => {
      const [row] = await rowsOf(service, "SELECT count(*)::int FROM mesh.inbox");
      return row?.[0] === events;
    },
    { withinMs: heardMs },
  );
}
