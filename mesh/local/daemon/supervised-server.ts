import { setTimeout as sleep } from "node:timers/promises";

export interface RunningServer {
  readonly pid: number;
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

export type ServerState = "Pending" | "Starting" | "Running" | "CrashLoopBackOff" | "Stopped";

export interface ServerEvents {
  onChange(): void;
  note(text: string): void;
}

/** At once, then after 1 s, doubling to 30 s: a server that others wait for is worth more tries than a workload. */
const longestPauseMs = 30_000;
/** After so long without an end the pauses start anew. */
const forgetMs = 60_000;

/** PostgreSQL, NATS or Envoy: kept running. `start` gets the one before, so that ports stay the same. */
export class SupervisedServer<T extends RunningServer> {
  readonly name: string;
  state: ServerState = "Pending";
  restarts = 0;
  reason = "";
  current: T | undefined;
  readonly #start: (before: T | undefined) => Promise<T>;
  readonly #events: ServerEvents;
  #last: T | undefined;
  #wanted = false;
  #failures = 0;
  #startedAt = 0;
  #waiting: { resolve(server: T): void; reject(error: Error): void }[] = [];
  #wake = new AbortController();

  constructor(name: string, start: (before: T | undefined) => Promise<T>, events: ServerEvents) {
    this.name = name;
    this.#start = start;
    this.#events = events;
  }

  get pid(): number {
    return this.current?.pid ?? 0;
  }

  /** The server, once it runs. @throws when we stop waiting for it */
  async ready(): Promise<T> {
    return this.current ?? new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Those who wait for it wait no longer. */
  stopWaiting(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(`${this.name} does not run`));
  }

  /** Starts it for the first time, or after a stop. @throws when it does not come up */
  async start(): Promise<T> {
    this.#wanted = true;
    return this.current ?? this.#startOnce();
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    this.#wake.abort();
    const server = this.current;
    this.#become("Stopped");
    await server?.stop();
    this.current = undefined;
    this.#events.onChange();
  }

  async #startOnce(): Promise<T> {
    this.#become("Starting");
    try {
      const server = await this.#start(this.#last);
      if (!this.#wanted) {
        await server.stop();
        throw new Error(`${this.name} was stopped while it started`);
      }
      this.#running(server);
      return server;
    } catch (error) {
      this.reason = error instanceof Error ? error.message : String(error);
      this.#become(this.#wanted ? "CrashLoopBackOff" : "Stopped");
      throw error;
    }
  }

  #running(server: T): void {
    this.current = server;
    this.#last = server;
    this.#startedAt = Date.now();
    this.reason = "";
    this.#become("Running");
    for (const { resolve } of this.#waiting.splice(0)) resolve(server);
    void server.exited.then(() => this.#ended(server));
  }

  async #ended(server: T): Promise<void> {
    if (this.current === server) this.current = undefined;
    if (!this.#wanted) return;
    this.restarts++;
    this.#events.note(`${this.name} ended and is started again`);
    if (Date.now() - this.#startedAt > forgetMs) this.#failures = 0;
    while (this.#wanted && !this.current) {
      await this.#pause();
      if (!this.#wanted) return;
      this.#failures++;
      await this.#startOnce().catch(() => this.#events.note(`${this.name} does not start: ${this.reason}`));
    }
  }

  async #pause(): Promise<void> {
    if (this.#failures === 0) return;
    this.#become("CrashLoopBackOff");
    this.#wake = new AbortController();
    const ms = Math.min(1000 * 2 ** (this.#failures - 1), longestPauseMs);
    await sleep(ms, undefined, { signal: this.#wake.signal }).catch(() => {});
  }

  #become(state: ServerState): void {
    this.state = state;
    this.#events.onChange();
  }
}
