import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll } from "vitest";
import type { StoredEvent } from "#mesh/service/envelope.ts";
import { streamOf } from "#mesh/service/event.ts";
import { bucketOf } from "#mesh/service/read-model.ts";
import type { Place } from "./placed-service.ts";
import { publishEvents } from "./publish-event.ts";
import { type TestNats, type TestPostgres, testNats, testPostgres } from "./servers.ts";

/** A place for a service in a system with events. */
export interface SystemPlace extends Place {
  readonly settings: { readonly natsUrl: string; readonly ns: string };
}

/** The servers of a test file. They are there from the file's own `beforeAll` to its `afterAll`. */
export interface Servers {
  readonly postgres: TestPostgres;
  readonly nats: TestNats;
  /** A database that nobody else uses, in the system `ns`. */
  place(ns: string): SystemPlace;
  /** The same in a system of its own, whose stream is there already. */
  placeApart(): Promise<SystemPlace>;
  /** Publishes events in this order, see publishEvents. */
  publish(place: SystemPlace, events: readonly StoredEvent[]): Promise<void>;
  /** How many events a service has yet to apply. @throws Error while nobody has listened. @param service `mypage` */
  lagOf(place: SystemPlace, service: string): Promise<number>;
  /** Takes a service's key-value bucket away. @param service `mypage` */
  deleteBucket(place: SystemPlace, service: string): Promise<void>;
}

/** Starts PostgreSQL and NATS before a file's tests and stops them after the last. To be called before the file's own hooks. */
export function useServers(): Servers {
  let postgres: TestPostgres | undefined;
  let nats: TestNats | undefined;
  let systems = 0;

  beforeAll(async () => {
    [postgres, nats] = await Promise.all([testPostgres(), testNats()]);
  });
  afterAll(async () => {
    await nats?.[Symbol.asyncDispose]();
    await postgres?.[Symbol.asyncDispose]();
  });

  return {
    get postgres() {
      return started(postgres);
    },
    get nats() {
      return started(nats);
    },
    place(ns) {
      return { url: this.postgres.freshUrl(), settings: { natsUrl: this.nats.url, ns } };
    },
    async placeApart() {
      systems += 1;
      const place = this.place(`system${systems}`);
      await this.publish(place, []);
      return place;
    },
    publish: ({ settings }, events) => publishEvents(settings.natsUrl, settings.ns, events),
    lagOf: ({ settings }, service) =>
      managing(settings.natsUrl, async ({ consumers }) => {
        const { num_pending, num_ack_pending } = await consumers.info(streamOf(settings.ns), service);
        return num_pending + num_ack_pending;
      }),
    async deleteBucket({ settings }, service) {
      const bucket = `KV_${bucketOf(settings.ns, service)}`;
      await managing(settings.natsUrl, ({ streams }) => streams.delete(bucket));
    },
  };
}

async function managing<T>(natsUrl: string, work: (manager: JetStreamManager) => Promise<T>): Promise<T> {
  const connection = await connect({ servers: natsUrl });
  try {
    return await work(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

function started<Server>(server: Server | undefined): Server {
  if (server === undefined) throw new Error("the servers run only while tests and hooks do");
  return server;
}
