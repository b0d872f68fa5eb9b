import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "#mesh/testing/eventually.ts";
import { type TestNats, testNats } from "#mesh/testing/servers.ts";
import { registered } from "#mesh/testing/shop.ts";
import { type Broker, openBroker } from "./broker.ts";
import { Consumer } from "./consumer.ts";
import { listDeadLetters, replayDeadLetters } from "./dead-letters.ts";
import { Dispatcher } from "./dispatcher.ts";
import { eventHeaders } from "./envelope.ts";
import { streamOf } from "./event.ts";
import { project } from "./policy.ts";
import { ensureSystemStream } from "./streams.ts";
import { passOnOnly } from "./telemetry.ts";
import { uuidv7 } from "./uuid.ts";

const log = pino({ level: "silent" });
let nats: TestNats;
let broker: Broker;
let connection: NatsConnection;
beforeAll(async () => {
  nats = await testNats();
  broker = openBroker(nats.url, "test", log);
  connection = (await broker.ready).connection;
});
afterAll(async () => {
  await broker.close();
  await nats[Symbol.asyncDispose]();
});

let systems = 0;

/** A consuming service without a database, whose tries follow quickly. */
async function consume(
  ns: string,
  service: string,
  effect: (name: string) => void | Promise<void>,
  retryMs: readonly number[] = [10, 10, 10, 10, 10, 10, 10],
) {
  await ensureSystemStream(await jetstreamManager(connection), ns);
  const policies = [project(registered, (message) => Promise.try(() => effect(message.name)))];
  const signal = new AbortController().signal;
  const dispatcher = new Dispatcher({ policies, database: undefined, log, telemetry: passOnOnly, signal });
  const consumer = new Consumer({
    broker,
    ns,
    service,
    subjects: ["product.ProductRegistered"],
    log,
    dispatch: (message) => dispatcher.dispatch(message),
    retryMs,
  });
  consumer.start();
  return { [Symbol.asyncDispose]: () => consumer.stop() };
}

async function publish(ns: string, payload: string, { withHeaders = true } = {}): Promise<void> {
  const event = {
    eventId: uuidv7(),
    subject: "product.ProductRegistered",
    type: "siren.product.v1.ProductRegistered",
    source: "product.siren",
    time: new Date().toISOString(),
    aggregateId: "1",
    aggregateVersion: "1",
    correlationId: "1",
    causationId: null,
    traceparent: "",
    payload,
  };
  await jetstream(connection).publish(`${ns}.product.ProductRegistered`, payload, {
    headers: withHeaders ? eventHeaders(event) : headers(),
  });
}

describe("an event in hand", () => {
  // A machine that stops this process for five seconds makes it look dead to JetStream, which is right then: so it may be tried again.
  it("stays with its replica for as long as its handler takes, and what waits behind it too", {
    retry: 2,
  }, async () => {
    const ns = `hand${++systems}`;
    const taken: string[] = [];
    const take = async (name: string) => {
      taken.push(name);
      if (name === "slow") await sleep(8_000); // JetStream would give it to the other replica after 5 s.
    };
    await using _one = await consume(ns, "report", take);
    await using _other = await consume(ns, "report", take);
    for (const name of ["slow", "next"]) await publish(ns, JSON.stringify({ name }));
    const manager = await jetstreamManager(connection);
    await eventually(async () => {
      const { ack_floor: floor, num_ack_pending: pending } = await manager.consumers.info(streamOf(ns), "report");
      return floor.stream_seq === 2 && pending === 0;
    });
    expect(taken).toEqual(["slow", "next"]);
  });
});

describe("an event that cannot be applied", () => {
  it("is a dead letter after eight deliveries, with payload and cause, and can be replayed to its service alone", async () => {
    const ns = `dead${++systems}`;
    let tries = 0;
    let broken = true;
    const applied: string[] = [];
    const elsewhere: string[] = [];
    await using _report = await consume(ns, "report", (name) => {
      tries += 1;
      if (broken) throw new Error("printer\non fire");
      applied.push(name);
    });
    await using _order = await consume(ns, "order", (name) => {
      elsewhere.push(name);
    });
    await publish(ns, '{"name":"tea"}');
    const [letter] = await eventually(async () => {
      const found = await listDeadLetters(connection, { ns, service: "report" });
      return found.length > 0 && found;
    });
    expect(tries).toBe(8);
    expect(letter).toMatchObject({
      service: "report",
      subject: `${ns}.product.ProductRegistered`,
      deliveries: 8,
      cause: "Error: printer on fire",
      payload: '{"name":"tea"}',
      correlationId: "1",
    });
    await eventually(() => elsewhere.length > 0);
    broken = false;
    expect(await replayDeadLetters(connection, { ns }, [letter?.sequence ?? 0])).toBe(1);
    await eventually(() => applied.length === 1);
    expect(elsewhere).toEqual(["tea"]);
    expect(await listDeadLetters(connection, { ns })).toEqual([]);
  });

  it.each([
    ["is not JSON", "{", {}],
    ["is no object", "[]", {}],
    ["has a number that is none", '{"productId":"seven"}', {}],
    ["has no headers", '{"name":"tea"}', { withHeaders: false }],
  ])("is a dead letter at once when it %s", async (_, payload, options) => {
    const ns = `dead${++systems}`;
    let tries = 0;
    await using _report = await consume(ns, "report", () => {
      tries += 1;
    });
    await publish(ns, payload, options);
    const letters = await eventually(async () => {
      const found = await listDeadLetters(connection, { ns });
      return found.length > 0 && found;
    });
    expect(letters).toMatchObject([{ deliveries: 1, payload, service: "report" }]);
    expect(tries).toBe(0);
  });

  it("is a dead letter too when it says that the database is away, which answers", async () => {
    const ns = `dead${++systems}`;
    let tries = 0;
    const fail = () => {
      tries += 1;
      throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    };
    await using _report = await consume(ns, "report", fail, []);
    await publish(ns, '{"name":"tea"}');
    await eventually(async () => (await listDeadLetters(connection, { ns })).length === 1);
    expect(tries).toBe(4);
  });

  it("is not listed where there is no stream", async () => {
    expect(await listDeadLetters(connection, { ns: "nowhere" })).toEqual([]);
  });
});
