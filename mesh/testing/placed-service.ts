import pg from "pg";
import type { ServiceOptions } from "#mesh/service/service.ts";
import type { Settings } from "#mesh/service/settings.ts";
import { eventually } from "./eventually.ts";
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
  const sql = new pg.Pool({ connectionString: url, max: 2 });
  const stopService = service.stop;
  const stop = async () => {
    await sql.end();
    await stopService();
  };
  return Object.assign(service, { sql, url, stop, [Symbol.asyncDispose]: stop });
}

/** The rows of a query, each as a list of its columns. */
export async function rowsOf(
  { sql }: Pick<WithSql, "sql">,
  text: string,
  values: unknown[] = [],
): Promise<unknown[][]> {
  return (await sql.query({ text, values, rowMode: "array" })).rows;
}

/** Waits until a service has applied so many different events. */
export async function untilHeard(service: Pick<WithSql, "sql">, events: number): Promise<void> {
  await eventually(async () => {
    const [row] = await rowsOf(service, "SELECT count(*)::int FROM mesh.inbox");
    return row?.[0] === events;
  });
}
