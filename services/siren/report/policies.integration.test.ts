import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PrismaClient } from "#gen/prisma/siren/report/client.ts";
import { ProductRegistered, UpdatedProductStatus } from "#gen/proto/siren/product/v1/events.ts";
import { ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import { ReportServiceService } from "#gen/proto/siren/report/v1/report.ts";
import { openDatabase } from "#mesh/service/database.ts";
import type { StoredEvent } from "#mesh/service/envelope.ts";
import { event } from "#mesh/service/event.ts";
import { implement } from "#mesh/service/handler.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { occurred, publishEvents } from "#mesh/testing/publish-event.ts";
import { type TestNats, type TestPostgres, testNats, testPostgres } from "#mesh/testing/servers.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { ReportStore } from "./store.ts";

const { PRODUCT_STATUS_AVAILABLE: AVAILABLE, PRODUCT_STATUS_SOLD_OUT: SOLD_OUT } = ProductStatus;
const registered = event("siren.product.v1.ProductRegistered", ProductRegistered);
const updated = event("siren.product.v1.UpdatedProductStatus", UpdatedProductStatus);

let postgres: TestPostgres;
let nats: TestNats;
let url: string;
let sql: pg.Pool;

beforeAll(async () => {
  [postgres, nats] = await Promise.all([testPostgres(), testNats()]);
  url = postgres.freshUrl();
  sql = new pg.Pool({ connectionString: url });
});

afterAll(async () => {
  await sql?.end();
  await nats?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

/** One more replica of report, in this process. */
function replica(): Promise<TestService> {
  const database = openDatabase({
    client: (adapter) => new PrismaClient({ adapter }),
    store: (db) => new ReportStore(db),
    migrations: join(import.meta.dirname, "migrations"),
    url,
  });
  return testService({
    name: "report.siren",
    services: [implement(ReportServiceService, rpc({ database, greeting: "" }))],
    database,
    policies,
    settings: { natsUrl: nats.url, ns: "siren" },
  });
}

/** A product's life: registered for 1000 won, then for 2000, then sold out. */
function lifeOf(productId: bigint): StoredEvent[] {
  const first = { productId, name: `Drink ${productId}`, price: 1000n, status: AVAILABLE, version: 1n };
  const about = (aggregateVersion: bigint) => ({ aggregateId: productId, aggregateVersion });
  return [
    occurred(registered, first, about(1n)),
    occurred(updated, { ...first, price: 2000n, version: 2n }, about(2n)),
    occurred(updated, { ...first, price: 2000n, status: SOLD_OUT, version: 3n }, about(3n)),
  ];
}

async function rows(from: bigint, to: bigint) {
  const query = "SELECT version, status, price, registered_time FROM report WHERE product_id BETWEEN $1 AND $2";
  return (await sql.query<Record<string, unknown>>(query, [from, to])).rows;
}

async function inboxSize(): Promise<number> {
  return Number((await sql.query<{ count: string }>("SELECT count(*) FROM mesh.inbox")).rows[0]?.count);
}

describe("report", () => {
  it("ends the same with three replicas, every event twice, and in the wrong order", async () => {
    const replicas = await Promise.all([replica(), replica(), replica()]);
    const lives = Array.from({ length: 100 }, (_, n) => lifeOf(BigInt(n + 1)));
    // Of each product the last event first; and everything once more.
    const backwards = [2, 1, 0].flatMap((stage) => lives.flatMap((life) => life.slice(stage, stage + 1)));
    await publishEvents(nats.url, "siren", [...backwards, ...backwards]);
    await eventually(async () => (await inboxSize()) === 300);
    const lines = await eventually(async () => {
      const found = await rows(1n, 100n);
      return found.every((row) => row["registered_time"] !== null) && found;
    });
    expect(lines).toHaveLength(100);
    for (const line of lines) expect(line).toMatchObject({ version: "3", status: "SOLD_OUT", price: "2000" });
    for (const service of replicas) await service.stop();
  });

  it("catches up with a hundred events that passed while it was down", async () => {
    const lives = Array.from({ length: 50 }, (_, n) => lifeOf(BigInt(n + 1001)).slice(0, 2));
    await publishEvents(nats.url, "siren", lives.flat());
    await using _back = await replica();
    await eventually(async () => (await rows(1001n, 1050n)).filter((row) => row["version"] === "2").length === 50);
  });
});
