import { createServer, type Server } from "node:net";

/** Held in the claimed network as long as the mesh runs, so that another mesh sees that it is taken. */
const claimPort = 15_012;

/**
 * Addresses for replicas in 127.0.0.0/8. A mesh claims one network 127.x.0.0/16 for itself; which one follows from the state, so
 * that addresses stay the same from run to run, and the next one is taken when another mesh has it.
 */
export class Addresses {
  readonly network: number;
  readonly #claim: Server | undefined;
  readonly #used = new Set<string>();
  #next = 0;

  private constructor(network: number, claim: Server | undefined) {
    this.network = network;
    this.#claim = claim;
  }

  /** `seed`: 12 hexadecimal digits. */
  static async claim(seed: string): Promise<Addresses> {
    const preferred = Number.parseInt(seed, 16);
    for (let n = 0; n < 250; n++) {
      const network = 2 + ((preferred + n) % 250);
      const claim = await listen(`127.${network}.255.254`);
      if (claim === "taken") continue;
      if (claim === "unknown address") return new Addresses(0, undefined);
      return new Addresses(network, claim);
    }
    throw new Error("250 meshes run on this machine already; stop one with `mesh down`");
  }

  /** False where only 127.0.0.1 exists (macOS): then every replica has that address. */
  get distinct(): boolean {
    return this.network !== 0;
  }

  /** Goes round, so that an address that was just given back rests: proxies may still remember it. */
  take(): string {
    if (!this.distinct) return "127.0.0.1";
    for (let tries = 0; tries < 60_000; tries++) {
      this.#next = (this.#next % 60_000) + 1;
      const address = `127.${this.network}.${Math.floor(this.#next / 250)}.${1 + (this.#next % 250)}`;
      if (this.#used.has(address)) continue;
      this.#used.add(address);
      return address;
    }
    throw new Error(`no address is free in 127.${this.network}.0.0/16`);
  }

  giveBack(address: string): void {
    this.#used.delete(address);
  }

  close(): Promise<void> {
    return new Promise((resolve) => (this.#claim ? this.#claim.close(() => resolve()) : resolve()));
  }
}

function listen(host: string): Promise<Server | "taken" | "unknown address"> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error) => {
      resolve("code" in error && error.code === "EADDRINUSE" ? "taken" : "unknown address");
    });
    server.listen({ host, port: claimPort, exclusive: true }, () => {
      server.unref();
      resolve(server);
    });
  });
}
