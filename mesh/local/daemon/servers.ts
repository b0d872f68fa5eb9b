import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Nats, startNats } from "../nats.ts";
import { type Postgres, startPostgres } from "../postgres.ts";
import type { LocalServers } from "../workloads/local-names.ts";
import type { State } from "./state.ts";
import { type ServerEvents, SupervisedServer } from "./supervised-server.ts";

/** PostgreSQL and NATS, kept running on the ports they first got. */
export class Servers {
  readonly postgres: SupervisedServer<Postgres>;
  readonly nats: SupervisedServer<Nats>;
  readonly #databases = new Map<string, Promise<void>>();

  constructor(state: State, events: ServerEvents) {
    this.postgres = new SupervisedServer(
      "postgres",
      (before) => {
        mkdirSync(dirname(state.postgres), { recursive: true });
        const logFile = join(state.logs, "postgres.log");
        return startPostgres({ dataDir: state.postgres, logFile, ...(before ? { port: before.port } : {}) });
      },
      events,
    );
    this.nats = new SupervisedServer(
      "nats",
      (before) => {
        const logFile = join(state.logs, "nats.log");
        const ports = before ? { port: before.port, monitorPort: Number(new URL(before.monitorUrl).port) } : {};
        return startNats({ dataDir: state.nats, logFile, ...ports });
      },
      events,
    );
  }

  /** Once both answer for the first time. */
  async local(): Promise<LocalServers & { createDatabase(name: string): Promise<void> }> {
    const [postgres, nats] = await Promise.all([this.postgres.ready(), this.nats.ready()]);
    return {
      postgresUrl: postgres.url,
      postgresPort: postgres.port,
      natsPort: nats.port,
      createDatabase: (name) => this.#createDatabase(name, postgres),
    };
  }

  /** Each once; a failure is not remembered. */
  #createDatabase(name: string, postgres: Postgres): Promise<void> {
    const known = this.#databases.get(name);
    if (known) return known;
    const made = postgres.createDatabase(name);
    this.#databases.set(name, made);
    made.catch(() => this.#databases.delete(name));
    return made;
  }

  async stop(): Promise<void> {
    await Promise.all([this.postgres.stop(), this.nats.stop()]);
  }
}
