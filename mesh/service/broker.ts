import { type JetStreamClient, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { Logger } from "./log.ts";

/** A connection to NATS that is made in the background and comes back by itself: a service starts, and works, without it. */
export interface Broker {
  /** Resolves once the first connection stands. */
  readonly ready: Promise<JetStream>;
  /** Sends what is waiting and closes. */
  close(): Promise<void>;
}

export interface JetStream {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
}

/** @param name what NATS shows of this client: `order.siren` */
export function openBroker(url: string, name: string, log: Logger): Broker {
  let opened: NatsConnection | undefined;
  let closed = false;
  const open = async (): Promise<JetStream> => {
    const connection = await connect({
      servers: url.split(","),
      name,
      waitOnFirstConnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      ignoreClusterUpdates: true,
    });
    opened = connection;
    if (closed) await connection.close();
    else void watch(connection, log);
    const manager = await jetstreamManager(connection, { checkAPI: false });
    return { connection, client: manager.jetstream(), manager };
  };
  const ready = open();
  ready.catch((error: unknown) => {
    if (!closed) log.error({ err: error }, "cannot use NATS");
  });
  return {
    ready,
    async close() {
      closed = true;
      if (!opened || opened.isClosed()) return;
      await opened.drain().catch(() => opened?.close());
    },
  };
}

async function watch(connection: NatsConnection, log: Logger): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === "disconnect") log.warn({ server: status.server }, "NATS is away");
    if (status.type === "reconnect") log.info({ server: status.server }, "NATS is back");
  }
}
