import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PaymentServiceService, PromotionState } from "#gen/proto/stay/payment/v1/payment.ts";
import { Promotion, PromotionServiceService as promotionService } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { PaymentStatus } from "#gen/proto/stay/type/v1/type.ts";
import { Code } from "#mesh/service/codes.ts";
import { implement } from "#mesh/service/handler.ts";
import { failedPrecondition, refusals, unavailable } from "#mesh/service/refusals.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { onceStale, rowsOf } from "#mesh/testing/placed-service.ts";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import { paymentLimit, startPayment, type WithSql } from "../in-process.ts";

const { completePayment, cancelPayment, getPayment, requestPromotion } = PaymentServiceService;
const { PROMOTION_STATE_NONE, PROMOTION_STATE_PENDING, PROMOTION_STATE_GRANTED } = PromotionState;

/** Promotion's own ways of saying no. */
const refuse = refusals({
  PAYMENT_CANCELLED: failedPrecondition("Cancelled."),
  STORAGE_UNAVAILABLE: unavailable("Not now."),
});

/** What promotion answers; each test sets it. */
let onGrant: () => Promise<void>;
/** The header x-call of each grant. */
let calls: (string | undefined)[] = [];

let postgres: TestPostgres;
let promotion: TestService;
let service: WithSql;

beforeAll(async () => {
  postgres = await testPostgres();
  const { grantPromotion } = promotionService;
  const stub = implement(
    { grantPromotion },
    {
      async grantPromotion({ paymentId }, call) {
        calls.push(call.metadata("x-call"));
        await onGrant();
        return Promotion.fromPartial({ paymentId, couponId: 1000n + paymentId });
      },
    },
  );
  promotion = await testService({ name: "promotion.stay", services: [stub] });
  service = await startPayment({ url: postgres.freshUrl() }, promotion.target);
});

afterAll(async () => {
  await service?.stop();
  await promotion?.stop();
  await postgres?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  onGrant = async () => {};
  calls = [];
});

let reservations = 0n;

function pay(reservationNumber: bigint, paymentPrice = 100_000n) {
  const customer = { customerId: "kim", customerName: "Kim" };
  return service.caller.call(completePayment, { ...customer, reservationNumber, paymentPrice });
}

async function paid() {
  reservations += 1n;
  const { response } = await pay(reservations);
  if (!response) throw new Error("nothing was paid");
  return response;
}

const cancel = (reservationNumber: bigint) => service.caller.call(cancelPayment, { reservationNumber });
const ask = (paymentId: bigint, requestId = "") => service.caller.call(requestPromotion, { paymentId, requestId });
const stateOf = async (paymentId: bigint) =>
  (await service.caller.call(getPayment, { paymentId })).response?.promotionState;
const untilGranted = (paymentId: bigint) =>
  onceStale(
    service,
    ["payment", "payment_id", paymentId],
    async () => (await stateOf(paymentId)) === PROMOTION_STATE_GRANTED,
  );
const eventsOf = async (paymentId: bigint) =>
  (
    await rowsOf(service, "SELECT subject FROM mesh.outbox WHERE aggregate_id = $1 ORDER BY position", [
      String(paymentId),
    ])
  ).flat();

describe("completePayment", () => {
  it("pays once, one after the other and all at once, and asks for the promotion within the call", async () => {
    reservations += 1n;
    const number = reservations;
    const answers = await Promise.all(Array.from({ length: 8 }, () => pay(number)));
    expect(new Set(answers.map(({ response }) => response?.paymentId)).size).toBe(1);
    const again = await pay(number);
    expect(again.response).toMatchObject({ promotionState: PROMOTION_STATE_GRANTED });
    expect(await eventsOf(again.response?.paymentId ?? 0n)).toEqual(["payment.PaymentCompleted"]);
    expect(new Set(calls)).toEqual(new Set(["inline"]));
  });

  it("keeps what was declined as unpaid, asks for no promotion, and may be tried again", async () => {
    reservations += 1n;
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect(await pay(reservations, paymentLimit + 1n)).toMatchObject({
        code: Code.FAILED_PRECONDITION,
        reason: "PAYMENT_DECLINED",
      });
    }
    expect(calls).toEqual([]);
    const rows = "SELECT payment_status, promotion_state FROM payment WHERE reservation_number = $1";
    expect(await rowsOf(service, rows, [reservations])).toEqual([["UNPAID", "NONE"]]);
    expect((await pay(reservations)).response?.paymentStatus).toBe(PaymentStatus.PAYMENT_STATUS_PAID);
  });

  it.each([
    ["is away", () => Promise.reject(refuse.STORAGE_UNAVAILABLE()), PROMOTION_STATE_PENDING],
    ["is broken", () => Promise.reject(new Error("bug")), PROMOTION_STATE_PENDING],
    ["says no", () => Promise.reject(refuse.PAYMENT_CANCELLED()), PROMOTION_STATE_NONE],
  ])("stands when promotion %s", async (_, answer, promotionState) => {
    onGrant = answer;
    const payment = await paid();
    expect(payment).toMatchObject({ paymentStatus: PaymentStatus.PAYMENT_STATUS_PAID, promotionState });
    expect(await eventsOf(payment.paymentId)).toEqual(["payment.PaymentCompleted"]);
    onGrant = async () => {};
    if (promotionState === PROMOTION_STATE_NONE) return;
    // The worker asks again, and nobody waits for it: without the header.
    await untilGranted(payment.paymentId);
    expect(calls.at(-1)).toBeUndefined();
  });
});

describe("cancelPayment", () => {
  it("cancels once and tells it once", async () => {
    const { reservationNumber, paymentId } = await paid();
    const answers = await Promise.all(Array.from({ length: 6 }, () => cancel(reservationNumber)));
    for (const { response } of answers) {
      expect(response).toMatchObject({
        paymentStatus: PaymentStatus.PAYMENT_STATUS_CANCELLED,
        promotionState: PROMOTION_STATE_NONE,
      });
    }
    expect(await eventsOf(paymentId)).toEqual(["payment.PaymentCompleted", "payment.PaymentCancelled"]);
    expect(await pay(reservationNumber)).toMatchObject({ reason: "PAYMENT_CANCELLED" });
    expect(await ask(paymentId)).toMatchObject({
      reason: "PAYMENT_NOT_COMPLETED",
      precondition: "PAYMENT_NOT_COMPLETED",
    });
  });

  it("that comes first leaves a mark, and tells nothing", async () => {
    reservations += 1n;
    const { response } = await cancel(reservations);
    expect(response).toMatchObject({ paymentStatus: PaymentStatus.PAYMENT_STATUS_CANCELLED, customerId: "" });
    expect(await pay(reservations)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "PAYMENT_CANCELLED" });
    expect(await eventsOf(response?.paymentId ?? 0n)).toEqual([]);
  });

  it("wins over a promotion that is granted meanwhile", async () => {
    const release = Promise.withResolvers<void>();
    onGrant = () => release.promise;
    const paying = paid();
    await eventually(() => calls.length === 1);
    await cancel(reservations);
    release.resolve();
    const { paymentId } = await paying;
    expect(await stateOf(paymentId)).toBe(PROMOTION_STATE_NONE);
  });
});

describe("requestPromotion", () => {
  async function deferred(): Promise<bigint> {
    onGrant = () => Promise.reject(refuse.STORAGE_UNAVAILABLE());
    return (await paid()).paymentId;
  }

  it("answers a repeated request with the first answer, one after the other and all at once", async () => {
    const paymentId = await deferred();
    onGrant = async () => {};
    const requestId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(paymentId, requestId)));
    answers.push(await ask(paymentId, requestId));
    for (const answer of answers)
      expect(answer).toMatchObject({ code: Code.OK, response: { couponId: 1000n + paymentId } });
    expect(await stateOf(paymentId)).toBe(PROMOTION_STATE_GRANTED);
    expect(await ask(paymentId)).toMatchObject({ code: Code.ALREADY_EXISTS, reason: "PROMOTION_ALREADY_GRANTED" });
    expect(await ask(paymentId + 1n, requestId)).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      reason: "REQUEST_ID_REUSED",
    });
  });

  it("asks the customer to come back while promotion is away", async () => {
    const paymentId = await deferred();
    const requestId = randomUUID();
    expect(await ask(paymentId, requestId)).toMatchObject({
      code: Code.UNAVAILABLE,
      reason: "PROMOTION_UNAVAILABLE",
      retryAfterMs: 3000,
    });
    onGrant = async () => {};
    expect((await ask(paymentId, requestId)).code).toBe(Code.OK);
  });

  it("tells that promotion knows of a cancel", async () => {
    const paymentId = await deferred();
    onGrant = () => Promise.reject(refuse.PAYMENT_CANCELLED());
    expect(await ask(paymentId)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "PAYMENT_NOT_COMPLETED" });
  });
});

it.each([
  ["a price of nothing", { paymentPrice: 0n }, "OUT_OF_RANGE"],
  ["no customer", { customerId: "" }, "TOO_SHORT"],
  ["no reservation", { reservationNumber: 0n }, "INVALID_ID"],
])("refuses to pay with %s", async (_, change, reason) => {
  const bill = { reservationNumber: 1n, customerId: "kim", customerName: "Kim", paymentPrice: 1n, ...change };
  expect(await service.caller.call(completePayment, bill)).toMatchObject({ code: Code.INVALID_ARGUMENT, reason });
});
