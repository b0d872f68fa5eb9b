import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  Payment,
  PromotionState,
  PaymentServiceService as paymentService,
} from "#gen/proto/stay/payment/v1/payment.ts";
import { Reservation, ReservationServiceService } from "#gen/proto/stay/reservation/v1/reservation.ts";
import { ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import { Code } from "#mesh/service/codes.ts";
import { implement } from "#mesh/service/handler.ts";
import { failedPrecondition, refusals, unavailable } from "#mesh/service/refusals.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { onceStale, rowsOf } from "#mesh/testing/placed-service.ts";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import { startReservation, type WithSql } from "../in-process.ts";

const { createReservation, payReservation, cancelReservation, getReservation } = ReservationServiceService;
const {
  RESERVE_STATUS_RESERVED,
  RESERVE_STATUS_PAYMENT_REQUESTED,
  RESERVE_STATUS_PAYMENT_COMPLETED,
  RESERVE_STATUS_CANCEL_REQUESTED,
  RESERVE_STATUS_CANCELLED,
} = ReserveStatus;

/** Payment's own ways of saying no. */
const refuse = refusals({
  PAYMENT_DECLINED: failedPrecondition("Declined."),
  PAYMENT_CANCELLED: failedPrecondition("Cancelled."),
  STORAGE_UNAVAILABLE: unavailable("Not now."),
});

/** What payment answers; each test sets it. */
let onPay: () => Promise<PromotionState>;
let onCancel: () => Promise<void>;

let postgres: TestPostgres;
let payment: TestService;
let service: WithSql;

beforeAll(async () => {
  postgres = await testPostgres();
  const { completePayment, cancelPayment } = paymentService;
  const stub = implement(
    { completePayment, cancelPayment },
    {
      async completePayment({ reservationNumber }) {
        const promotionState = await onPay();
        return Payment.fromPartial({ reservationNumber, paymentId: 100n + reservationNumber, promotionState });
      },
      async cancelPayment({ reservationNumber }) {
        await onCancel();
        return Payment.fromPartial({ reservationNumber });
      },
    },
  );
  payment = await testService({ name: "payment.stay", services: [stub] });
  service = await startReservation({ url: postgres.freshUrl() }, payment.target);
});

afterAll(async () => {
  await service?.stop();
  await payment?.stop();
  await postgres?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  onPay = async () => PromotionState.PROMOTION_STATE_GRANTED;
  onCancel = async () => {};
});

let rooms = 0n;

async function newRoom(): Promise<bigint> {
  rooms += 1n;
  await service.sql.query("INSERT INTO room_copy VALUES ($1, 'room', 70000, 'AVAILABLE', 1)", [rooms]);
  return rooms;
}

function reserve(roomId: bigint, requestId = "", customerName = "Kim") {
  const reservation = Reservation.fromPartial({ roomId, customerId: "kim", customerName });
  return service.caller.call(createReservation, { reservation, requestId });
}

async function reserved(): Promise<bigint> {
  return (await reserve(await newRoom())).response?.reservationNumber ?? 0n;
}

const pay = (reservationNumber: bigint, requestId = "") =>
  service.caller.call(payReservation, { reservationNumber, requestId });
const cancel = (reservationNumber: bigint, requestId = "") =>
  service.caller.call(cancelReservation, { reservationNumber, requestId });
const statusOf = async (reservationNumber: bigint) =>
  (await service.caller.call(getReservation, { reservationNumber })).response?.reserveStatus;
/** Waits until the worker has brought a reservation to a status. */
const becomes = (number: bigint, status: ReserveStatus) =>
  onceStale(service, ["reservation", "reservation_number", number], async () => (await statusOf(number)) === status);

describe("a repeated request_id", () => {
  it("reserves once, one after the other and all at once, and is refused with another body", async () => {
    const [roomId, requestId] = [await newRoom(), randomUUID()];
    const answers = await Promise.all(Array.from({ length: 8 }, () => reserve(roomId, requestId)));
    answers.push(await reserve(roomId, requestId));
    for (const answer of answers) expect(answer).toMatchObject({ code: Code.OK, response: answers[0]?.response });
    const events = "SELECT subject FROM mesh.outbox WHERE aggregate_id = $1";
    const number = String(answers[0]?.response?.reservationNumber);
    expect(await rowsOf(service, events, [number])).toEqual([["reservation.ReservationPlaced"]]);
    expect(await reserve(roomId, requestId, "Lee")).toMatchObject({ reason: "REQUEST_ID_REUSED" });
  });

  it("pays once and cancels once, and answers the same", async () => {
    const number = await reserved();
    for (const method of [pay, cancel]) {
      const requestId = randomUUID();
      const answers = await Promise.all(Array.from({ length: 6 }, () => method(number, requestId)));
      answers.push(await method(number, requestId));
      for (const answer of answers) expect(answer).toMatchObject({ code: Code.OK, response: answers[0]?.response });
    }
    const events = "SELECT subject FROM mesh.outbox WHERE aggregate_id = $1 ORDER BY position";
    expect(await rowsOf(service, events, [String(number)])).toEqual([
      ["reservation.ReservationPlaced"],
      ["reservation.ReservationCancelled"],
    ]);
  });
});

describe("a request_id of another reservation", () => {
  it("pays nothing, and cancels nothing, also before the first one is answered", async () => {
    for (const method of [pay, cancel]) {
      const requestId = randomUUID();
      const numbers = [await reserved(), await reserved(), await reserved()];
      const away = () => Promise.reject(refuse.STORAGE_UNAVAILABLE());
      [onPay, onCancel] = [away, away];
      const answers = await Promise.all(numbers.map((number) => method(number, requestId)));
      const reasons = answers.map(({ reason, violations }) => (violations?.length ? violations.join() : reason));
      expect(reasons.sort()).toEqual([
        "PAYMENT_UNAVAILABLE",
        "request_id REQUEST_ID_REUSED",
        "request_id REQUEST_ID_REUSED",
      ]);
      const statuses = await Promise.all(numbers.map(statusOf));
      expect(statuses.filter((status) => status === RESERVE_STATUS_RESERVED)).toHaveLength(2);
    }
  });
});

describe("payReservation", () => {
  it("tells that the promotion was deferred", async () => {
    onPay = async () => PromotionState.PROMOTION_STATE_PENDING;
    const number = await reserved();
    expect((await pay(number)).response).toMatchObject({
      reserveStatus: RESERVE_STATUS_PAYMENT_COMPLETED,
      paymentId: 100n + number,
      promotionDeferred: true,
    });
  });

  it("that the worker has finished is answered without payment", async () => {
    const [number, requestId] = [await reserved(), randomUUID()];
    onPay = () => Promise.reject(refuse.STORAGE_UNAVAILABLE());
    expect(await pay(number, requestId)).toMatchObject({ reason: "PAYMENT_UNAVAILABLE" });
    onPay = async () => PromotionState.PROMOTION_STATE_GRANTED;
    await becomes(number, RESERVE_STATUS_PAYMENT_COMPLETED);
    onPay = () => Promise.reject(refuse.STORAGE_UNAVAILABLE());
    for (let count = 0; count < 2; count += 1) {
      expect(await pay(number, requestId)).toMatchObject({
        code: Code.OK,
        response: { paymentId: 100n + number, reserveStatus: RESERVE_STATUS_PAYMENT_COMPLETED },
      });
    }
  });

  it("that is declined late does not undo a newer attempt, which is paid", async () => {
    const number = await reserved();
    const ends: (() => void)[] = [];
    onPay = () => new Promise((_, reject) => ends.push(() => reject(refuse.PAYMENT_DECLINED())));
    const older = pay(number);
    await eventually(() => ends.length === 1);
    onPay = () => new Promise((resolve) => ends.push(() => resolve(PromotionState.PROMOTION_STATE_GRANTED)));
    const newer = pay(number, randomUUID());
    await eventually(() => ends.length === 2);
    ends[0]?.();
    expect(await older).toMatchObject({ reason: "PAYMENT_DECLINED" });
    ends[1]?.();
    expect((await newer).response).toMatchObject({
      paymentId: 100n + number,
      reserveStatus: RESERVE_STATUS_PAYMENT_COMPLETED,
    });
    expect(await statusOf(number)).toBe(RESERVE_STATUS_PAYMENT_COMPLETED);
  });

  it("that is declined may be tried again, or cancelled", async () => {
    const number = await reserved();
    onPay = () => Promise.reject(refuse.PAYMENT_DECLINED());
    expect(await pay(number)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "PAYMENT_DECLINED" });
    expect(await statusOf(number)).toBe(RESERVE_STATUS_RESERVED);
    onPay = async () => PromotionState.PROMOTION_STATE_GRANTED;
    expect((await pay(number)).response?.reserveStatus).toBe(RESERVE_STATUS_PAYMENT_COMPLETED);
  });

  it("is finished without the caller when payment does not answer, to the end that payment tells", async () => {
    const [granted, declined] = [await reserved(), await reserved()];
    onPay = () => Promise.reject(refuse.STORAGE_UNAVAILABLE());
    for (const number of [granted, declined]) {
      expect(await pay(number)).toMatchObject({
        code: Code.UNAVAILABLE,
        reason: "PAYMENT_UNAVAILABLE",
        retryAfterMs: 3000,
      });
      expect(await statusOf(number)).toBe(RESERVE_STATUS_PAYMENT_REQUESTED);
    }
    onPay = async () => PromotionState.PROMOTION_STATE_GRANTED;
    await becomes(granted, RESERVE_STATUS_PAYMENT_COMPLETED);
    onPay = () => Promise.reject(refuse.PAYMENT_DECLINED());
    await becomes(declined, RESERVE_STATUS_RESERVED);
  });
});

describe("cancelReservation", () => {
  it("is finished without the caller when payment does not answer", async () => {
    const number = await reserved();
    const requestId = randomUUID();
    onCancel = () => Promise.reject(refuse.STORAGE_UNAVAILABLE());
    expect(await cancel(number, requestId)).toMatchObject({ code: Code.UNAVAILABLE, reason: "PAYMENT_UNAVAILABLE" });
    expect(await statusOf(number)).toBe(RESERVE_STATUS_CANCEL_REQUESTED);
    expect(await pay(number)).toMatchObject({ reason: "RESERVATION_CANCELLED" });
    onCancel = async () => {};
    await becomes(number, RESERVE_STATUS_CANCELLED);
    expect((await cancel(number, requestId)).code).toBe(Code.OK);
  });

  it("frees the room", async () => {
    const roomId = await newRoom();
    const { response } = await reserve(roomId);
    expect(await reserve(roomId)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "ROOM_RESERVED" });
    await cancel(response?.reservationNumber ?? 0n);
    expect((await reserve(roomId)).code).toBe(Code.OK);
  });
});

it("keeps a second reservation of a room out by the database alone", async () => {
  const roomId = await newRoom();
  await reserve(roomId);
  const second = `INSERT INTO reservation (room_id, customer_id, customer_name, payment_price, reserve_status)
    VALUES ($1, 'lee', 'Lee', 1, 'RESERVED')`;
  await expect(service.sql.query(second, [roomId])).rejects.toThrow("reservation_one_a_room");
});
