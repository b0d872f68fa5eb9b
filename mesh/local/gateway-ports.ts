import { isFree } from "./free-port.ts";
import { HeldPort } from "./held-port.ts";

export interface GatewayPortOptions {
  /** Serves what the cluster's gateway serves on 80; 0: any free port. */
  readonly http: number;
  /** The same for 443; default 8443, any free port when `http` is 0. */
  readonly https?: number;
}

/** Which port of this machine stands for which port of the gateway. */
export class GatewayPorts {
  readonly http: number;
  readonly https: number;
  readonly #auto: boolean;
  readonly #others = new Map<number, number>();
  #held: HeldPort[] = [];

  /** @throws when a port is taken */
  static async choose(options: GatewayPortOptions): Promise<GatewayPorts> {
    const auto = options.http === 0;
    const held: HeldPort[] = [];
    const hold = async () => {
      const port = await HeldPort.choose();
      held.push(port);
      return port.port;
    };
    const http = options.http || (await hold());
    const https = options.https || (auto ? await hold() : 8443);
    if (http === https) throw new Error(`the gateway cannot serve HTTP and HTTPS both on port ${http}`);
    for (const port of [options.http, options.https || (auto ? 0 : https)]) if (port) await checkFree(port);
    return new GatewayPorts({ http, https, auto, held });
  }

  private constructor(chosen: { http: number; https: number; auto: boolean; held: HeldPort[] }) {
    this.http = chosen.http;
    this.https = chosen.https;
    this.#auto = chosen.auto;
    this.#held = chosen.held;
  }

  /** Lets go of the ports that were chosen here: Envoy listens on those it needs, or there is no Envoy. */
  async release(): Promise<void> {
    await Promise.all(this.#held.splice(0).map((port) => port.release()));
  }

  /** Differs when an answer of `of` does. */
  get fingerprint(): string {
    return JSON.stringify([this.http, this.https, [...this.#others]]);
  }

  /** The port here; undefined: it cannot be served. */
  of(port: number): number | undefined {
    if (port === 80) return this.http;
    if (port === 443) return this.https;
    return this.#auto ? this.#others.get(port) : this.#fixed(port);
  }

  /** Finds free ports for what else the gateway serves; only needed when all ports are free to choose. */
  async prepare(ports: Iterable<number>): Promise<void> {
    if (!this.#auto) return;
    for (const port of ports) {
      if (port === 80 || port === 443 || this.#others.has(port)) continue;
      const held = await HeldPort.choose();
      this.#held.push(held);
      this.#others.set(port, held.port);
    }
  }

  #fixed(port: number): number | undefined {
    const here = port < 1024 ? port + 8000 : port;
    return here === this.http || here === this.https ? undefined : here;
  }
}

async function checkFree(port: number): Promise<void> {
  if (await isFree(port)) return;
  throw new Error(`port ${port} of the gateway is taken; end what listens there, or use --gateway-port`);
}
