import type { Server, ServerUnaryCall, ServerWritableStream, sendUnaryData } from "@grpc/grpc-js";
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  HealthService,
  HealthCheckResponse_ServingStatus as Status,
} from "#gen/proto/grpc/health/v1/health.ts";
import { Code } from "./codes.ts";

type Watcher = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

/**
 * grpc.health.v1: `liveness` serves as long as the process answers at all, `readiness` (and the empty name) once it is ready and until it ends.
 * Readiness does not follow the database or NATS: the service answers for itself that its storage is away.
 */
export class Health {
  #ready = false;
  readonly #watchers = new Set<Watcher>();

  /** Adds the service to a server. */
  register(server: Server): void {
    server.addService(HealthService, {
      check: (
        call: ServerUnaryCall<HealthCheckRequest, HealthCheckResponse>,
        reply: sendUnaryData<HealthCheckResponse>,
      ) => {
        const status = this.#statusOf(call.request.service);
        if (status === Status.SERVICE_UNKNOWN) reply({ code: Code.NOT_FOUND, details: "unknown service" });
        else reply(null, { status });
      },
      watch: (call: Watcher) => this.#watch(call),
    });
  }

  setReady(ready: boolean): void {
    this.#ready = ready;
    for (const watcher of this.#watchers) watcher.write({ status: this.#statusOf(watcher.request.service) });
  }

  /** Ends the watches, which would hold up a graceful shutdown. */
  close(): void {
    for (const watcher of this.#watchers) watcher.end();
    this.#watchers.clear();
  }

  #watch(call: Watcher): void {
    this.#watchers.add(call);
    call.on("cancelled", () => this.#watchers.delete(call));
    call.write({ status: this.#statusOf(call.request.service) });
  }

  #statusOf(service: string): HealthCheckResponse["status"] {
    if (service === "liveness") return Status.SERVING;
    if (service === "" || service === "readiness") return this.#ready ? Status.SERVING : Status.NOT_SERVING;
    return Status.SERVICE_UNKNOWN;
  }
}
