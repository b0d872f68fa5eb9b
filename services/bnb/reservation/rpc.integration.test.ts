// Reservation alone, on a real PostgreSQL, with a room and a payment that do what each test says.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Payment, PaymentServiceService, PaymentStatus } from "#gen/proto/bnb/payment/v1/payment.ts";
import {
  Reservation,
  ReservationServiceService,
  ReservationStatus,
} from "#gen/proto/bnb/reservation/v1/reservation.ts";
import { type CheckRoomResponse, RoomServiceService } from "#gen/proto/bnb/room/v1/room.ts";
import { Code } from "#mesh/service/codes.ts";
import { implement } from "#mesh/service/handler.ts";
import { failedPrecondition, notFound, refusals, unavailable } from "#mesh/service/refusals.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { expectPages } from "#mesh/testing/expect-pages.ts";
import { onceStale, rowsOf } from "#mesh/testing/placed-service.ts";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import { startReservation, type WithSql } from "../in-process.ts";

const { createReservation, cancelReservation, getReservation, listReservations } = ReservationServiceService;
const { RESERVATION_STATUS_CONFIRMED, RESERVATION_STATUS_CANCEL_REQUESTED } = ReservationStatus;

/** How room and payment say no. */
const refuse = refusals({
  ROOM_NOT_FOUND: notFound("bnb.room/Room", "None."),
  PAYMENT_DECLINED: failedPrecondition("Declined."),
  PAYMENT_CANCELLED: failedPrecondition("Cancelled."),
  STORAGE_UNAVAILABLE: unavailable("Not now."),
});

/** What the others do; each test sets it. */
let onCheck: () => Promise<CheckRoomResponse>;
let onApprove: () => Promise<void>;
let onCancel: () => Promise<void>;
let checked: string[] = [];
let approved: string[] = [];
let paidBack: string[] = [];
const payIds = new Map<string, string>();

let postgres: TestPostgres;
let room: TestService;
let payment: TestService;
let service: WithSql;

beforeAll(async () => {
  postgres = await testPostgres();
  const { checkRoom } = RoomServiceService;
  const { approvePayment, cancelPayment } = PaymentServiceService;
  const roomStub = implement(
    { checkRoom },
    {
      async checkRoom({ roomId }) {
        checked.push(roomId);
        return onCheck();
      },
    },
  );
  const paymentStub = implement(
    { approvePayment, cancelPayment },
    {
      async approvePayment({ rsvId, amount }) {
        approved.push(rsvId);
        await onApprove();
        const payId = payIds.get(rsvId) ?? randomUUID();
        payIds.set(rsvId, payId);
        return Payment.fromPartial({ payId, rsvId, amount, status: PaymentStatus.PAYMENT_STATUS_APPROVED });
      },
      async cancelPayment({ rsvId }) {
        paidBack.push(rsvId);
        await onCancel();
        return Payment.fromPartial({ rsvId, status: PaymentStatus.PAYMENT_STATUS_CANCELLED });
      },
    },
  );
  room = await testService({ name: "room.bnb", services: [roomStub] });
  payment = await testService({ name: "payment.bnb", services: [paymentStub] });
  service = await startReservation({ url: postgres.freshUrl() }, { room: room.target, payment: payment.target });
});

afterAll(async () => {
  await service?.stop();
  await payment?.stop();
  await room?.stop();
  await postgres?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  onCheck = async () => ({ available: true, price: 1_000n });
  onApprove = async () => {};
  onCancel = async () => {};
  [checked, approved, paidBack] = [[], [], []];
});

function reserve(roomId: string, guestId = `guest ${roomId}`, requestId = "") {
  const request = { reservation: Reservation.fromPartial({ roomId, guestId }), requestId };
  return service.caller.call(createReservation, request);
}

async function reserved(roomId: string): Promise<string> {
  const { response } = await reserve(roomId);
  if (!response) throw new Error("the reservation was refused");
  return response.rsvId;
}

const cancel = (rsvId: string, requestId = "") => service.caller.call(cancelReservation, { rsvId, requestId });

/** The states of a room's reservations, oldest first, and the events about them. */
async function stateOf(roomId: string) {
  const states = await rowsOf(service, "SELECT status FROM reservation WHERE room_id = $1 ORDER BY room_seq", [roomId]);
  const events = await rowsOf(
    service,
    "SELECT subject FROM mesh.outbox WHERE payload::json ->> 'roomId' = $1 ORDER BY position",
    [roomId],
  );
  return { states: states.flat(), events: events.flat() };
}

const untilRejected = (roomId: string) =>
  onceStale(
    service,
    ["reservation", "room_id", roomId],
    async () => (await stateOf(roomId)).states.at(-1) === "REJECTED",
  );

describe("createReservation", () => {
  it("asks room and payment once each, and tells it once", async () => {
    const roomId = randomUUID();
    const { response } = await reserve(roomId, "kim");
    const rsvId = response?.rsvId ?? "";
    expect(response).toMatchObject({
      roomId,
      guestId: "kim",
      price: 1_000n,
      payId: payIds.get(rsvId),
      status: RESERVATION_STATUS_CONFIRMED,
    });
    expect([checked, approved, paidBack]).toEqual([[roomId], [rsvId], []]);
    expect(await stateOf(roomId)).toEqual({ states: ["CONFIRMED"], events: ["reservation.ReservationConfirmed"] });
  });

  it("refuses a room that another reservation has, and asks nobody", async () => {
    const roomId = randomUUID();
    await reserved(roomId);
    checked = [];
    expect(await reserve(roomId, "lee")).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      reason: "ROOM_NOT_AVAILABLE",
      domain: "reservation.bnb",
    });
    expect(checked).toEqual([]);
    expect((await stateOf(roomId)).states).toEqual(["CONFIRMED"]);
  });

  it("lets a guest have ten at a time", async () => {
    const rooms = Array.from({ length: 14 }, () => randomUUID());
    const answers = await Promise.all(rooms.map((roomId) => reserve(roomId, "hoarder")));
    expect(answers.filter(({ code }) => code === Code.OK)).toHaveLength(10);
    for (const answer of answers.filter(({ code }) => code !== Code.OK)) {
      expect(answer).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, reason: "MAX_RESERVATIONS_PER_PERSON" });
    }
  });
});

describe("when room says no, or nothing, nothing is paid and the reservation ends", () => {
  it.each<[string, () => Promise<CheckRoomResponse>, number, string]>([
    ["there is no such room", () => Promise.reject(refuse.ROOM_NOT_FOUND()), Code.NOT_FOUND, "ROOM_NOT_FOUND"],
    ["it is taken", async () => ({ available: false, price: 1n }), Code.FAILED_PRECONDITION, "ROOM_NOT_AVAILABLE"],
    ["it has no price", async () => ({ available: true, price: 0n }), Code.FAILED_PRECONDITION, "ROOM_NOT_PRICED"],
    ["it is broken", () => Promise.reject(new Error("bug")), Code.UNAVAILABLE, "ROOM_UNAVAILABLE"],
    ["it has no database", () => Promise.reject(refuse.STORAGE_UNAVAILABLE()), Code.UNAVAILABLE, "ROOM_UNAVAILABLE"],
  ])("%s", async (_, answer, code, reason) => {
    const roomId = randomUUID();
    onCheck = answer;
    const refused = await reserve(roomId);
    expect(refused).toMatchObject({ code, reason });
    if (code === Code.UNAVAILABLE) expect(refused.retryAfterMs).toBe(3000);
    expect(approved).toEqual([]);
    expect(await stateOf(roomId)).toEqual({ states: ["REJECTED"], events: [] });
    onCheck = async () => ({ available: true, price: 1n });
    expect((await reserve(roomId)).code).toBe(Code.OK);
  });
});

describe("when payment does not take the money", () => {
  it("because the card is declined, the reservation ends at once", async () => {
    const roomId = randomUUID();
    onApprove = () => Promise.reject(refuse.PAYMENT_DECLINED());
    expect(await reserve(roomId)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "PAYMENT_DECLINED" });
    expect(await stateOf(roomId)).toEqual({ states: ["REJECTED"], events: [] });
    expect(paidBack).toEqual([]);
  });

  it.each<[string, () => Promise<void>, number]>([
    ["is broken", () => Promise.reject(new Error("bug")), 0],
    ["has no database", () => Promise.reject(refuse.STORAGE_UNAVAILABLE()), 1],
    ["was told to cancel before", () => Promise.reject(refuse.PAYMENT_CANCELLED()), 0],
  ])(
    "because it %s, the reservation ends once payment has paid back what it may have taken",
    async (_, answer, away) => {
      const roomId = randomUUID();
      onApprove = answer;
      let fails = away;
      const seen = Promise.withResolvers<void>();
      onCancel = async () => {
        await seen.promise; // The worker takes it up at once.
        if (fails-- > 0) throw refuse.STORAGE_UNAVAILABLE();
      };
      expect(await reserve(roomId)).toMatchObject({
        code: Code.UNAVAILABLE,
        reason: "PAYMENT_UNAVAILABLE",
        retryAfterMs: 3000,
      });
      expect((await stateOf(roomId)).states).toEqual(["PENDING_PAYMENT"]);
      expect(await reserve(roomId)).toMatchObject({ reason: "ROOM_NOT_AVAILABLE" });
      seen.resolve();
      await untilRejected(roomId);
      expect(paidBack).toHaveLength(away + 1);
      onApprove = async () => {};
      expect((await reserve(roomId)).code).toBe(Code.OK);
    },
  );

  it("is not waited for when the caller has gone, and is paid back", async () => {
    const roomId = randomUUID();
    const [gone, late] = [new AbortController(), Promise.withResolvers<void>()];
    onApprove = () => {
      gone.abort();
      return late.promise;
    };
    const request = { reservation: Reservation.fromPartial({ roomId, guestId: "kim" }) };
    const answer = await service.caller.call(createReservation, request, { signal: gone.signal });
    expect(answer.code).toBe(Code.CANCELLED);
    await untilRejected(roomId);
    expect(paidBack).toHaveLength(1);
    late.resolve();
    expect((await stateOf(roomId)).events).toEqual([]);
  });
});

describe("a repeated request_id", () => {
  it("has one effect and one answer, one after the other and all at once", async () => {
    const roomId = randomUUID();
    const requestId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 8 }, () => reserve(roomId, "parallel", requestId)));
    answers.push(await reserve(roomId, "parallel", requestId));
    expect(new Set(answers.map(({ response }) => response?.rsvId)).size).toBe(1);
    for (const answer of answers) expect(answer.response).toEqual(answers[0]?.response);
    expect(await stateOf(roomId)).toEqual({ states: ["CONFIRMED"], events: ["reservation.ReservationConfirmed"] });
  });

  it("is refused with another body, also while the first is on its way", async () => {
    const roomId = randomUUID();
    const requestId = randomUUID();
    let release = () => {};
    onApprove = () => new Promise((resolve) => (release = resolve));
    const first = reserve(roomId, "lee", requestId);
    await eventually(() => approved.length === 1);
    const reused = { code: Code.INVALID_ARGUMENT, violations: ["request_id REQUEST_ID_REUSED"] };
    expect(await reserve(roomId, "park", requestId)).toMatchObject(reused);
    release();
    expect((await first).code).toBe(Code.OK);
    expect(await reserve(roomId, "park", requestId)).toMatchObject(reused);
  });

  it("never leaves a payment behind when the first attempt pays and the second cannot", async () => {
    const roomId = randomUUID();
    const requestId = randomUUID();
    let release = () => {};
    onApprove = () => new Promise((resolve) => (release = resolve));
    const first = reserve(roomId, "choi", requestId);
    await eventually(() => approved.length === 1);
    onCheck = () => Promise.reject(refuse.STORAGE_UNAVAILABLE());
    expect(await reserve(roomId, "choi", requestId)).toMatchObject({ reason: "ROOM_UNAVAILABLE" });
    release();
    expect(await first).toMatchObject({ reason: "PAYMENT_UNAVAILABLE" });
    await untilRejected(roomId);
    expect(new Set(paidBack)).toEqual(new Set(approved));
  });

  it("answers with what the other attempt has paid when this one got no answer", async () => {
    const [roomId, requestId] = [randomUUID(), randomUUID()];
    let breakOff = () => {};
    onApprove = () => new Promise((_, reject) => (breakOff = () => reject(refuse.STORAGE_UNAVAILABLE())));
    const first = reserve(roomId, "moon", requestId);
    await eventually(() => approved.length === 1);
    onApprove = async () => {};
    const second = await reserve(roomId, "moon", requestId);
    expect(second.response?.status).toBe(RESERVATION_STATUS_CONFIRMED);
    breakOff();
    expect(await first).toMatchObject({ code: Code.OK, response: second.response });
    expect(await stateOf(roomId)).toEqual({ states: ["CONFIRMED"], events: ["reservation.ReservationConfirmed"] });
  });

  it("may try again after a refusal", async () => {
    const roomId = randomUUID();
    const requestId = randomUUID();
    onApprove = () => Promise.reject(refuse.PAYMENT_DECLINED());
    expect((await reserve(roomId, "kang", requestId)).reason).toBe("PAYMENT_DECLINED");
    onApprove = async () => {};
    expect((await reserve(roomId, "kang", requestId)).code).toBe(Code.OK);
    expect((await stateOf(roomId)).states).toEqual(["REJECTED", "CONFIRMED"]);
  });

  it("cancels once and answers the same", async () => {
    const roomId = randomUUID();
    const rsvId = await reserved(roomId);
    const requestId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 6 }, () => cancel(rsvId, requestId)));
    answers.push(await cancel(rsvId, requestId));
    for (const answer of answers) expect(answer).toMatchObject({ code: 0, response: answers[0]?.response ?? {} });
    expect((await stateOf(roomId)).events).toEqual([
      "reservation.ReservationConfirmed",
      "reservation.ReservationCancelRequested",
    ]);
  });
});

describe("cancelReservation", () => {
  it("asks for it once, and refuses the second time", async () => {
    const roomId = randomUUID();
    const rsvId = await reserved(roomId);
    expect((await cancel(rsvId)).response).toMatchObject({ rsvId, status: RESERVATION_STATUS_CANCEL_REQUESTED });
    expect(await cancel(rsvId)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "ALREADY_CANCELLED" });
    expect(await reserve(roomId, "lee")).toMatchObject({ reason: "ROOM_NOT_AVAILABLE" });
    expect((await service.caller.call(getReservation, { rsvId })).response?.status).toBe(
      RESERVATION_STATUS_CANCEL_REQUESTED,
    );
  });

  it("refuses one that does not stand, and one that does not exist", async () => {
    const roomId = randomUUID();
    onCheck = async () => ({ available: false, price: 1n });
    await reserve(roomId);
    const { response } = await service.caller.call(listReservations, { roomId });
    expect(await cancel(response?.reservations[0]?.rsvId ?? "")).toMatchObject({ reason: "RESERVATION_NOT_CONFIRMED" });
    expect(await cancel(randomUUID())).toMatchObject({ code: Code.NOT_FOUND, reason: "RESERVATION_NOT_FOUND" });
  });
});

describe("a cancel whose event got lost", () => {
  it("is paid back and ended by the worker, and told once", async () => {
    const roomId = randomUUID();
    const rsvId = await reserved(roomId);
    await service.sql.query(
      "UPDATE reservation SET status = 'CANCEL_REQUESTED', step_time = '2020-01-01' WHERE rsv_id = $1",
      [rsvId],
    );
    await eventually(async () => (await stateOf(roomId)).states.at(-1) === "CANCELLED");
    expect(paidBack.filter((each) => each === rsvId)).toHaveLength(1);
    expect((await stateOf(roomId)).events).toEqual([
      "reservation.ReservationConfirmed",
      "reservation.ReservationCancelled",
    ]);
    expect((await reserve(roomId, "lee")).code).toBe(Code.OK);
  });
});

describe("the database alone", () => {
  it("lets no second reservation have a room", async () => {
    const roomId = randomUUID();
    await reserved(roomId);
    const second = service.sql.query(
      "INSERT INTO reservation (rsv_id, room_id, guest_id, room_seq) VALUES (gen_random_uuid(), $1, 'x', 2)",
      [roomId],
    );
    await expect(second).rejects.toThrow("reservation_one_a_room");
  });

  it("lets no reservation stand that is not paid", async () => {
    const unpaid = service.sql.query(
      `INSERT INTO reservation (rsv_id, room_id, guest_id, room_seq, status)
       VALUES (gen_random_uuid(), gen_random_uuid(), 'x', 1, 'CONFIRMED')`,
    );
    await expect(unpaid).rejects.toThrow("reservation_paid_before_it_stands");
  });
});

it("lists page newest first, by guest and room", async () => {
  const ids: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    ids.push((await reserve(randomUUID(), "lister")).response?.rsvId ?? "");
  }
  await expectPages(
    (filter: { guestId: string }, page) => service.caller.call(listReservations, { ...filter, ...page }),
    ({ reservations }) => reservations.map(({ rsvId }) => rsvId),
    { ids: ids.sort().reverse(), filter: { guestId: "lister" }, other: { guestId: "kim" } },
  );
});
