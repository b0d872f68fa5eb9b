import { isFree } from "../free-port.ts";

/** Below the range that the kernel takes for outgoing connections, so that a port stays free until its process listens. */
const first = 20_000;
const last = 29_999;

/** Loopback ports for processes that listen on TCP. */
export class Ports {
  #next: number;
  readonly #used = new Set<number>();

  /** `seed`: hexadecimal digits; meshes of different states start at different places. */
  constructor(seed: string) {
    this.#next = first + (Number.parseInt(seed.slice(0, 8), 16) % (last - first));
  }

  async take(): Promise<number> {
    for (let tries = 0; tries <= last - first; tries++) {
      this.#next = this.#next >= last ? first : this.#next + 1;
      const port = this.#next;
      if (this.#used.has(port)) continue;
      this.#used.add(port);
      if (await isFree(port)) return port;
      this.#used.delete(port);
    }
    throw new Error(`no port from ${first} to ${last} is free`);
  }

  giveBack(port: number): void {
    this.#used.delete(port);
  }
}
