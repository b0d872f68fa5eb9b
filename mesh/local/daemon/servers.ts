import { globSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder } from "../binaries.ts";
import { ControlPlane } from "../control-plane.ts";
import { type Nats, startNats } from "../nats.ts";
import { type Postgres, startPostgres } from "../postgres.ts";
import type { ProcessRecords } from "../supervisor/process-records.ts";
import type { LocalServers } from "../workloads/local-names.ts";
import type { Addresses } from "./addresses.ts";
import type { State } from "./state.ts";
import { type ServerEvents, SupervisedServer } from "./supervised-server.ts";

export interface ServersParts extends ServerEvents {
  readonly state: State;
  readonly records: ProcessRecords;
  /** 0: any free port. */
  readonly gatewayPort: number;
}

/** Envoy is started again by the control plane, which does not tell; so its pid is looked at. */
const recordMs = 1_000;

/** PostgreSQL, NATS and the control plane with its Envoy: kept running on the ports they first got. */
export class Servers {
  readonly postgres: SupervisedServer<Postgres>;
  readonly nats: SupervisedServer<Nats>;
  controlPlane: ControlPlane | undefined;
  readonly #parts: ServersParts;
  readonly #databases = new Map<string, Promise<void>>();
  readonly #recorded = new Map<string, number>();
  /** Tools that the first start has to download. */
  readonly downloading: ReadonlySet<string> = new Set(pinnedTools.filter((tool) => !isCached(tool)));
  #timer: NodeJS.Timeout | undefined;
  #starting: Promise<unknown> = Promise.resolve();

  constructor(parts: ServersParts) {
    const { state } = parts;
    this.#parts = parts;
    const events = { note: parts.note, onChange: () => this.#changed() };
    const startingPostgres = (before: Postgres | undefined) => {
      mkdirSync(dirname(state.postgres), { recursive: true });
      const logFile = join(state.logs, "postgres.log");
      return startPostgres({ dataDir: state.postgres, logFile, ...(before ? { port: before.port } : {}) });
    };
    const startingNats = (before: Nats | undefined) => {
      const ports = before ? { port: before.port, monitorPort: Number(new URL(before.monitorUrl).port) } : {};
      return startNats({ dataDir: state.nats, logFile: join(state.logs, "nats.log"), ...ports });
    };
    this.postgres = new SupervisedServer("postgres", startingPostgres, events);
    this.nats = new SupervisedServer("nats", startingNats, events);
  }

  /** All three at once. @throws when one does not come up, after the others have come to rest */
  async start(addresses: Addresses): Promise<void> {
    this.#timer = setInterval(() => this.#record(), recordMs);
    this.#timer.unref();
    const starting = Promise.allSettled([this.postgres.start(), this.nats.start(), this.#startControlPlane(addresses)]);
    this.#starting = starting;
    for (const result of await starting) if (result.status === "rejected") throw result.reason;
  }

  /** Once PostgreSQL and NATS answer. */
  async local(): Promise<LocalServers & { createDatabase(name: string): Promise<void> }> {
    const [postgres, nats] = await Promise.all([this.postgres.ready(), this.nats.ready()]);
    return {
      postgresUrl: postgres.url,
      postgresPort: postgres.port,
      natsPort: nats.port,
      createDatabase: (name) => this.#createDatabase(name, postgres),
    };
  }

  /** Who waits for a server waits no longer: all is about to end. */
  stopWaiting(): void {
    this.postgres.stopWaiting();
    this.nats.stopWaiting();
  }

  async stop(): Promise<void> {
    await this.#starting;
    clearInterval(this.#timer);
    await this.controlPlane?.close();
    await Promise.all([this.postgres.stop(), this.nats.stop()]);
    this.#record();
  }

  async #startControlPlane(addresses: Addresses): Promise<void> {
    const { state, gatewayPort } = this.#parts;
    this.controlPlane = await ControlPlane.start({
      stateDir: state.root,
      runDir: state.run,
      logDir: state.logs,
      gateway: { http: gatewayPort, ...(gatewayPort === 0 ? {} : { https: httpsPortOf(gatewayPort) }) },
      ...(addresses.distinct ? { gatewayIp: addresses.take() } : {}),
      ...collector(),
    });
    this.#changed();
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

  #changed(): void {
    this.#record();
    this.#parts.onChange();
  }

  /** So that a mesh that is killed finds its servers again. */
  #record(): void {
    this.#recordOne("postgres", this.postgres.pid, "SIGINT");
    this.#recordOne("nats", this.nats.pid, "SIGTERM");
    this.#recordOne("envoy", this.controlPlane?.envoy.pid ?? 0, "SIGTERM");
  }

  #recordOne(what: string, pid: number, stopSignal: NodeJS.Signals): void {
    const before = this.#recorded.get(what) ?? 0;
    if (before === pid) return;
    if (before > 0) this.#parts.records.remove(before);
    if (pid > 0) this.#parts.records.add(pid, what, stopSignal);
    this.#recorded.set(what, pid);
  }
}

const pinnedTools = ["envoy", "nats-server"];

function isCached(tool: string): boolean {
  return globSync(`${tool}-*`, { cwd: cacheFolder() }).length > 0;
}

/** 8443 beside 8080, and as far from any other port. */
export function httpsPortOf(gatewayPort: number): number {
  return gatewayPort + 363;
}

/** Envoy's spans go where the services' own go. */
function collector(): { otlp?: string } {
  const endpoint = process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? "";
  return endpoint.startsWith("http://") && URL.canParse(endpoint) ? { otlp: endpoint } : {};
}
