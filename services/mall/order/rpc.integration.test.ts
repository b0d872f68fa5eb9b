import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CancelCause, Order, OrderServiceService, OrderStatus } from "#gen/proto/mall/order/v1/order.ts";
import { Pay, PayServiceService, PayStatus } from "#gen/proto/mall/pay/v1/pay.ts";
import { Code } from "#mesh/service/codes.ts";
import { implement } from "#mesh/service/handler.ts";
import { failedPrecondition, refusals, unavailable } from "#mesh/service/refusals.ts";
import { expectPages, type PageRequest } from "#mesh/testing/expect-pages.ts";
import { onceStale, rowsOf } from "#mesh/testing/placed-service.ts";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import { startOrder, type WithSql } from "../in-process.ts";

const { createOrder, cancelOrder, confirmReceipt, getOrder, listOrders } = OrderServiceService;
const { ORDER_STATUS_PLACED, ORDER_STATUS_CANCEL_REQUESTED, ORDER_STATUS_CANCELED, ORDER_STATUS_CLOSED } = OrderStatus;
const { CANCEL_CAUSE_ORDER_CANCELED, CANCEL_CAUSE_OUT_OF_STOCK } = CancelCause;

/** Pay's own ways of saying no. */
const refuse = refusals({
  PAYMENT_ALREADY_CHECKED: failedPrecondition("Checked."),
  PAYMENT_CHECK_IN_PROGRESS: failedPrecondition("Checking."),
  STORAGE_UNAVAILABLE: unavailable("Not now."),
});

/** What pay answers; each test sets it. */
let onCancel: () => Promise<CancelCause>;

let postgres: TestPostgres;
let pay: TestService;
let service: WithSql;

beforeAll(async () => {
  postgres = await testPostgres();
  const { cancelPay } = PayServiceService;
  const stub = implement(
    { cancelPay },
    {
      async cancelPay({ orderId }) {
        return Pay.fromPartial({ orderId, status: PayStatus.PAY_STATUS_CANCELED, cancelCause: await onCancel() });
      },
    },
  );
  pay = await testService({ name: "pay.mall", services: [stub] });
  service = await startOrder({ url: postgres.freshUrl() }, pay.target);
  await service.sql.query("INSERT INTO product_copy (product_id, name, price, version) VALUES (1, 'TV', 100, 1)");
});

afterAll(async () => {
  await service?.stop();
  await pay?.stop();
  await postgres?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  onCancel = async () => CANCEL_CAUSE_ORDER_CANCELED;
});

function place(wish: Partial<Order> = {}, requestId = "") {
  const order = Order.fromPartial({ productId: 1n, qty: 1, address: "Seoul", ...wish });
  return service.caller.call(createOrder, { order, requestId });
}

async function placed(status = "PLACED"): Promise<bigint> {
  const { response } = await place();
  if (!response) throw new Error("the order was refused");
  const cause = status === "CANCELED" ? "ORDER_CANCELED" : null;
  const change = "UPDATE orders SET status = $2::order_status, cancel_cause = $3::cancel_cause WHERE order_id = $1";
  if (status !== "PLACED") await service.sql.query(change, [response.orderId, status, cause]);
  return response.orderId;
}

const cancel = (orderId: bigint, requestId = "") => service.caller.call(cancelOrder, { orderId, requestId });
const receive = (orderId: bigint, requestId = "") => service.caller.call(confirmReceipt, { orderId, requestId });
const stepsOf = (orderId: bigint) => ["orders", "order_id", orderId] as const;
const orderOf = async (orderId: bigint) => (await service.caller.call(getOrder, { orderId })).response;

/** What was published about an order. */
async function eventsOf(orderId: bigint) {
  const sql = "SELECT subject FROM mesh.outbox WHERE payload::json ->> 'orderId' = $1 ORDER BY position";
  return (await rowsOf(service, sql, [String(orderId)])).flat();
}

describe("createOrder", () => {
  it("takes name and price from its copy of the catalogue, whatever the client says of the name", async () => {
    const { response } = await place({ qty: 3, productName: "Radio", customerId: "kim", orderId: 99n });
    expect(response).toMatchObject({ productName: "TV", price: 100n, qty: 3, status: ORDER_STATUS_PLACED });
    expect(response?.orderId).not.toBe(99n);
    expect(await eventsOf(response?.orderId ?? 0n)).toEqual(["order.OrderPlaced"]);
  });

  it.each<[string, Partial<Order>, number, string]>([
    ["a product that nobody has told of", { productId: 9n }, Code.NOT_FOUND, "PRODUCT_NOT_FOUND"],
    ["another price than the catalogue's", { price: 90n }, Code.FAILED_PRECONDITION, "PRICE_CHANGED"],
    ["no product", { productId: 0n }, Code.INVALID_ARGUMENT, "INVALID_ID"],
    ["no units", { qty: 0 }, Code.INVALID_ARGUMENT, "OUT_OF_RANGE"],
    ["too many units", { qty: 1001 }, Code.INVALID_ARGUMENT, "OUT_OF_RANGE"],
    ["no address", { address: "" }, Code.INVALID_ARGUMENT, "REQUIRED"],
    ["an address that is too long", { address: "가".repeat(201) }, Code.INVALID_ARGUMENT, "TOO_LONG"],
  ])("refuses %s", async (_, wish, code, reason) => {
    expect(await place(wish)).toMatchObject({ code, reason, domain: "order.mall" });
  });

  it("has one effect and one answer for a repeated request, one after the other and all at once", async () => {
    const requestId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 8 }, () => place({ customerId: "repeat" }, requestId)));
    answers.push(await place({ customerId: "repeat" }, requestId));
    for (const answer of answers) expect(answer).toMatchObject({ code: 0, response: answers[0]?.response ?? {} });
    expect(await rowsOf(service, "SELECT 1 FROM orders WHERE customer_id = 'repeat'")).toHaveLength(1);
    expect(await place({ qty: 2 }, requestId)).toMatchObject({ violations: ["request_id REQUEST_ID_REUSED"] });
  });
});

describe("cancelOrder", () => {
  it("cancels, tells it once, and answers a repeated request the same", async () => {
    const orderId = await placed();
    const requestId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 6 }, () => cancel(orderId, requestId)));
    answers.push(await cancel(orderId, requestId));
    for (const answer of answers) {
      expect(answer.response).toMatchObject({
        status: ORDER_STATUS_CANCELED,
        cancelCause: CANCEL_CAUSE_ORDER_CANCELED,
      });
    }
    expect(await eventsOf(orderId)).toEqual(["order.OrderPlaced", "order.OrderCanceled"]);
  });

  it.each([
    ["PAYMENT_ALREADY_CHECKED", () => Promise.reject(refuse.PAYMENT_ALREADY_CHECKED())],
    ["PAYMENT_CHECK_IN_PROGRESS", () => Promise.reject(refuse.PAYMENT_CHECK_IN_PROGRESS())],
  ])("leaves the order as it was when pay says %s", async (reason, answer) => {
    const orderId = await placed();
    onCancel = answer;
    const refused = {
      code: Code.FAILED_PRECONDITION,
      reason,
      details: expect.arrayContaining(["PreconditionFailure"]),
    };
    expect(await cancel(orderId)).toMatchObject(refused);
    expect((await orderOf(orderId))?.status).toBe(ORDER_STATUS_PLACED);
    expect(await eventsOf(orderId)).toEqual(["order.OrderPlaced"]);
  });

  it("learns that there was no stock, which pay has told already", async () => {
    const orderId = await placed();
    onCancel = async () => CANCEL_CAUSE_OUT_OF_STOCK;
    const outcome = { status: ORDER_STATUS_CANCELED, cancelCause: CANCEL_CAUSE_OUT_OF_STOCK };
    expect((await cancel(orderId)).response).toMatchObject(outcome);
    expect(await eventsOf(orderId)).toEqual(["order.OrderPlaced"]);
  });

  it.each<[string, () => Promise<CancelCause>]>([
    ["has no database", () => Promise.reject(refuse.STORAGE_UNAVAILABLE())],
    ["is broken", () => Promise.reject(new Error("bug"))],
  ])("is finished without the caller when pay %s", async (_, answer) => {
    const orderId = await placed();
    const requestId = randomUUID();
    onCancel = answer;
    const refused = await cancel(orderId, requestId);
    expect(refused).toMatchObject({ code: Code.UNAVAILABLE, reason: "PAY_UNAVAILABLE", retryAfterMs: 3000 });
    expect((await orderOf(orderId))?.status).toBe(ORDER_STATUS_CANCEL_REQUESTED);
    onCancel = async () => CANCEL_CAUSE_ORDER_CANCELED;
    await onceStale(service, stepsOf(orderId), async () => (await orderOf(orderId))?.status === ORDER_STATUS_CANCELED);
    expect((await cancel(orderId, requestId)).response?.status).toBe(ORDER_STATUS_CANCELED);
    expect(await eventsOf(orderId)).toEqual(["order.OrderPlaced", "order.OrderCanceled"]);
  });

  it("is given up without the caller when pay was late and says no", async () => {
    const orderId = await placed();
    const [gone, late] = [new AbortController(), Promise.withResolvers<CancelCause>()];
    onCancel = () => {
      gone.abort();
      return late.promise;
    };
    const answer = await service.caller.call(cancelOrder, { orderId }, { signal: gone.signal });
    expect(answer.code).toBe(Code.CANCELLED);
    expect((await orderOf(orderId))?.status).toBe(ORDER_STATUS_CANCEL_REQUESTED);
    onCancel = () => Promise.reject(refuse.PAYMENT_ALREADY_CHECKED());
    await onceStale(service, stepsOf(orderId), async () => (await orderOf(orderId))?.status === ORDER_STATUS_PLACED);
    late.resolve(CANCEL_CAUSE_ORDER_CANCELED);
  });

  it.each([
    ["CANCELED", "ORDER_ALREADY_CANCELED"],
    ["DELIVERING", "PAYMENT_ALREADY_CHECKED"],
    ["CLOSED", "ORDER_CLOSED"],
  ])("refuses an order in state %s with %s", async (status, reason) => {
    expect(await cancel(await placed(status))).toMatchObject({ code: Code.FAILED_PRECONDITION, reason });
  });

  it("knows no such order", async () => {
    const refused = { code: Code.NOT_FOUND, reason: "ORDER_NOT_FOUND", resource: "987654" };
    expect(await cancel(987_654n)).toMatchObject(refused);
    expect(await receive(987_654n)).toMatchObject(refused);
    expect(await service.caller.call(getOrder, { orderId: 987_654n })).toMatchObject(refused);
  });
});

describe("confirmReceipt", () => {
  it("closes an order that is on its way, once", async () => {
    const orderId = await placed("DELIVERING");
    const requestId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 4 }, () => receive(orderId, requestId)));
    for (const { response } of answers) expect(response?.status).toBe(ORDER_STATUS_CLOSED);
    expect(await eventsOf(orderId)).toEqual(["order.OrderPlaced", "order.OrderClosed"]);
  });

  it.each([
    ["PLACED", "NOT_IN_DELIVERY"],
    ["CANCELED", "ORDER_ALREADY_CANCELED"],
    ["CLOSED", "ORDER_ALREADY_CLOSED"],
  ])("refuses an order in state %s with %s", async (status, reason) => {
    expect(await receive(await placed(status))).toMatchObject({ code: Code.FAILED_PRECONDITION, reason });
  });
});

describe("the database alone", () => {
  it.each([
    ["CANCELED", "PLACED"],
    ["CLOSED", "DELIVERING"],
    ["DELIVERING", "PLACED"],
  ])("lets no %s order become %s", async (from, to) => {
    const orderId = await placed(from);
    const back = "UPDATE orders SET status = $2::order_status, cancel_cause = NULL WHERE order_id = $1";
    await expect(service.sql.query(back, [orderId, to])).rejects.toThrow(`is ${from}, it does not become ${to}`);
  });
});

it("pages orders newest first, by customer", async () => {
  const ids: bigint[] = [];
  for (let count = 0; count < 3; count += 1) {
    ids.unshift((await place({ customerId: "lister" })).response?.orderId ?? 0n);
  }
  const list = (customerId: string, page: PageRequest) => service.caller.call(listOrders, { customerId, ...page });
  await expectPages(list, ({ orders }) => orders.map(({ orderId }) => orderId), {
    ids,
    filter: "lister",
    other: "kim",
  });
});
