// The benchmark compares what both sides need for the same work; so the work must be the same: the same rows for the same requests, and the
// same requests refused.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Order, OrderServiceService } from "#gen/proto/mall/order/v1/order.ts";
import { PayServiceService } from "#gen/proto/mall/pay/v1/pay.ts";
import { Code } from "#mesh/service/codes.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { addCopies, addProducts, openOrderFlow, type Runner, type Side } from "./order-flow.ts";
import type { PeerName } from "./peers/build.ts";

const servers = useServers();
/** Ours, without a proxy, waits however long; a busy machine must not make the peer give up either. */
const unhurried = { PRODUCT_TIMEOUT_MS: "60000" };
const closing = new AsyncDisposableStack();
let ours: Record<PeerName, Runner>;
let nest: Record<PeerName, Runner>;

beforeAll(async () => {
  [ours, nest] = [await start("ours"), await start("nest")];
}, 600_000); // The peers are installed and built first.

afterAll(() => closing.disposeAsync());

async function start(side: Side): Promise<Record<PeerName, Runner>> {
  const flow = closing.use(await openOrderFlow(side, servers, unhurried));
  const product = await flow.start("product");
  const runners = { product, pay: await flow.start("pay"), order: await flow.start("order") };
  const catalogue = { name: "TV", price: 100n, qty: 5, count: 1 };
  await addProducts(runners.product, catalogue);
  await addCopies(runners.order, catalogue);
  return runners;
}

const wish = { productId: 1n, qty: 3, address: "Seoul", customerId: "kim" };
const placed = randomUUID();
const checked = [randomUUID(), randomUUID()];
const { createOrder } = OrderServiceService;
const { checkPay } = PayServiceService;

/** Two orders, the second for more than is left then; the first comes twice. Both deposits are confirmed. */
async function runFlow({ order, pay }: Record<PeerName, Runner>): Promise<void> {
  const first = { order: Order.fromPartial(wish), requestId: placed };
  const second = { order: Order.fromPartial(wish), requestId: randomUUID() };
  for (const [index, request] of [first, second].entries()) {
    for (const each of index === 0 ? [request, request] : [request]) {
      expect(await order.caller.call(createOrder, each)).toMatchObject({ code: Code.OK });
    }
    // One after the other: pay works on several orders at once, and which of two deposits gets the lower number would be chance.
    await eventually(async () => (await rowsOf(pay, "SELECT 1 FROM pay")).length === index + 1, { withinMs: 60_000 });
  }
  for (const [index, requestId] of checked.entries()) {
    const [row] = await rowsOf(pay, "SELECT pay_id FROM pay WHERE order_id = $1", [index + 1]);
    const payId = BigInt(String(row?.["pay_id"]));
    expect(await pay.caller.call(checkPay, { payId, requestId })).toMatchObject({ code: Code.OK });
  }
}

describe("both sides of the order flow", () => {
  const tables: [PeerName, string, number][] = [
    ["order", "SELECT * FROM orders ORDER BY order_id", 2],
    ["order", "SELECT * FROM mesh.outbox ORDER BY position", 2],
    ["order", "SELECT * FROM mesh.answers ORDER BY created_at", 2],
    ["order", "SELECT * FROM mesh.inbox", 1],
    ["pay", "SELECT * FROM pay ORDER BY order_id", 2],
    ["pay", "SELECT * FROM mesh.inbox ORDER BY received_at", 2],
    ["pay", "SELECT * FROM mesh.outbox ORDER BY position", 4],
    ["pay", "SELECT * FROM mesh.answers ORDER BY created_at", 2],
    ["product", "SELECT * FROM product", 1],
    ["product", "SELECT * FROM stock_movement ORDER BY seq", 2],
    ["product", "SELECT * FROM stock_refusal", 1],
    ["product", "SELECT * FROM mesh.outbox ORDER BY position", 1],
  ];

  beforeAll(async () => {
    for (const flow of [ours, nest]) await runFlow(flow);
    const heard = "SELECT 1 FROM mesh.inbox"; // That there was no stock for the second order.
    for (const { order } of [ours, nest]) {
      await eventually(async () => (await rowsOf(order, heard)).length === 1, { withinMs: 60_000 });
    }
    const unsent = "SELECT 1 FROM mesh.outbox WHERE sent_at IS NULL";
    for (const { order, pay, product } of [ours, nest]) {
      for (const runner of [order, pay, product]) {
        await eventually(async () => (await rowsOf(runner, unsent)).length === 0, { withinMs: 60_000 });
      }
    }
  });

  it.each(tables)("leave the same rows in %s: %s", async (service, sql, count) => {
    const [own, peer] = [await rowsOf(ours[service], sql), await rowsOf(nest[service], sql)];
    expect(own).toHaveLength(count);
    expect(peer.map(comparable)).toEqual(own.map(comparable));
  });

  const refused: [string, object, string, number][] = [
    ["no units", { qty: 0 }, "", Code.INVALID_ARGUMENT],
    ["too many units", { qty: 1001 }, "", Code.INVALID_ARGUMENT],
    ["no product", { productId: 0n }, "", Code.INVALID_ARGUMENT],
    ["no address", { address: "" }, "", Code.INVALID_ARGUMENT],
    ["a long address", { address: "x".repeat(201) }, "", Code.INVALID_ARGUMENT],
    ["a long customer", { customerId: "x".repeat(256) }, "", Code.INVALID_ARGUMENT],
    ["a request_id that is none", {}, "1", Code.INVALID_ARGUMENT],
    ["another body under the same request_id", { qty: 1 }, placed, Code.INVALID_ARGUMENT],
    ["an unknown product", { productId: 7n }, "", Code.NOT_FOUND],
    ["another price", { price: 99n }, "", Code.FAILED_PRECONDITION],
  ];
  it.each(refused)("refuse %s", async (_what, change, requestId, code) => {
    for (const { order } of [ours, nest]) {
      const request = { order: Order.fromPartial({ ...wish, ...change }), requestId };
      expect(await order.caller.call(createOrder, request)).toMatchObject({ code });
    }
  });
});

type Row = Readonly<Record<string, unknown>>;

async function rowsOf({ sql }: Runner, text: string, values: unknown[] = []): Promise<Row[]> {
  return (await sql.query<Row>(text, values)).rows;
}

/** Without what no two runs have in common: times, and ids by chance. Of an answer's two encodings, what they say. */
function comparable(row: Row): Row {
  const change = (name: string, value: unknown): unknown => {
    if (value instanceof Date) return "a time";
    if (["event_id", "traceparent", "causation_id", "request_id", "check_request_id"].includes(name) && value)
      return "an id";
    if (name === "fingerprint") return (value as Buffer).length;
    if (name === "payload") return JSON.parse(String(value));
    if (name === "response") return answerOf(String(row["method"]), value as Buffer);
    return value;
  };
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, change(name, value)]));
}

function answerOf(method: string, bytes: Buffer): object {
  const definition = method.endsWith("/CreateOrder") ? createOrder : checkPay;
  return { ...definition.responseDeserialize(bytes), createTime: "a time", updateTime: "a time" };
}
