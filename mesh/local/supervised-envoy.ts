import { setTimeout as sleep } from "node:timers/promises";
import { type Envoy, type EnvoyOptions, startEnvoy } from "./envoy.ts";

export interface EnvoyState {
  /** Undefined while it is down. */
  readonly pid: number | undefined;
  readonly restarts: number;
}

const firstPauseMs = 50;
const longestPauseMs = 5_000;

/** Keeps one Envoy running: one that ends is started again on the same sockets and gets its configuration from ADS again. */
export class SupervisedEnvoy {
  readonly #options: EnvoyOptions;
  #envoy: Envoy | undefined;
  #restarts = 0;
  #closing = false;
  #loop: Promise<void> = Promise.resolve();

  static async start(options: EnvoyOptions): Promise<SupervisedEnvoy> {
    const supervised = new SupervisedEnvoy(options);
    supervised.#envoy = await startEnvoy(options);
    supervised.#loop = supervised.#watch(supervised.#envoy);
    return supervised;
  }

  private constructor(options: EnvoyOptions) {
    this.#options = options;
  }

  get state(): EnvoyState {
    return { pid: this.#envoy?.pid, restarts: this.#restarts };
  }

  get admin(): string | undefined {
    return this.#envoy?.admin;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#envoy?.stop();
    await this.#loop;
    // Started between the two.
    await this.#envoy?.stop();
  }

  async #watch(first: Envoy): Promise<void> {
    let startedAt = Date.now();
    let pauseMs = firstPauseMs;
    await first.exited;
    while (!this.#closing) {
      this.#envoy = undefined;
      // One that ran for a while has earned a quick start; one that ends at once has not.
      pauseMs = Date.now() - startedAt > 10_000 ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
      await sleep(pauseMs);
      if (this.#closing) return;
      this.#restarts++;
      startedAt = Date.now();
      try {
        this.#envoy = await startEnvoy(this.#options);
        await this.#envoy.exited;
      } catch {
        // Its log says why; the next try comes after a longer pause.
      }
    }
  }
}
