// Order is killed after each numbered step of its saga, and started again.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Order, OrderServiceService, OrderStatus } from "#gen/proto/mall/order/v1/order.ts";
import { type ChildService, childService } from "#mesh/testing/child-service.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { rowsOf, untilHeard } from "#mesh/testing/placed-service.ts";
import { type TestNats, type TestPostgres, testNats, testPostgres } from "#mesh/testing/servers.ts";
import { startOrder, startPay, type WithSql } from "../in-process.ts";

const { createOrder, cancelOrder, confirmReceipt } = OrderServiceService;

let postgres: TestPostgres;
let nats: TestNats;
let pay: WithSql;
let url: string;
let sql: pg.Pool;

beforeAll(async () => {
  [postgres, nats] = await Promise.all([testPostgres(), testNats()]);
  const settings = { natsUrl: nats.url, ns: "mall" };
  pay = await startPay({ url: postgres.freshUrl(), settings }, "127.0.0.1:1");
  url = postgres.freshUrl();
  await using _migrated = await startOrder({ url, settings }, pay.target);
  sql = new pg.Pool({ connectionString: url, max: 1 });
  await sql.query("INSERT INTO product_copy (product_id, name, price, version) VALUES (1, 'TV', 100, 1)");
});

afterAll(async () => {
  await sql?.end();
  await pay?.stop();
  await nats?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

function startChild(crashAt = ""): Promise<ChildService> {
  return childService(join(import.meta.dirname, "main.ts"), {
    DATABASE_URL: url,
    NATS_URL: nats.url,
    NS: "mall",
    MESH_OUTBOUND: pay.target,
    MESH_CRASH_AT: crashAt,
  });
}

interface Attempt {
  readonly orderId: bigint;
  readonly requestId: string;
}

/** Orders, and cancels with a process that dies at a crash point. */
async function attempt(crashAt: string): Promise<Attempt> {
  await using child = await startChild(crashAt);
  const requestId = randomUUID();
  const order = Order.fromPartial({ productId: 1n, qty: 1, address: "Seoul" });
  const orderId = (await child.caller.call(createOrder, { order })).response?.orderId ?? 0n;
  expect((await child.caller.call(cancelOrder, { orderId, requestId })).code).not.toBe(0);
  expect(await child.ended).toBe("SIGKILL");
  return { orderId, requestId };
}

it("is taken once and received once, though nobody was answered", { timeout: 600_000 }, async () => {
  const taking = { order: Order.fromPartial({ productId: 1n, qty: 2, address: "Seoul" }), requestId: randomUUID() };
  const orders = "SELECT order_id, status FROM orders WHERE qty = 2";
  await using taker = await startChild("create-order/placed");
  expect((await taker.caller.call(createOrder, taking)).code).not.toBe(0);
  expect(await taker.ended).toBe("SIGKILL");

  await using receiver = await startChild("confirm-receipt/closed");
  const orderId = (await receiver.caller.call(createOrder, taking)).response?.orderId ?? 0n;
  expect(await rowsOf({ sql }, orders)).toEqual([[String(orderId), "PLACED"]]);
  await sql.query("UPDATE orders SET status = 'DELIVERING' WHERE order_id = $1", [orderId]);
  const receiving = { orderId, requestId: randomUUID() };
  expect((await receiver.caller.call(confirmReceipt, receiving)).code).not.toBe(0);
  expect(await receiver.ended).toBe("SIGKILL");

  await using order = await startChild();
  const answer = await order.caller.call(confirmReceipt, receiving);
  expect(answer).toMatchObject({ code: 0, response: { status: OrderStatus.ORDER_STATUS_CLOSED } });
  expect(await rowsOf({ sql }, orders)).toEqual([[String(orderId), "CLOSED"]]);
  const told = "SELECT subject FROM mesh.outbox WHERE aggregate_id = $1 ORDER BY position";
  expect((await rowsOf({ sql }, told, [String(orderId)])).flat()).toEqual(["order.OrderPlaced", "order.OrderClosed"]);
  const paid = "SELECT 1 FROM pay WHERE order_id = $1";
  await eventually(async () => (await rowsOf(pay, paid, [orderId])).length === 1);
});

it("ends cancelled wherever it was killed, and a repeated request fits it", { timeout: 600_000 }, async () => {
  const heardBefore = (await rowsOf(pay, "SELECT 1 FROM mesh.inbox")).length;
  const attempts: Attempt[] = [];
  for (const step of ["requested", "asked", "completed"]) attempts.push(await attempt(`cancel-order/${step}`));

  await using order = await startChild();
  const expected = attempts.map(({ orderId }) => [String(orderId), "CANCELED", "ORDER_CANCELED"]);
  await eventually(async () => {
    const states = await rowsOf({ sql }, "SELECT order_id, status, cancel_cause FROM orders WHERE qty = 1 ORDER BY 1");
    expect(states).toEqual(expected);
    return true;
  });
  // Each deposit was cancelled once, and no order that comes late makes another.
  const ids = attempts.map(({ orderId }) => orderId);
  const told = "SELECT subject, count(*)::int FROM mesh.outbox WHERE aggregate_id = ANY($1) GROUP BY 1 ORDER BY 1";
  await untilHeard(pay, heardBefore + 6);
  const pays = "SELECT order_id, status, cancel_cause FROM pay WHERE order_id = ANY($1) ORDER BY 1";
  expect(await rowsOf(pay, pays, [ids])).toEqual(expected);
  expect(await rowsOf({ sql }, told, [ids.map(String)])).toEqual([
    ["order.OrderCanceled", 3],
    ["order.OrderPlaced", 3],
  ]);
  for (const { orderId, requestId } of attempts) {
    const { response } = await order.caller.call(cancelOrder, { orderId, requestId });
    expect(response?.status).toBe(OrderStatus.ORDER_STATUS_CANCELED);
  }
});
