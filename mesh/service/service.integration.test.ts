import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HealthService } from "#gen/proto/grpc/health/v1/health.ts";
import { ProductServiceService } from "#gen/proto/siren/product/v1/product.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { type TestNats, type TestPostgres, testNats, testPostgres } from "#mesh/testing/servers.ts";
import { americano, register as create, startPublisher, startSubscriber } from "#mesh/testing/shop-services.ts";
import { Code } from "./codes.ts";

let postgres: TestPostgres;
let nats: TestNats;
beforeAll(async () => {
  [postgres, nats] = await Promise.all([testPostgres(), testNats()]);
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

let systems = 0;
/** A system of its own, so that tests do not see each other's streams. */
const freshNs = () => `test${++systems}`;

const place = (ns: string) => ({ url: postgres.freshUrl(), settings: { natsUrl: nats.url, ns } });
const publisher = (ns: string, inside?: () => Promise<void>) => startPublisher(place(ns), inside);
const subscriber = (ns: string, effect?: (name: string) => Promise<void> | void, name?: string) =>
  startSubscriber(place(ns), effect, name);

async function query(url: string, sql: string, values: unknown[] = []): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}

describe("request_id", () => {
  it("answers a repeat with the first answer, and does nothing twice", async () => {
    await using service = await publisher(freshNs());
    const id = randomUUID();
    const first = await create(service, "once", id);
    expect(first.code).toBe(Code.OK);
    expect(await create(service, "once", id.toUpperCase())).toMatchObject({ code: Code.INVALID_ARGUMENT });
    expect((await create(service, "once", id)).response).toEqual(first.response);
    expect(await service.database.store.all()).toHaveLength(1);
  });

  it("refuses the same id with another body", async () => {
    await using service = await publisher(freshNs());
    const id = randomUUID();
    await create(service, "one", id);
    expect(await create(service, "two", id)).toMatchObject({
      reason: "REQUEST_ID_REUSED",
      violations: ["request_id REQUEST_ID_REUSED"],
    });
  });

  it("gives parallel repeats one effect and the same answer", async () => {
    await using service = await publisher(freshNs());
    const id = randomUUID();
    const answers = await Promise.all(Array.from({ length: 12 }, () => create(service, "many", id)));
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([Code.OK]));
    expect(new Set(answers.map(({ response }) => response?.productId)).size).toBe(1);
    expect(await service.database.store.all()).toHaveLength(1);
    expect(await query(service.database.url, "SELECT 1 FROM mesh.outbox")).toHaveLength(1);
  });

  it("does nothing for a caller that has gone while it waited for a connection", async () => {
    const release = Promise.withResolvers<void>();
    let inside = 0;
    await using service = await publisher(freshNs(), () => {
      inside += 1;
      return release.promise;
    });
    const busy = Array.from({ length: 4 }, () => create(service, "busy"));
    await eventually(() => inside === 4);
    const request = { product: { ...americano, name: "late" } };
    // Long enough to arrive, however busy the machine is: what never arrived would not be waiting.
    const late = service.caller.call(ProductServiceService.createProduct, request, { timeoutMs: 3_000 });
    expect((await late).code).toBe(Code.DEADLINE_EXCEEDED);
    // What is sent behind it on the same connection is answered once the service knows that the caller has gone.
    expect((await service.caller.call(HealthService.check, { service: "liveness" })).code).toBe(Code.OK);
    release.resolve();
    await Promise.all(busy);
    await eventually(() => service.lines.some(({ code }) => code === "DEADLINE_EXCEEDED"));
    expect(inside).toBe(4);
    expect((await service.database.store.all()).map(({ name }) => name)).toEqual(["busy", "busy", "busy", "busy"]);
  });

  it("keeps nothing of a failure", async () => {
    let broken = true;
    await using service = await publisher(freshNs(), async () => {
      if (broken) throw new Error("broken");
    });
    const id = randomUUID();
    expect((await create(service, "again", id)).code).toBe(Code.INTERNAL);
    expect(await service.database.store.all()).toHaveLength(0);
    broken = false;
    expect((await create(service, "again", id)).code).toBe(Code.OK);
  });

  it("is purged after its time", async () => {
    await using service = await publisher(freshNs());
    const id = randomUUID();
    await create(service, "old", id);
    const { storage, url } = service.database;
    expect(await storage.purge({ answerHours: 24, eventDays: 7 })).toBe(0);
    await query(url, "UPDATE mesh.answers SET created_at = now() - interval '25 hours'");
    expect(await storage.purge({ answerHours: 24, eventDays: 7 })).toBe(1);
  });
});

describe("events", () => {
  it("reach each subscribing service once, with the flow's ids", async () => {
    const ns = freshNs();
    await using service = await publisher(ns);
    await using report = await subscriber(ns);
    await using order = await subscriber(ns, undefined, "order.siren");
    const { response } = await create(service, "tea");
    const expected = [`tea/1/${response?.productId}`];
    await eventually(async () => (await report.database.store.notes()).length > 0);
    await eventually(async () => (await order.database.store.notes()).length > 0);
    expect(await report.database.store.notes()).toEqual(expected);
    expect(await order.database.store.notes()).toEqual(expected);
  });

  it("are applied once however often they are delivered, and a rebuilt stream changes nothing", async () => {
    const ns = freshNs();
    await using service = await publisher(ns);
    await using report = await subscriber(ns);
    for (const name of ["a", "b", "c"]) await create(service, name);
    await eventually(async () => (await report.database.store.notes()).length === 3);
    // At once, while the relay has yet to mark the last event as sent.
    const { manager } = await jetstreamOf(nats.url);
    await manager.streams.purge(ns.toUpperCase());
    await manager.streams.delete(ns.toUpperCase());
    expect(await service.database.storage.outbox.rebuild()).toBe(3);
    await eventually(async () => (await messagesIn(ns)) === 3);
    await eventually(() => report.lines.filter(({ msg, fresh }) => msg === "event" && fresh === false).length >= 3);
    expect(await report.database.store.notes()).toHaveLength(3);
  });

  it("wait for a subscriber that is down, and for a stream that does not exist yet", async () => {
    const ns = freshNs();
    await using report = await subscriber(ns);
    await eventually(() => report.lines.some(({ msg }) => msg === "no stream"));
    await using service = await publisher(ns);
    await create(service, "late");
    await eventually(async () => (await report.database.store.notes()).length === 1);
  });

  it("of a late commit are neither lost nor waited for", async () => {
    const ns = freshNs();
    const release = Promise.withResolvers<void>();
    let first = true;
    await using service = await publisher(ns, async () => {
      if (!first) return;
      first = false;
      // Takes a position in the outbox before the other transaction, as a slow transaction would.
      await release.promise;
    });
    await using report = await subscriber(ns);
    const slow = create(service, "slow");
    await eventually(() => !first);
    await create(service, "quick");
    await eventually(async () => (await report.database.store.notes()).length === 1);
    release.resolve();
    await slow;
    await eventually(async () => (await report.database.store.notes()).length === 2);
    expect((await report.database.store.notes()).map((note) => note.split("/")[0])).toEqual(["quick", "slow"]);
  });

  it("flow again after NATS was away, and commands are taken meanwhile", async () => {
    const ns = freshNs();
    await using service = await publisher(ns);
    await using report = await subscriber(ns);
    await create(service, "before");
    await eventually(async () => (await report.database.store.notes()).length === 1);
    await nats.kill();
    expect((await create(service, "during")).code).toBe(Code.OK);
    await nats.restart();
    await eventually(async () => (await report.database.store.notes()).length === 2);
    expect(await query(service.database.url, "SELECT 1 FROM mesh.outbox")).toHaveLength(2);
  });

  it("come again after a failure, and become a dead letter that can be replayed", async () => {
    const ns = freshNs();
    let broken = true;
    await using service = await publisher(ns);
    await using report = await subscriber(ns, () => {
      if (broken) throw new Error("printer on fire");
    });
    await create(service, "unlucky");
    await eventually(() => report.lines.some(({ msg, againInMs }) => msg === "event failed" && againInMs === 1000));
    await eventually(() => report.lines.some(({ msg, againInMs }) => msg === "event failed" && againInMs === 5000));
    broken = false;
    await eventually(async () => (await report.database.store.notes()).length === 1);
  });
});

describe("without the database", () => {
  it("answers STORAGE_UNAVAILABLE, keeps deliveries in hand, and recovers by itself", async () => {
    const ns = freshNs();
    await using service = await publisher(ns);
    await using report = await subscriber(ns);
    await create(service, "before");
    await eventually(async () => (await report.database.store.notes()).length === 1);
    await postgres.kill();
    expect(await create(service, "never")).toMatchObject({ code: Code.UNAVAILABLE, reason: "STORAGE_UNAVAILABLE" });
    await postgres.restart();
    await eventually(async () => (await create(service, "after")).code === Code.OK);
    await eventually(async () => (await report.database.store.notes()).length === 2);
    expect(report.lines.some(({ msg }) => msg === "event failed")).toBe(false);
  });
});

async function jetstreamOf(url: string) {
  const { connect } = await import("@nats-io/transport-node");
  const { jetstreamManager } = await import("@nats-io/jetstream");
  connection ??= await connect({ servers: url, maxReconnectAttempts: -1 });
  return { manager: await jetstreamManager(connection) };
}
let connection: import("@nats-io/transport-node").NatsConnection | undefined;
afterAll(() => connection?.close());

async function messagesIn(ns: string): Promise<number> {
  const { manager } = await jetstreamOf(nats.url);
  return (await manager.streams.info(ns.toUpperCase())).state.messages;
}
