import { createServer, request, type Server } from "node:http";

/** An HTTP server outside of the mesh that answers 200 and remembers the hosts it was asked for. */
export class HttpServer implements Disposable {
  readonly hosts: string[] = [];
  readonly #server: Server;
  port = 0;

  static async start(): Promise<HttpServer> {
    const made = new HttpServer();
    await new Promise<void>((resolve) => made.#server.listen(0, "127.0.0.1", resolve));
    const address = made.#server.address();
    made.port = typeof address === "object" && address ? address.port : 0;
    return made;
  }

  private constructor() {
    this.#server = createServer((asked, answer) => {
      this.hosts.push(asked.headers.host ?? "");
      answer.end("ok");
    });
  }

  /** The status of a GET for `http://host/` through a sidecar's outbound listener (`unix:/path`). */
  getThrough(outbound: string, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const socketPath = outbound.slice("unix:".length);
      const call = request({ socketPath, path: "/", headers: { host }, agent: false }, (answer) => {
        answer.resume();
        answer.once("end", () => resolve(answer.statusCode ?? 0));
      });
      call.once("error", reject).end();
    });
  }

  [Symbol.dispose](): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
