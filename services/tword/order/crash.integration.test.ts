// Order is killed after each numbered step of its sagas, and started again.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DeliveryServiceService } from "#gen/proto/tword/delivery/v1/delivery.ts";
import { Order, OrderServiceService } from "#gen/proto/tword/order/v1/order.ts";
import { type ChildService, childService } from "#mesh/testing/child-service.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { type TestNats, type TestPostgres, testNats, testPostgres } from "#mesh/testing/servers.ts";
import { startDelivery, startOrder, type WithSql } from "../in-process.ts";

const { createOrder, cancelOrder, getOrder } = OrderServiceService;

let postgres: TestPostgres;
let nats: TestNats;
let delivery: WithSql;
let url: string;
let sql: pg.Pool;

beforeAll(async () => {
  [postgres, nats] = await Promise.all([testPostgres(), testNats()]);
  const settings = { natsUrl: nats.url, ns: "tword" };
  delivery = await startDelivery({ url: postgres.freshUrl(), settings });
  url = postgres.freshUrl();
  await using _migrated = await startOrder({ url, settings }, delivery.target);
  sql = new pg.Pool({ connectionString: url, max: 1 });
  await sql.query(
    "INSERT INTO orderable_equipment (shop_id, eqp_sernum, eqp_nm) SELECT 1, n, 'galaxy_s21' FROM generate_series(1, 20) n",
  );
});

afterAll(async () => {
  await sql?.end();
  await delivery?.stop();
  await nats?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

function startChild(crashAt = ""): Promise<ChildService> {
  return childService(join(import.meta.dirname, "main.ts"), {
    DATABASE_URL: url,
    NATS_URL: nats.url,
    NS: "tword",
    MESH_OUTBOUND: delivery.target,
    MESH_CRASH_AT: crashAt,
  });
}

interface Attempt {
  readonly crashAt: string;
  readonly serial: bigint;
  readonly requestId: string;
  /** 0 before the order exists. */
  readonly orderId: bigint;
}

const wish = (serial: bigint) => Order.fromPartial({ shopId: 1n, eqpNm: "galaxy_s21", eqpSernum: serial });

/** Orders (and cancels) with a process that dies at a crash point. */
async function attempt(crashAt: string, serial: bigint): Promise<Attempt> {
  await using child = await startChild(crashAt);
  const requestId = randomUUID();
  let orderId = 0n;
  const call = (request: string) => child.caller.call(createOrder, { order: wish(serial), requestId: request });
  if (crashAt.startsWith("create-order/")) {
    expect((await call(requestId)).code).not.toBe(0);
  } else {
    orderId = (await call("")).response?.orderId ?? 0n;
    expect((await child.caller.call(cancelOrder, { orderId, requestId })).code).not.toBe(0);
  }
  expect(await child.ended).toBe("SIGKILL");
  return { crashAt, serial, requestId, orderId };
}

it("ends in a final state wherever it was killed, and a repeated request fits it", { timeout: 600_000 }, async () => {
  const points = ["opened", "held", "completed"].map((step) => `create-order/${step}`);
  points.push(...["requested", "asked", "completed"].map((step) => `cancel-order/${step}`));
  const attempts: Attempt[] = [];
  for (const [index, point] of points.entries()) attempts.push(await attempt(point, BigInt(index + 1)));

  await using order = await startChild();
  const state = async () => {
    const orders = "SELECT eqp_sernum::int, status FROM orders ORDER BY 1";
    return (await sql.query({ text: orders, rowMode: "array" })).rows;
  };
  await eventually(async () => {
    expect(await state()).toEqual([
      [1, "REJECTED"],
      [2, "REJECTED"],
      [3, "ORDERED"],
      [4, "CANCELLED"],
      [5, "CANCELLED"],
      [6, "CANCELLED"],
    ]);
    return true;
  });
  // Delivery holds nothing for orders that do not stand.
  await eventually(async () => {
    const { response } = await delivery.caller.call(DeliveryServiceService.listDeliveries, {});
    expect(response?.deliveries.map(({ status }) => status).sort()).toEqual([2, 4, 4, 4, 4, 4]);
    return true;
  });
  const free = "SELECT eqp_sernum::int FROM orderable_equipment WHERE state = 'ALLOCATED'";
  expect((await sql.query({ text: free, rowMode: "array" })).rows).toEqual([[3]]);
  const events = "SELECT subject, count(*)::int FROM mesh.outbox GROUP BY 1 ORDER BY 1";
  expect((await sql.query({ text: events, rowMode: "array" })).rows).toEqual([
    ["order.OrderCancelled", 3],
    ["order.Ordered", 4],
  ]);

  for (const { crashAt, serial, requestId, orderId } of attempts) {
    if (crashAt.startsWith("create-order/")) {
      const again = await order.caller.call(createOrder, { order: wish(serial), requestId });
      expect(again.response).toMatchObject({ eqpSernum: serial });
    } else {
      expect((await order.caller.call(cancelOrder, { orderId, requestId })).code).toBe(0);
      expect((await order.caller.call(getOrder, { orderId })).response?.status).toBe(4);
    }
  }
  expect((await state()).filter(([serial]) => serial === 3)).toEqual([[3, "ORDERED"]]);
});
