// Pay is killed after each numbered step of its saga, and started again.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { OrderPlaced } from "#gen/proto/mall/order/v1/events.ts";
import { PayServiceService, PayStatus } from "#gen/proto/mall/pay/v1/pay.ts";
import { Product, ProductServiceService } from "#gen/proto/mall/product/v1/product.ts";
import { event } from "#mesh/service/event.ts";
import { type ChildService, childService } from "#mesh/testing/child-service.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { rowsOf } from "#mesh/testing/placed-service.ts";
import { occurred, publishEvents } from "#mesh/testing/publish-event.ts";
import { type TestNats, type TestPostgres, testNats, testPostgres } from "#mesh/testing/servers.ts";
import { startPay, startProduct, type WithSql } from "../in-process.ts";

const { checkPay, listPays } = PayServiceService;
const orderPlaced = event("mall.order.v1.OrderPlaced", OrderPlaced);

let postgres: TestPostgres;
let nats: TestNats;
let product: WithSql;
let url: string;
let sql: pg.Pool;

beforeAll(async () => {
  [postgres, nats] = await Promise.all([testPostgres(), testNats()]);
  const settings = { natsUrl: nats.url, ns: "mall" };
  product = await startProduct({ url: postgres.freshUrl(), settings });
  const tv = Product.fromPartial({ name: "TV", price: 100n, qty: 10 });
  await product.caller.call(ProductServiceService.createProduct, { product: tv });
  url = postgres.freshUrl();
  await using pay = await startPay({ url, settings }, product.target);
  sql = new pg.Pool({ connectionString: url, max: 1 });
  // Orders 1 to 3 get their unit; orders 4 to 6 want more than there is.
  const placed = [1n, 2n, 3n, 4n, 5n, 6n].map((orderId) => {
    const order = { orderId, productId: 1n, productName: "TV", qty: orderId < 4n ? 1 : 100, price: 100n };
    const message = OrderPlaced.fromPartial({ ...order, address: "Seoul", orderStatus: "ORDER_RECEIVED" });
    return occurred(orderPlaced, message, { aggregateId: orderId, aggregateVersion: 1n });
  });
  await publishEvents(nats.url, "mall", placed);
  await eventually(async () => (await rowsOf(pay, "SELECT 1 FROM pay")).length === 6);
});

afterAll(async () => {
  await sql?.end();
  await product?.stop();
  await nats?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

function startChild(crashAt = ""): Promise<ChildService> {
  return childService(join(import.meta.dirname, "main.ts"), {
    DATABASE_URL: url,
    NATS_URL: nats.url,
    NS: "mall",
    MESH_OUTBOUND: product.target,
    MESH_CRASH_AT: crashAt,
  });
}

interface Attempt {
  readonly payId: bigint;
  readonly requestId: string;
}

/** Confirms a deposit with a process that dies at a crash point. */
async function attempt(crashAt: string, orderId: bigint): Promise<Attempt> {
  await using child = await startChild(crashAt);
  const requestId = randomUUID();
  const payId = (await child.caller.call(listPays, { orderId })).response?.pays[0]?.payId ?? 0n;
  expect((await child.caller.call(checkPay, { payId, requestId })).code).not.toBe(0);
  expect(await child.ended).toBe("SIGKILL");
  return { payId, requestId };
}

it("ends in a final state wherever it was killed, and a repeated request fits it", { timeout: 600_000 }, async () => {
  const attempts: Attempt[] = [];
  const points = ["opened", "asked", "completed"].map((step) => `check-pay/${step}`);
  for (const [index, point] of [...points, ...points].entries()) attempts.push(await attempt(point, BigInt(index + 1)));

  await using pay = await startChild();
  const outcome = [
    ["1", "CHECKED", null],
    ["2", "CHECKED", null],
    ["3", "CHECKED", null],
    ["4", "CANCELED", "OUT_OF_STOCK"],
    ["5", "CANCELED", "OUT_OF_STOCK"],
    ["6", "CANCELED", "OUT_OF_STOCK"],
  ];
  const state = () => rowsOf({ sql }, "SELECT order_id, status, cancel_cause FROM pay ORDER BY 1");
  await eventually(async () => {
    expect(await state()).toEqual(outcome);
    return true;
  });
  expect(await rowsOf(product, "SELECT order_id FROM stock_movement WHERE order_id > 0 ORDER BY 1")).toEqual([
    ["1"],
    ["2"],
    ["3"],
  ]);
  expect(await rowsOf({ sql }, "SELECT subject, count(*)::int FROM mesh.outbox GROUP BY 1 ORDER BY 1")).toEqual([
    ["pay.PayCanceled", 3],
    ["pay.PayChecked", 3],
    ["pay.PayPlaced", 6],
  ]);
  for (const [index, { payId, requestId }] of attempts.entries()) {
    const { response } = await pay.caller.call(checkPay, { payId, requestId });
    expect(response?.status).toBe(index < 3 ? PayStatus.PAY_STATUS_CHECKED : PayStatus.PAY_STATUS_CANCELED);
  }
  expect(await state()).toEqual(outcome);
});
