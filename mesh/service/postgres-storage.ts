import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { envInteger } from "./config.ts";
import { migrate } from "./migrate.ts";
import { isAnswered, statementsOf } from "./outbox.ts";
import { PipelinedClient } from "./pipelined-client.ts";
import { PostgresOutbox } from "./postgres-outbox.ts";
import { purge } from "./purge.ts";
import { RequestAnswers } from "./request-answers.ts";
import type { Retention, Storage } from "./storage.ts";

/** How the connections of a process are kept. */
export interface PoolOptions {
  /** Connections of this process. Default: `DATABASE_POOL`, or 4. */
  readonly poolSize?: number | undefined;
  /** How long a connection may be waited for before the database counts as away; a limit of this process, not of another service. Default: 5 s. */
  readonly connectMs?: number | undefined;
}

/** A database of its own on a PostgreSQL server. The run time's tables are in its schema `mesh`. */
export class PostgresStorage implements Storage {
  readonly adapter: PrismaPg;
  readonly answers: RequestAnswers;
  readonly outbox: PostgresOutbox;
  readonly insertInbox = "INSERT INTO mesh.inbox (event_id, type) VALUES ($1, $2) ON CONFLICT DO NOTHING";
  readonly statementsOf = statementsOf;
  readonly isAnswered = isAnswered;
  readonly #url: string;
  readonly #pool: pg.Pool;

  constructor(url: string, { poolSize = envInteger("DATABASE_POOL", 4), connectMs = 5_000 }: PoolOptions = {}) {
    this.#url = url;
    const config = { connectionString: url, max: poolSize, connectionTimeoutMillis: connectMs };
    this.#pool = new pg.Pool({ ...config, Client: PipelinedClient });
    this.#pool.on("error", () => {}); // An idle connection broke; the next query makes a new one, or reports.
    this.#pool.on("connect", (client) => client.on("error", () => {})); // One in use broke; its query reports.
    this.#pool.on("release", (_error, client) => client instanceof PipelinedClient && client.forget());
    this.answers = new RequestAnswers(this.#pool);
    this.outbox = new PostgresOutbox(url, this.#pool);
    this.adapter = new PrismaPg(this.#pool, { statementNameGenerator: ({ sql }) => statementName(sql) });
  }

  migrate(folder: string): Promise<void> {
    return migrate(this.#url, folder);
  }

  async ping(): Promise<void> {
    await this.#pool.query("SELECT 1");
  }

  purge(retention: Retention): Promise<number> {
    return purge(this.#pool, retention);
  }

  async close(): Promise<void> {
    if (!this.#pool.ended) await this.#pool.end();
  }
}

const names = new Map<string, string>();

/** Prepared statements are known by name. Prisma's statements are few, as their values are parameters; beyond a limit they stay unnamed. */
function statementName(sql: string): string {
  const known = names.get(sql);
  if (known !== undefined) return known;
  const name = names.size < 500 ? `q${names.size}` : "";
  if (name) names.set(sql, name);
  return name;
}
