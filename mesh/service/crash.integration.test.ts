import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterEach, describe, expect, it } from "vitest";
import { Product, ProductServiceService } from "#gen/proto/siren/product/v1/product.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { grpcCaller } from "#mesh/testing/grpc-caller.ts";
import { shopDatabase } from "#mesh/testing/shop.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { Code } from "./codes.ts";
import { streamOf } from "./event.ts";

const servers = useServers();

const product = Product.fromPartial({ name: "tea", price: 1n, status: 1 });
let systems = 0;
const children: ChildProcess[] = [];

/** What a test that failed has left behind. */
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

interface Process {
  readonly child: ChildProcess;
  readonly port: number;
  readonly exited: Promise<unknown>;
}

/** Starts the shop as a process and waits until it is ready. */
async function start(env: Record<string, string>): Promise<Process> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "..", "testing", "shop-main.ts")], {
    env: { ...process.env, MESH_LISTEN: "127.0.0.1:0", NATS_URL: servers.nats.url, LOG_LEVEL: "info", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const exited = once(child, "exit");
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const port = await eventually(() => {
    if (!text.includes('"msg":"ready"')) return undefined;
    return Number(/"port":(\d+)/.exec(text)?.[1]);
  });
  return { child, port, exited };
}

async function create({ port }: Process, requestId: string) {
  using caller = grpcCaller(`127.0.0.1:${port}`);
  return await caller.call(ProductServiceService.createProduct, { product, requestId });
}

async function end({ child, exited }: Process): Promise<unknown> {
  child.kill("SIGTERM");
  return exited;
}

describe("killed by SIGKILL", () => {
  it.each(["transaction.beforeCommit", "transaction.afterCommit", "relay.published"])(
    "at %s, a publisher that starts again leaves one effect and one event",
    async (point) => {
      const ns = `crash${++systems}`;
      const url = servers.postgres.freshUrl();
      const subscriberUrl = servers.postgres.freshUrl();
      const env = { SHOP_ROLE: "publisher", DATABASE_URL: url, NS: ns };
      const subscriber = await start({ SHOP_ROLE: "subscriber", DATABASE_URL: subscriberUrl, NS: ns });
      const doomed = await start({ ...env, MESH_CRASH_AT: point });
      const id = randomUUID();
      const first = await create(doomed, id);
      expect(await doomed.exited).toEqual([null, "SIGKILL"]);
      if (point !== "relay.published") expect(first.code).toBe(Code.UNAVAILABLE);
      const heir = await start(env);
      expect((await create(heir, id)).code).toBe(Code.OK);
      const database = shopDatabase(url);
      const notes = shopDatabase(subscriberUrl);
      await eventually(async () => (await notes.store.notes()).length > 0);
      expect(await database.store.all()).toHaveLength(1);
      expect(await end(heir)).toEqual([0, null]);
      expect(await end(subscriber)).toEqual([0, null]);
      expect(await notes.store.notes()).toEqual(["tea"]);
      await Promise.all([database.close(), notes.close()]);
    },
  );

  it("with events in hand, a consumer leaves them to another replica, which applies each once", async () => {
    await using system = await consumerThatDiesAt("transaction.beforeCommit", 5);
    const { heir, publisher, notes } = system;
    await eventually(async () => (await notes.store.notes()).length === 5);
    // What JetStream waits for is not measured here, where the machine may be slow, but read.
    const connection = await connect({ servers: servers.nats.url });
    const consumer = await (await jetstreamManager(connection)).consumers.info(streamOf(system.ns), "report");
    expect(consumer.config.ack_wait).toBe(5_000_000_000);
    await connection.close();
    for (const process of [heir, publisher]) expect(await end(process)).toEqual([0, null]);
    expect(await notes.store.notes()).toHaveLength(5);
  });

  it("between commit and acknowledgement, a consumer that starts again applies the event once", async () => {
    await using system = await consumerThatDiesAt("consumer.beforeAck", 1);
    const { heir, publisher, notes } = system;
    expect((await create(publisher, randomUUID())).code).toBe(Code.OK);
    await eventually(async () => (await notes.store.notes()).length === 2);
    for (const process of [heir, publisher]) expect(await end(process)).toEqual([0, null]);
    expect(await notes.store.notes()).toHaveLength(2);
  });
});

/** A publisher that has told some events, a consumer that was killed over the first, and the one that takes its place. */
async function consumerThatDiesAt(point: string, events: number) {
  const ns = `crash${++systems}`;
  const url = servers.postgres.freshUrl();
  const env = { SHOP_ROLE: "subscriber", DATABASE_URL: url, NS: ns };
  const publisher = await start({ SHOP_ROLE: "publisher", DATABASE_URL: servers.postgres.freshUrl(), NS: ns });
  const doomed = await start({ ...env, MESH_CRASH_AT: point });
  for (let count = 0; count < events; count += 1) expect((await create(publisher, randomUUID())).code).toBe(Code.OK);
  expect(await doomed.exited).toEqual([null, "SIGKILL"]);
  const heir = await start(env);
  const notes = shopDatabase(url);
  return { ns, publisher, heir, notes, [Symbol.asyncDispose]: () => notes.close() };
}
