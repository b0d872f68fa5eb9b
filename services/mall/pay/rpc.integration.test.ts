import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CancelCause } from "#gen/proto/mall/order/v1/order.ts";
import { PayServiceService, PayStatus } from "#gen/proto/mall/pay/v1/pay.ts";
import { ProductServiceService } from "#gen/proto/mall/product/v1/product.ts";
import { Code } from "#mesh/service/codes.ts";
import { implement } from "#mesh/service/handler.ts";
import { failedPrecondition, notFound, refusals, unavailable } from "#mesh/service/refusals.ts";
import { onceStale, rowsOf } from "#mesh/testing/placed-service.ts";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import { startPay, type WithSql } from "../in-process.ts";

const { checkPay, cancelPay, getPay, listPays } = PayServiceService;
const { PAY_STATUS_CHECKING, PAY_STATUS_CHECKED, PAY_STATUS_CANCELED } = PayStatus;

/** Product's own ways of saying no. */
const refuse = refusals({
  INSUFFICIENT_STOCK: failedPrecondition("None left."),
  PRODUCT_NOT_FOUND: notFound("mall.product/Product", "Gone."),
  STORAGE_UNAVAILABLE: unavailable("Not now."),
});

/** What product does; each test sets it. */
let onDecrease: () => Promise<void>;
let asked: bigint[] = [];

let postgres: TestPostgres;
let product: TestService;
let service: WithSql;

beforeAll(async () => {
  postgres = await testPostgres();
  const { decreaseQty } = ProductServiceService;
  const stub = implement(
    { decreaseQty },
    {
      async decreaseQty({ orderId }) {
        asked.push(orderId);
        await onDecrease();
        return { remainingQty: 7, price: 100n };
      },
    },
  );
  product = await testService({ name: "product.mall", services: [stub] });
  service = await startPay({ url: postgres.freshUrl() }, product.target);
});

afterAll(async () => {
  await service?.stop();
  await product?.stop();
  await postgres?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  onDecrease = async () => {};
  asked = [];
});

let orders = 0n;

/** A deposit that is waited for. */
async function placed(): Promise<{ orderId: bigint; payId: bigint }> {
  orders += 1n;
  const insert = `INSERT INTO pay (order_id, product_id, product_name, address, qty, price, status)
    VALUES ($1, 1, 'TV', 'Seoul', 3, 100, 'PLACED') RETURNING pay_id`;
  const [row] = await rowsOf(service, insert, [orders]);
  return { orderId: orders, payId: BigInt(String(row?.[0])) };
}

const check = (payId: bigint, requestId = "") => service.caller.call(checkPay, { payId, requestId });
const cancel = (orderId: bigint) => service.caller.call(cancelPay, { orderId });
const payOf = async (payId: bigint) => (await service.caller.call(getPay, { payId })).response;

/** What was published about an order's deposit. */
async function eventsOf(orderId: bigint) {
  const sql = "SELECT subject FROM mesh.outbox WHERE payload::json ->> 'orderId' = $1 ORDER BY position";
  return (await rowsOf(service, sql, [String(orderId)])).flat();
}

describe("checkPay", () => {
  it("confirms the deposit when product gives the units", async () => {
    const { orderId, payId } = await placed();
    const answer = await check(payId);
    expect(answer.response).toMatchObject({ orderId, status: PAY_STATUS_CHECKED, amount: 300n });
    expect(asked).toEqual([orderId]);
    expect(await eventsOf(orderId)).toEqual(["pay.PayChecked"]);
    expect(await check(payId)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "PAYMENT_ALREADY_CHECKED" });
    expect(await cancel(orderId)).toMatchObject({ reason: "PAYMENT_ALREADY_CHECKED", domain: "pay.mall" });
  });

  it.each<[string, () => Promise<void>, CancelCause]>([
    ["no stock", () => Promise.reject(refuse.INSUFFICIENT_STOCK()), CancelCause.CANCEL_CAUSE_OUT_OF_STOCK],
    ["no product", () => Promise.reject(refuse.PRODUCT_NOT_FOUND()), CancelCause.CANCEL_CAUSE_PRODUCT_GONE],
  ])("records that there is %s, which is an answer and no failure", async (_, answer, cancelCause) => {
    const { orderId, payId } = await placed();
    onDecrease = answer;
    expect(await check(payId)).toMatchObject({ code: 0, response: { status: PAY_STATUS_CANCELED, cancelCause } });
    expect(await eventsOf(orderId)).toEqual(["pay.PayCanceled"]);
    expect(await check(payId)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "PAYMENT_CANCELED" });
    // A customer who cancels now hears why nothing is waited for.
    expect((await cancel(orderId)).response).toMatchObject({ cancelCause });
  });

  it.each<[string, () => Promise<void>]>([
    ["has no database", () => Promise.reject(refuse.STORAGE_UNAVAILABLE())],
    ["is broken", () => Promise.reject(new Error("bug"))],
  ])("stays noted when product %s, and is finished without the seller", async (_, answer) => {
    const { orderId, payId } = await placed();
    const requestId = randomUUID();
    onDecrease = answer;
    const refused = await check(payId, requestId);
    expect(refused).toMatchObject({ code: Code.UNAVAILABLE, reason: "PRODUCT_UNAVAILABLE", retryAfterMs: 3000 });
    expect((await payOf(payId))?.status).toBe(PAY_STATUS_CHECKING);
    expect(await cancel(orderId)).toMatchObject({ reason: "PAYMENT_CHECK_IN_PROGRESS" });
    onDecrease = async () => {};
    await onceStale(service, ["pay", "pay_id", payId], async () => (await payOf(payId))?.status === PAY_STATUS_CHECKED);
    expect((await check(payId, requestId)).response?.status).toBe(PAY_STATUS_CHECKED);
    expect(await eventsOf(orderId)).toEqual(["pay.PayChecked"]);
  });

  it("is finished by a second seller while the first one's answer is late", async () => {
    const { orderId, payId } = await placed();
    const [gone, late] = [new AbortController(), Promise.withResolvers<void>()];
    onDecrease = () => {
      gone.abort();
      return late.promise;
    };
    const answer = await service.caller.call(checkPay, { payId }, { signal: gone.signal });
    expect(answer.code).toBe(Code.CANCELLED);
    expect((await payOf(payId))?.status).toBe(PAY_STATUS_CHECKING);
    onDecrease = async () => {};
    expect((await check(payId)).response?.status).toBe(PAY_STATUS_CHECKED);
    late.resolve();
    expect(await eventsOf(orderId)).toEqual(["pay.PayChecked"]);
  });

  it("has one effect and one answer for a repeated request, one after the other and all at once", async () => {
    const { orderId, payId } = await placed();
    const requestId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 8 }, () => check(payId, requestId)));
    answers.push(await check(payId, requestId));
    for (const answer of answers) expect(answer).toMatchObject({ code: 0, response: answers[0]?.response ?? {} });
    expect(await eventsOf(orderId)).toEqual(["pay.PayChecked"]);
    expect(await check(1n, requestId)).toMatchObject({ violations: ["request_id REQUEST_ID_REUSED"] });
  });

  it.each([
    ["a deposit that does not exist", { payId: 987_654n }, Code.NOT_FOUND, "PAY_NOT_FOUND"],
    ["no id", {}, Code.INVALID_ARGUMENT, "INVALID_ID"],
    ["a request id that is none", { payId: 1n, requestId: "7" }, Code.INVALID_ARGUMENT, "INVALID_REQUEST_ID"],
  ])("refuses %s", async (_, request, code, reason) => {
    expect(await service.caller.call(checkPay, request)).toMatchObject({ code, reason });
  });
});

describe("cancelPay", () => {
  it("cancels once, however often it is asked", async () => {
    const { orderId } = await placed();
    const answers = await Promise.all(Array.from({ length: 6 }, () => cancel(orderId)));
    for (const { response } of answers) {
      expect(response).toMatchObject({
        status: PAY_STATUS_CANCELED,
        cancelCause: CancelCause.CANCEL_CAUSE_ORDER_CANCELED,
      });
    }
    expect(await eventsOf(orderId)).toEqual(["pay.PayCanceled"]);
  });

  it("remembers an order that it has not heard of", async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => cancel(5_000n)));
    expect(new Set(answers.map(({ response }) => response?.payId)).size).toBe(1);
    expect(await eventsOf(5_000n)).toEqual(["pay.PayCanceled"]);
  });
});

describe("the database alone", () => {
  const update = (payId: bigint, change: string) =>
    service.sql.query(`UPDATE pay SET ${change} WHERE pay_id = $1`, [payId]);

  it("confirms no deposit without product's yes, and takes nothing back", async () => {
    const { orderId, payId } = await placed();
    await expect(update(payId, "status = 'CHECKED'")).rejects.toThrow("pay_checked_by_product");
    await expect(update(payId, "status = 'CANCELED'")).rejects.toThrow("pay_cancelled_for_a_cause");
    await update(payId, "status = 'CHECKING'");
    const cancelled = update(payId, "status = 'CANCELED', cancel_cause = 'ORDER_CANCELED'");
    await expect(cancelled).rejects.toThrow("does not become CANCELED");
    await update(payId, "status = 'CHECKED', remaining_qty = 1");
    const taken = update(payId, "status = 'CANCELED', remaining_qty = NULL, cancel_cause = 'OUT_OF_STOCK'");
    await expect(taken).rejects.toThrow("is CHECKED, it does not become CANCELED");
    const second = service.sql.query(
      "INSERT INTO pay (order_id, status, cancel_cause) VALUES ($1, 'CANCELED', 'ORDER_CANCELED')",
      [orderId],
    );
    await expect(second).rejects.toThrow("pay_order_id_key");
  });
});

it("lists deposits newest first, by state and order", async () => {
  const first = await placed();
  const second = await placed();
  const { response } = await service.caller.call(listPays, { status: PayStatus.PAY_STATUS_PLACED, pageSize: 2 });
  expect(response?.pays.map(({ payId }) => payId)).toEqual([second.payId, first.payId]);
  const only = await service.caller.call(listPays, { orderId: first.orderId });
  expect(only.response?.pays).toMatchObject([{ payId: first.payId, productName: "TV", amount: 300n }]);
  expect(await service.caller.call(listPays, { pageSize: -1 })).toMatchObject({ reason: "INVALID_PAGE_SIZE" });
});
