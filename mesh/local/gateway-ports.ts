import { createServer } from "node:net";
import { freePort } from "./free-port.ts";

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

  /** @throws when a port is taken */
  static async choose(options: GatewayPortOptions): Promise<GatewayPorts> {
    const auto = options.http === 0;
    const http = options.http || (await freePort());
    const https = options.https || (auto ? await freePort() : 8443);
    if (http === https) throw new Error(`the gateway cannot serve HTTP and HTTPS both on port ${http}`);
    for (const port of [http, https]) await checkFree(port);
    return new GatewayPorts({ http, https, auto });
  }

  private constructor({ http, https, auto }: { http: number; https: number; auto: boolean }) {
    this.http = http;
    this.https = https;
    this.#auto = auto;
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
    for (const port of ports)
      if (port !== 80 && port !== 443 && !this.#others.has(port)) this.#others.set(port, await freePort());
  }

  #fixed(port: number): number | undefined {
    const here = port < 1024 ? port + 8000 : port;
    return here === this.http || here === this.https ? undefined : here;
  }
}

async function checkFree(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const server = createServer();
    server.once("error", () =>
      reject(new Error(`port ${port} of the gateway is taken; end what listens there, or use --gateway-port`)),
    );
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve()));
  });
}
