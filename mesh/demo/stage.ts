import pg from "pg";
import type { Breaker } from "#mesh/local/breakers/breaker.ts";
import type { StatusRow } from "#mesh/local/daemon/status.ts";
import { type DemandingRest, demanding } from "#mesh/local/demanding-rest.ts";
import { patiently } from "#mesh/local/patiently.ts";
import { type Rest, type RestAnswer, rest } from "#mesh/local/rest.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import type { Figures } from "./figures.ts";
import type { MeshControl } from "./mesh-control.ts";
import { type Siege, type SiegeResult, siege } from "./siege.ts";

/** Something that must be seen. */
export interface Check {
  readonly text: string;
  readonly reached: boolean;
  /** What was seen, where that is more than yes or no. */
  readonly seen: string;
}

/** A load, beside what the document says of its own. */
export interface LoadReport {
  readonly title: string;
  readonly concurrency: number;
  readonly seconds: number;
  readonly document: Partial<Figures>;
  readonly here: Figures;
}

export interface StageOptions {
  readonly system: string;
  readonly control: Pick<MeshControl, keyof MeshControl>;
  readonly gateway: string;
  /** No load lasts longer. With it a demonstration is in its short form. */
  readonly seconds?: number | undefined;
  /** No load has more callers. */
  readonly concurrency?: number | undefined;
  readonly signal: AbortSignal;
  /** Told what happens, in one line. */
  readonly say: (text: string) => void;
}

export interface DocumentedSiege extends Siege {
  readonly title: string;
  /** The lines that the document has. */
  readonly document?: Partial<Figures>;
}

/** Thrown when what the rest of a demonstration relies on was not reached; the check is noted. */
export class NotReached extends Error {}

/**
 * What a demonstration works with. Whatever it changes through the stage is undone when it ends, however it ends: overlays, numbers of
 * replicas, database connections.
 */
export class Stage {
  readonly system: string;
  /** `http://127.0.0.1:8080`, for other hosts than the system's. */
  readonly gateway: string;
  /** REST calls to the system's host of the gateway. */
  readonly rest: Rest;
  /** REST calls that must succeed, for preparing. */
  readonly api: DemandingRest;
  /** Whether it is in its short form (`--seconds`). */
  readonly short: boolean;
  readonly checks: Check[] = [];
  readonly loads: LoadReport[] = [];
  readonly #options: StageOptions;
  readonly #overlays: string[] = [];
  readonly #replicas = new Map<string, number>();
  readonly #pools = new Map<string, pg.Pool>();

  constructor(options: StageOptions) {
    const { system, gateway, signal } = options;
    const call = rest(gateway, `${system}.localhost`);
    this.#options = options;
    this.system = system;
    this.gateway = gateway;
    this.short = options.seconds !== undefined;
    this.rest = async (...request) => {
      signal.throwIfAborted();
      return call(...request);
    };
    this.api = demanding(this.rest);
  }

  /** Tells the one who watches what is about to happen. */
  say(text: string): void {
    this.#options.signal.throwIfAborted();
    this.#options.say(text);
  }

  /** Puts `services/<system>/overlays/<name>` in force; one that is in force already is exchanged for it. */
  async apply(name: string): Promise<void> {
    const folder = `services/${this.system}/overlays/${name}`;
    this.say(`applies ${folder}`);
    const before = [...this.#overlays];
    await this.#noteReplicas();
    this.#overlays.push(folder);
    await this.#options.control.apply(folder);
    for (const other of before) await this.#takeAway(other);
  }

  /** Takes away what `apply` has put in force. */
  async removeOverlays(): Promise<void> {
    for (const folder of [...this.#overlays]) await this.#takeAway(folder);
  }

  /** @param workload a service of the system: `delivery` */
  async scale(workload: string, replicas: number): Promise<void> {
    this.say(`scales ${this.system}/${workload} to ${replicas}`);
    await this.#noteReplicas();
    await this.#options.control.scale(`${this.system}/${workload}`, replicas);
  }

  /** A rolling restart. */
  async restart(workload: string): Promise<void> {
    this.say(`restarts ${this.system}/${workload}`);
    await this.#options.control.restart(`${this.system}/${workload}`);
  }

  /** The replicas of a service of the system. */
  async replicas(workload: string): Promise<StatusRow[]> {
    const { rows } = await this.#options.control.status();
    return rows.filter((row) => row.system === this.system && row.workload === workload);
  }

  /** A caller's breakers towards a callee, one for each pair of replicas. */
  async breakers(caller: string, callee: string): Promise<Breaker[]> {
    const breakers = await this.#options.control.breakers();
    return breakers.filter(
      (breaker) =>
        breaker.caller.startsWith(`${this.system}/${caller}-`) &&
        breaker.callee.startsWith(`${callee}.${this.system}.`),
    );
  }

  /** Runs a load and notes its figures, and that nothing was answered if so. `--seconds` and `--concurrency` make it shorter and smaller. */
  async load({ title, document = {}, ...wanted }: DocumentedSiege): Promise<SiegeResult> {
    const { seconds, concurrency, signal } = this.#options;
    const load = {
      ...wanted,
      concurrency: Math.min(wanted.concurrency, concurrency ?? wanted.concurrency),
      seconds: Math.min(wanted.seconds, seconds ?? wanted.seconds),
    };
    this.say(`${title}: ${load.concurrency === 1 ? "1 caller" : `${load.concurrency} callers`}, ${load.seconds} s`);
    const result = await siege(load, signal);
    this.loads.push({ title, concurrency: load.concurrency, seconds: load.seconds, document, here: result.figures });
    if (result.answers.every(({ status }) => status === 0)) this.check(title, false, "nothing was answered");
    return result;
  }

  /** How many calls a load can make at most when each takes `leastMs`: so much has to be prepared. */
  callsOf({ concurrency, seconds }: { concurrency: number; seconds: number }, leastMs: number): number {
    const { seconds: atMostS = seconds, concurrency: atMost = concurrency } = this.#options;
    return Math.ceil(Math.min(concurrency, atMost) * ((Math.min(seconds, atMostS) * 1000) / leastMs + 1));
  }

  /** Notes whether something was seen. */
  check(text: string, reached: boolean, seen = ""): void {
    this.checks.push({ text, reached, seen });
    this.say(`${reached ? "seen" : "NOT SEEN"}: ${text}${seen ? ` (${seen})` : ""}`);
  }

  /**
   * Waits until `look` no longer throws and returns neither undefined nor false; notes it, and returns what it returned.
   *
   * @param withinS how long to wait. Default: two minutes
   * @throws NotReached when it does not happen
   */
  async eventually<T>(
    text: string,
    look: () => Promise<T | undefined | false> | T | undefined | false,
    { withinS = 120 } = {},
  ): Promise<T> {
    const { signal } = this.#options;
    let found: T;
    try {
      found = await eventually(() => (signal.aborted ? Promise.resolve(undefined) : look()), {
        withinMs: withinS * 1000,
      });
    } catch (error) {
      signal.throwIfAborted();
      this.check(text, false, error instanceof Error ? error.message : String(error));
      throw new NotReached(text);
    }
    this.check(text, true);
    return found;
  }

  /** Repeats a call while it is answered 503, where nothing is broken yet: see `patiently`. Returns the last answer. */
  patiently(call: () => Promise<RestAnswer>): Promise<RestAnswer> {
    return patiently(call);
  }

  /** @param service whose database: `order` */
  async database(service: string): Promise<pg.Pool> {
    const known = this.#pools.get(service);
    if (known) return known;
    const connectionString = await this.#options.control.databaseUrl(`${this.system}_${service}`);
    const pool = new pg.Pool({ connectionString, max: 1 });
    pool.on("error", () => {}); // A lost connection shows in the next query.
    this.#pools.set(service, pool);
    return pool;
  }

  /** @param claim a PersistentVolumeClaim of the system, whose folder it is */
  volume(claim: string): string {
    return this.#options.control.volume(this.system, claim);
  }

  natsUrl(): Promise<string> {
    return this.#options.control.natsUrl();
  }

  /** Undoes what was changed. Returns what could not be undone, in sentences. */
  async restore(): Promise<string[]> {
    const { control, say } = this.#options;
    const problems: string[] = [];
    const attempt = async (what: string, undo: () => Promise<void>) => {
      say(what);
      await undo().catch((error: Error) => problems.push(`${what}: ${error.message}`));
    };
    for (const folder of [...this.#overlays]) await attempt(`takes ${folder} away`, () => this.#remove(folder));
    for (const [workload, replicas] of await this.#changedReplicas().catch(() => [])) {
      await attempt(`scales ${workload} back to ${replicas}`, () => control.scale(workload, replicas));
    }
    await control.untilReady().catch((error: Error) => problems.push(error.message));
    return problems;
  }

  async close(): Promise<void> {
    for (const pool of this.#pools.values()) await pool.end();
  }

  async #takeAway(folder: string): Promise<void> {
    this.say(`takes ${folder} away`);
    await this.#remove(folder);
  }

  async #remove(folder: string): Promise<void> {
    const { overlays } = await this.#options.control.status();
    if (overlays.includes(folder)) await this.#options.control.remove(folder);
    this.#overlays.splice(this.#overlays.indexOf(folder), 1);
  }

  /** Remembers how many replicas there were before the first change. */
  async #noteReplicas(): Promise<void> {
    if (this.#replicas.size > 0) return;
    const { workloads } = await this.#options.control.status();
    for (const { system, workload, desired } of workloads) {
      if (system === this.system) this.#replicas.set(`${system}/${workload}`, desired);
    }
  }

  async #changedReplicas(): Promise<[string, number][]> {
    const { workloads } = await this.#options.control.status();
    const now = new Map(workloads.map(({ system, workload, desired }) => [`${system}/${workload}`, desired]));
    return [...this.#replicas].filter(([workload, replicas]) => now.get(workload) !== replicas);
  }
}
