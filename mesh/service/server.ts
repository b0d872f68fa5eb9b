import { rmSync } from "node:fs";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { type AdapterOptions, adapt } from "./adapter.ts";
import { clampDeadlines } from "./deadline-clamp.ts";
import type { Implementation } from "./handler.ts";
import { Health } from "./health.ts";
import { maxMessageBytes } from "./outbound.ts";
import { registerReflection } from "./reflection.ts";

/** A gRPC server with the services, health and reflection. */
export class GrpcServer {
  readonly health = new Health();
  readonly #server: Server;

  constructor(services: readonly Implementation[], options: AdapterOptions) {
    this.#server = new Server({
      "grpc.max_receive_message_length": maxMessageBytes,
      "grpc.max_send_message_length": maxMessageBytes,
      "grpc.enable_channelz": 0,
    });
    const names = services.map((service) => serviceName(service));
    for (const service of services) {
      const { definition, handlers } = adapt(service, options);
      this.#server.addService(definition, handlers);
    }
    this.health.register(this.#server);
    registerReflection(this.#server, options.image, [...names, "grpc.health.v1.Health"]);
  }

  /**
   * Listens.
   *
   * @param where `0.0.0.0:50051`, `127.0.0.1:0`, `unix:/path`
   * @returns the port; 1 for a socket
   * @throws Error when it cannot bind
   */
  async listen(where: string): Promise<number> {
    if (where.startsWith("unix:")) rmSync(where.slice("unix:".length), { force: true }); // Left by a killed process.
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(where, ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
    clampDeadlines(this.#server);
    return port;
  }

  /**
   * Takes no new calls and waits for those in flight.
   *
   * @param graceMs then they are cut: tryShutdown waits for ever for a half-sent stream or an idle connection
   */
  async close(graceMs: number): Promise<void> {
    this.health.close();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, graceMs);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function serviceName({ definition }: Implementation): string {
  const [method] = Object.values(definition);
  return method?.path.split("/")[1] ?? "";
}
