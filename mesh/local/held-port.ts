import { createServer, type Server } from "node:net";
import { freePort } from "./free-port.ts";

/**
 * A free TCP port of the loopback interface that nobody else is given until we let go of it: a socket listens on it, beside which only one
 * that shares its port too may listen (SO_REUSEPORT), as all of Envoy's do. Where the system has no such sockets, it is only free.
 */
export class HeldPort {
  readonly port: number;
  readonly #server: Server | undefined;

  static async choose(): Promise<HeldPort> {
    const server = await listen();
    const address = server?.address();
    return address && typeof address === "object" ? new HeldPort(address.port, server) : new HeldPort(await freePort());
  }

  private constructor(port: number, server?: Server) {
    this.port = port;
    this.#server = server;
  }

  release(): Promise<void> {
    return new Promise((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()));
  }
}

function listen(): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", () => resolve(undefined));
    server.listen({ host: "127.0.0.1", port: 0, exclusive: true, reusePort: true }, () => resolve(server.unref()));
  });
}
