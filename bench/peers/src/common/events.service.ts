import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from "@nestjs/common";
import { type Broker, openBroker } from "#mesh/service/broker.ts";
import { Consumer } from "#mesh/service/consumer.ts";
import { parseBody, parseHeaders } from "#mesh/service/envelope.ts";
import { PostgresOutbox } from "#mesh/service/postgres-outbox.ts";
import { Relay } from "#mesh/service/relay.ts";
import { pool } from "./database.ts";
import { logger } from "./logger.ts";
import { runInContext } from "./request-context.ts";

/** What is done with an event. @returns whether it was new */
export type EventHandler = (eventId: string, type: string, body: object) => Promise<boolean>;

/** Events out and in. The relay and the pull consumer are Mainsheet's own, so that both sides of the comparison have the same. */
@Injectable()
export class EventsService implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #broker: Broker;
  readonly #relay: Relay;
  readonly #handlers = new Map<string, EventHandler>();
  readonly #ns = process.env["NS"] ?? "mall";
  readonly #service = process.env["SERVICE_NAME"] ?? "";
  #consumer: Consumer | undefined;

  constructor() {
    this.#broker = openBroker(process.env["NATS_URL"] ?? "", this.#service, logger);
    const outbox = new PostgresOutbox(process.env["DATABASE_URL"] ?? "", pool);
    this.#relay = new Relay({ outbox, broker: this.#broker, ns: this.#ns, log: logger });
  }

  /** @param type `mall.order.v1.OrderPlaced` */
  on(type: string, handler: EventHandler): void {
    this.#handlers.set(type, handler);
  }

  /** To be called after a commit with events. */
  committed(): void {
    this.#relay.notify();
  }

  onApplicationBootstrap(): void {
    this.#relay.start();
    if (this.#handlers.size === 0) return;
    this.#consumer = new Consumer({
      broker: this.#broker,
      ns: this.#ns,
      service: this.#service.split(".")[0] ?? "",
      subjects: [...this.#handlers.keys()].map((type) =>
        type
          .split(".")
          .filter((_, part) => part % 2 === 1)
          .join("."),
      ),
      log: logger,
      dispatch: async ({ headers, data }) => {
        const started = performance.now();
        const { id, type, correlationId, traceparent = "" } = parseHeaders(headers);
        const handler = this.#handlers.get(type);
        if (!handler) throw new Error(`nothing waits for ${type}`);
        const traceId = traceparent.split("-")[1] ?? "";
        const context = { traceparent, traceId, correlationId, causationId: id, requestId: undefined };
        const fresh = await runInContext(context, () => handler(id, type, parseBody(data)));
        const durationMs = Math.round((performance.now() - started) * 10) / 10;
        logger.info({ traceId, correlationId, causationId: id, event: type, fresh, durationMs }, "event");
      },
    });
    this.#consumer.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#consumer?.stop();
    await this.#relay.stop(2_000);
    await this.#broker.close();
  }
}
