// The six services in one process, on a real PostgreSQL, a file of SQLite and NATS, without proxies between them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NoticeKind, NoticeServiceService } from "#gen/proto/stay/notice/v1/notice.ts";
import { PaymentServiceService, PromotionState } from "#gen/proto/stay/payment/v1/payment.ts";
import { GrantState, PromotionServiceService } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { Reservation, ReservationServiceService } from "#gen/proto/stay/reservation/v1/reservation.ts";
import { Room, RoomServiceService, RoomStatus } from "#gen/proto/stay/room/v1/room.ts";
import { RoomInfoServiceService } from "#gen/proto/stay/roominfo/v1/roominfo.ts";
import { PaymentStatus, PromotionService, ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import { Code } from "#mesh/service/codes.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { onceStale } from "#mesh/testing/placed-service.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import {
  startNotice,
  startPayment,
  startPromotion,
  startReservation,
  startRoom,
  startRoominfo,
  type WithSql,
} from "./in-process.ts";
import { violations } from "./invariants.ts";

const { createReservation, payReservation, cancelReservation, getReservation } = ReservationServiceService;

const servers = useServers();
let folder: string;
let reservation: WithSql;
let payment: WithSql;
let promotion: WithSql;
let room: WithSql;
let notice: WithSql;
let roominfo: WithSql;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mesh-stay-"));
  const place = () => servers.place("stay");
  promotion = await startPromotion({ ...place(), url: `file:${folder}/promotion.db` });
  payment = await startPayment(place(), promotion.target);
  reservation = await startReservation(place(), payment.target);
  [room, notice, roominfo] = await Promise.all([startRoom(place()), startNotice(place()), startRoominfo(place())]);
});

afterAll(async () => {
  for (const service of [reservation, payment, promotion, room, notice, roominfo]) await service?.stop();
  rmSync(folder, { recursive: true, force: true });
});

let rooms = 0;

/** A room that reservation has heard of. */
async function roomAt(price: bigint): Promise<bigint> {
  rooms += 1;
  const request = { room: Room.fromPartial({ roomName: `room ${rooms}`, price }) };
  const { response } = await room.caller.call(RoomServiceService.createRoom, request);
  const roomId = response?.roomId ?? 0n;
  await eventually(
    async () => (await reservation.sql.query("SELECT 1 FROM room_copy WHERE room_id = $1", [roomId])).rows.length === 1,
  );
  return roomId;
}

const reserve = (roomId: bigint, customerId = "kim") => {
  const wish = Reservation.fromPartial({ roomId, customerId, customerName: "Kim" });
  return reservation.caller.call(createReservation, { reservation: wish });
};

async function reserved(price: bigint): Promise<bigint> {
  const { response } = await reserve(await roomAt(price));
  if (!response) throw new Error("the reservation was refused");
  return response.reservationNumber;
}

const pay = (reservationNumber: bigint) => reservation.caller.call(payReservation, { reservationNumber });
const cancel = (reservationNumber: bigint) => reservation.caller.call(cancelReservation, { reservationNumber });
const pageOf = async (reservationNumber: bigint) =>
  (await roominfo.caller.call(RoomInfoServiceService.getRoomInfo, { reservationNumber })).response;

/** Waits until P1 to P5 hold. */
async function untilQuiet(): Promise<void> {
  const databases = {
    reservation: reservation.sql,
    payment: payment.sql,
    promotion: promotion.sql,
    room: room.sql,
    notice: notice.sql,
    roominfo: roominfo.sql,
  };
  await eventually(async () => {
    expect(await violations(databases)).toEqual([]);
    return true;
  });
}

describe("a stay", () => {
  it("is reserved, paid and rewarded, and everybody sees it", async () => {
    const reservationNumber = await reserved(100_000n);
    const paid = await pay(reservationNumber);
    expect(paid.response).toMatchObject({
      paymentPrice: 100_000n,
      reserveStatus: ReserveStatus.RESERVE_STATUS_PAYMENT_COMPLETED,
      promotionDeferred: false,
    });
    await untilQuiet();
    const { response } = await reservation.caller.call(getReservation, { reservationNumber });
    expect(response).toMatchObject({
      reserveStatus: ReserveStatus.RESERVE_STATUS_PAYMENT_COMPLETED,
      promotionService: PromotionService.PROMOTION_SERVICE_DISCOUNT_COUPON,
      point: 10_000n,
    });
    const page = await eventually(async () => {
      const found = await pageOf(reservationNumber);
      return found?.roomName !== "" && found; // The room's name has a way of its own.
    });
    expect(page).toMatchObject({
      reserveStatus: ReserveStatus.RESERVE_STATUS_PROMOTION,
      paymentStatus: PaymentStatus.PAYMENT_STATUS_PAID,
      service: PromotionService.PROMOTION_SERVICE_DISCOUNT_COUPON,
      point: 10_000n,
      couponId: response?.couponId,
      paymentId: response?.paymentId,
      customerName: "Kim",
      roomName: `room ${rooms}`,
    });
    expect(await pay(reservationNumber)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "ALREADY_PAID" });
  });

  it.each([
    [1n, "NONE", 0n],
    [9n, "NONE", 0n],
    [49_999n, "NONE", 4_999n],
    [50_000n, "BEVERAGE", 5_000n],
    [99_999n, "BEVERAGE", 9_999n],
    [100_000n, "DISCOUNT_COUPON", 10_000n],
  ] as const)("at %i won brings %s and %i points", async (price, service, point) => {
    const reservationNumber = await reserved(price);
    expect((await pay(reservationNumber)).code).toBe(Code.OK);
    const { response } = await promotion.caller.call(PromotionServiceService.listPromotions, { pageSize: 1 });
    expect(response?.promotions).toMatchObject([
      { reservationNumber, paymentPrice: price, point, service: PromotionService[`PROMOTION_SERVICE_${service}`] },
    ]);
  });

  it("is cancelled with its payment and its promotion, and the room is free again", async () => {
    const reservationNumber = await reserved(50_000n);
    await pay(reservationNumber);
    const { response } = await cancel(reservationNumber);
    expect(response).toMatchObject({ reserveStatus: ReserveStatus.RESERVE_STATUS_CANCELLED, couponId: 0n, point: 0n });
    await untilQuiet();
    expect(await pageOf(reservationNumber)).toMatchObject({
      reserveStatus: ReserveStatus.RESERVE_STATUS_CANCELLED,
      paymentStatus: PaymentStatus.PAYMENT_STATUS_CANCELLED,
      service: PromotionService.PROMOTION_SERVICE_NONE,
      point: 0n,
    });
    const { response: list } = await notice.caller.call(NoticeServiceService.listNotices, {
      customerId: "kim",
      pageSize: 1000,
    });
    const kinds = list?.notices.filter((each) => each.reservationNumber === reservationNumber).map(({ kind }) => kind);
    expect(kinds?.sort()).toEqual([
      NoticeKind.NOTICE_KIND_RESERVATION_PLACED,
      NoticeKind.NOTICE_KIND_RESERVATION_CANCELLED,
      NoticeKind.NOTICE_KIND_PROMOTION_SAVED,
      NoticeKind.NOTICE_KIND_PROMOTION_REVOKED,
    ]);
    expect(await cancel(reservationNumber)).toMatchObject({ reason: "RESERVATION_CANCELLED" });
    expect(await pay(reservationNumber)).toMatchObject({ reason: "RESERVATION_CANCELLED" });
    const roomId = response?.roomId ?? 0n;
    const free = await room.caller.call(RoomServiceService.getRoom, { roomId });
    expect(free.response?.roomStatus).toBe(RoomStatus.ROOM_STATUS_AVAILABLE);
    expect((await reserve(roomId)).code).toBe(Code.OK);
    await untilQuiet();
  });

  it("that is cancelled before it was paid can never be paid", async () => {
    const reservationNumber = await reserved(50_000n);
    expect((await cancel(reservationNumber)).code).toBe(Code.OK);
    const bill = { reservationNumber, customerId: "kim", customerName: "Kim", paymentPrice: 50_000n };
    expect(await payment.caller.call(PaymentServiceService.completePayment, bill)).toMatchObject({
      reason: "PAYMENT_CANCELLED",
    });
    await untilQuiet();
  });
});

describe("fifty customers and one room", () => {
  it("has exactly one winner", async () => {
    const roomId = await roomAt(10_000n);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => reserve(roomId, `customer-${index}`)));
    expect(answers.filter(({ code }) => code === Code.OK)).toHaveLength(1);
    const refused = answers.filter(({ code }) => code !== Code.OK).map(({ code, reason }) => `${code} ${reason}`);
    expect(new Set(refused)).toEqual(new Set([`${Code.FAILED_PRECONDITION} ROOM_RESERVED`]));
    await untilQuiet();
  });
});

describe("paying and cancelling at once", () => {
  it("ends in one of the two, never half", async () => {
    const numbers = await Promise.all(Array.from({ length: 8 }, () => reserved(60_000n)));
    const { RESERVE_STATUS_PAYMENT_COMPLETED, RESERVE_STATUS_CANCELLED } = ReserveStatus;
    await Promise.all(
      numbers.map(async (reservationNumber) => {
        const [paid, cancelled] = await Promise.all([pay(reservationNumber), cancel(reservationNumber)]);
        expect([paid.code, cancelled.code]).toContain(Code.OK);
        if (paid.code !== Code.OK) expect(paid.reason).toBe("RESERVATION_CANCELLED");
        if (cancelled.code !== Code.OK) expect(cancelled.reason).toBe("PAYMENT_IN_PROGRESS");
        const { response } = await reservation.caller.call(getReservation, { reservationNumber });
        const isCancelled = cancelled.code === Code.OK;
        expect(response?.reserveStatus).toBe(isCancelled ? RESERVE_STATUS_CANCELLED : RESERVE_STATUS_PAYMENT_COMPLETED);
      }),
    );
    await untilQuiet();
  });
});

describe("while others are away", () => {
  it("pays without promotion, which follows when it is back", async () => {
    const { url, target } = promotion;
    await promotion.stop();
    const reservationNumber = await reserved(100_000n);
    const { response } = await pay(reservationNumber);
    expect(response).toMatchObject({
      reserveStatus: ReserveStatus.RESERVE_STATUS_PAYMENT_COMPLETED,
      promotionDeferred: true,
      couponId: 0n,
    });
    const paymentId = response?.paymentId ?? 0n;
    expect(await payment.caller.call(PaymentServiceService.requestPromotion, { paymentId })).toMatchObject({
      code: Code.UNAVAILABLE,
      reason: "PROMOTION_UNAVAILABLE",
      retryAfterMs: 3000,
    });
    promotion = await startPromotion({
      ...servers.place("stay"),
      url,
      settings: { ...servers.place("stay").settings, listen: target },
    });
    await onceStale(payment, ["payment", "payment_id", paymentId], async () => {
      const found = await payment.caller.call(PaymentServiceService.getPayment, { paymentId });
      return found.response?.promotionState === PromotionState.PROMOTION_STATE_GRANTED;
    });
    await untilQuiet();
    const { response: list } = await promotion.caller.call(PromotionServiceService.listPromotions, { paymentId });
    expect(list?.promotions).toMatchObject([{ paymentId, state: GrantState.GRANT_STATE_GRANTED, point: 10_000n }]);
    const after = await reservation.caller.call(getReservation, { reservationNumber });
    expect(after.response).toMatchObject({ promotionDeferred: false, point: 10_000n });
    expect(await payment.caller.call(PaymentServiceService.requestPromotion, { paymentId })).toMatchObject({
      code: Code.ALREADY_EXISTS,
      reason: "PROMOTION_ALREADY_GRANTED",
    });
  });

  it("reserves and pays while room, notice and roominfo are, which catch up", async () => {
    const roomId = await roomAt(70_000n);
    for (const service of [room, notice, roominfo]) await service.stop();
    const { response } = await reserve(roomId);
    expect((await pay(response?.reservationNumber ?? 0n)).code).toBe(Code.OK);
    const settings = servers.place("stay").settings;
    room = await startRoom({ url: room.url, settings });
    notice = await startNotice({ url: notice.url, settings });
    roominfo = await startRoominfo({ url: roominfo.url, settings });
    await untilQuiet();
  });

  it("notes a payment and finishes it when payment is back", async () => {
    const { url, target } = payment;
    const [paying, cancelling] = [await reserved(80_000n), await reserved(90_000n)];
    expect((await pay(cancelling)).code).toBe(Code.OK);
    await payment.stop();
    for (const answer of [await pay(paying), await cancel(cancelling)]) {
      expect(answer).toMatchObject({ code: Code.UNAVAILABLE, reason: "PAYMENT_UNAVAILABLE" });
    }
    expect(await cancel(paying)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "PAYMENT_IN_PROGRESS" });
    payment = await startPayment(
      { url, settings: { ...servers.place("stay").settings, listen: target } },
      promotion.target,
    );
    const { RESERVE_STATUS_PAYMENT_COMPLETED, RESERVE_STATUS_CANCELLED } = ReserveStatus;
    const ends = [
      [paying, RESERVE_STATUS_PAYMENT_COMPLETED],
      [cancelling, RESERVE_STATUS_CANCELLED],
    ] as const;
    for (const [reservationNumber, end] of ends) {
      await onceStale(reservation, ["reservation", "reservation_number", reservationNumber], async () => {
        const { response } = await reservation.caller.call(getReservation, { reservationNumber });
        return response?.reserveStatus === end;
      });
    }
    await untilQuiet();
  });
});

it("shows a payment's promotion as granted in the end", async () => {
  const reservationNumber = await reserved(50_000n);
  const { response } = await pay(reservationNumber);
  const found = await payment.caller.call(PaymentServiceService.getPayment, { paymentId: response?.paymentId ?? 0n });
  expect(found.response).toMatchObject({
    promotionState: PromotionState.PROMOTION_STATE_GRANTED,
    paymentStatus: PaymentStatus.PAYMENT_STATUS_PAID,
  });
});
