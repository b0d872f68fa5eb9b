// What each consumer relies on, checked against what the provider really does: events as they lie in the provider's outbox, payment's
// answers to reservation, and promotion's to payment. A field that a provider stops filling, or a refusal that it adds, fails here and not
// in production.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PaymentServiceService, PromotionState } from "#gen/proto/stay/payment/v1/payment.ts";
import { GrantState, PromotionServiceService } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { Reservation, ReservationServiceService } from "#gen/proto/stay/reservation/v1/reservation.ts";
import { Room, RoomServiceService } from "#gen/proto/stay/room/v1/room.ts";
import { PaymentStatus, PromotionService } from "#gen/proto/stay/type/v1/type.ts";
import { Code } from "#mesh/service/codes.ts";
import { eventContracts, anId as id } from "#mesh/testing/event-contracts.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { rowsOf } from "#mesh/testing/placed-service.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { paymentLimit, startPayment, startPromotion, startReservation, startRoom, type WithSql } from "./in-process.ts";
import { policies as noticePolicies } from "./notice/policies.ts";
import { promotionFailures } from "./payment/errors.ts";
import { policies as paymentPolicies } from "./payment/policies.ts";
import { policies as promotionPolicies } from "./promotion/policies.ts";
import { paymentFailures } from "./reservation/errors.ts";
import { policies as reservationPolicies } from "./reservation/policies.ts";
import { policies as roomPolicies } from "./room/policies.ts";
import { policies as roominfoPolicies } from "./roominfo/policies.ts";

const servers = useServers();
let folder: string;
let reservation: WithSql;
let payment: WithSql;
let promotion: WithSql;
let room: WithSql;

/** A room is registered, reserved, paid and cancelled. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mesh-stay-"));
  const place = () => servers.place("stay");
  promotion = await startPromotion({ ...place(), url: `file:${folder}/promotion.db` });
  payment = await startPayment(place(), promotion.target);
  reservation = await startReservation(place(), payment.target);
  room = await startRoom(place());
  const { response } = await room.caller.call(RoomServiceService.createRoom, {
    room: Room.fromPartial({ roomName: "Suite", price: 150_000n }),
  });
  const wish = { roomId: response?.roomId ?? 0n, customerId: "kim", customerName: "Kim" };
  const { createReservation, payReservation, cancelReservation } = ReservationServiceService;
  const { reservationNumber } = await eventually(
    async () =>
      (await reservation.caller.call(createReservation, { reservation: Reservation.fromPartial(wish) })).response,
  );
  expect((await reservation.caller.call(payReservation, { reservationNumber })).code).toBe(Code.OK);
  expect((await reservation.caller.call(cancelReservation, { reservationNumber })).code).toBe(Code.OK);
  await eventually(
    async () => (await rowsOf(promotion, "SELECT 1 FROM promotion WHERE state = 'REVOKED'")).length === 1,
  );
  await eventually(async () => (await rowsOf(room, "SELECT 1 FROM room WHERE version = 3")).length === 1);
});

afterAll(async () => {
  for (const service of [reservation, payment, promotion, room]) await service?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const customer = { customerId: "kim", customerName: "Kim", paymentPrice: "150000" };
const placed = { reservationNumber: id, roomId: id, ...customer };
const paid = { paymentId: id, reservationNumber: id, paymentPrice: "150000" };
const gift = { couponId: id, paymentId: id, reservationNumber: id };
const saved = { ...gift, service: "PROMOTION_SERVICE_DISCOUNT_COUPON", point: "15000" };
const aRoom = { roomId: id, roomName: "Suite", price: "150000", version: id };

eventContracts({
  providers: () => ({ reservation, payment, promotion, room }),
  consumers: {
    reservation: reservationPolicies,
    payment: paymentPolicies,
    promotion: promotionPolicies,
    room: roomPolicies,
    notice: noticePolicies,
    roominfo: roominfoPolicies,
  },
  expectations: [
    ["reservation", "room", "RoomRegistered", { ...aRoom, roomStatus: "ROOM_STATUS_AVAILABLE" }],
    ["reservation", "room", "RoomUpdated", aRoom],
    ["reservation", "promotion", "PromotionSaved", saved],
    ["promotion", "payment", "PaymentCancelled", { paymentId: id, reservationNumber: id }],
    ["room", "reservation", "ReservationPlaced", { reservationNumber: id, roomId: id }],
    ["room", "reservation", "ReservationCancelled", { reservationNumber: id, roomId: id }],
    ["notice", "reservation", "ReservationPlaced", { reservationNumber: id, customerId: "kim" }],
    ["notice", "reservation", "ReservationCancelled", { reservationNumber: id, customerId: "kim" }],
    ["notice", "promotion", "PromotionSaved", { ...saved, customerId: "kim" }],
    ["notice", "promotion", "PromotionRevoked", { reservationNumber: id }],
    ["roominfo", "room", "RoomRegistered", { roomId: id, roomName: "Suite", version: id }],
    ["roominfo", "room", "RoomUpdated", { roomId: id, roomName: "Suite", version: id }],
    ["roominfo", "reservation", "ReservationPlaced", placed],
    ["roominfo", "reservation", "ReservationCancelled", placed],
    ["roominfo", "payment", "PaymentCompleted", { ...paid, paymentStatus: "PAYMENT_STATUS_PAID" }],
    ["roominfo", "payment", "PaymentCancelled", { ...paid, paymentStatus: "PAYMENT_STATUS_CANCELLED" }],
    ["roominfo", "promotion", "PromotionSaved", { ...saved, ...customer, paymentStatus: "PAYMENT_STATUS_PAID" }],
    ["roominfo", "promotion", "PromotionRevoked", gift],
  ],
});

it("everything about a reservation carries its number as correlation id", async () => {
  const [[number]] = (await rowsOf(reservation, "SELECT reservation_number FROM reservation")) as [[string]];
  for (const service of [reservation, payment, promotion]) {
    const ids = await rowsOf(service, "SELECT DISTINCT correlation_id FROM mesh.outbox");
    expect(ids).toEqual([[number]]);
  }
});

describe("reservation relies on payment", () => {
  const { completePayment, cancelPayment } = PaymentServiceService;
  const bill = { customerId: "kim", customerName: "Kim", paymentPrice: 50_000n };
  const pay = (reservationNumber: bigint, paymentPrice = bill.paymentPrice) =>
    payment.caller.call(completePayment, { ...bill, reservationNumber, paymentPrice });
  const cancel = (reservationNumber: bigint) => payment.caller.call(cancelPayment, { reservationNumber });

  it("to pay once, to say whether the promotion is deferred, and to cancel what it has paid", async () => {
    const first = await pay(1001n);
    expect(first.response).toMatchObject({
      paymentStatus: PaymentStatus.PAYMENT_STATUS_PAID,
      promotionState: PromotionState.PROMOTION_STATE_GRANTED,
    });
    expect((await pay(1001n)).response?.paymentId).toBe(first.response?.paymentId);
    expect((await cancel(1001n)).response?.paymentStatus).toBe(PaymentStatus.PAYMENT_STATUS_CANCELLED);
    expect((await cancel(1001n)).code).toBe(Code.OK);
  });

  it("to remember a cancel that comes first, and to refuse by reasons that reservation knows", async () => {
    await cancel(1002n);
    const refusals = [await pay(1002n), await pay(1003n, paymentLimit + 1n)];
    for (const { code } of refusals) expect(code).toBe(Code.FAILED_PRECONDITION);
    expect(refusals.map(({ reason }) => reason).sort()).toEqual(Object.keys(paymentFailures.refusals ?? {}).sort());
  });
});

describe("payment relies on promotion", () => {
  const grant = (paymentId: bigint, paymentStatus: PaymentStatus = PaymentStatus.PAYMENT_STATUS_PAID) =>
    promotion.caller.call(PromotionServiceService.grantPromotion, {
      ...{ paymentId, reservationNumber: paymentId, customerId: "kim", customerName: "Kim", paymentPrice: 99_999n },
      paymentStatus,
    });

  it("to grant once", async () => {
    const first = await grant(5001n);
    expect(first.response).toMatchObject({
      paymentId: 5001n,
      state: GrantState.GRANT_STATE_GRANTED,
      service: PromotionService.PROMOTION_SERVICE_BEVERAGE,
      point: 9_999n,
    });
    expect(await grant(5001n)).toEqual(first);
  });

  it("to refuse by reasons that payment knows", async () => {
    const revoked = await rowsOf(promotion, "SELECT payment_id FROM promotion WHERE state = 'REVOKED'");
    const refusals = [
      await grant(5002n, PaymentStatus.PAYMENT_STATUS_UNPAID),
      await grant(BigInt(String(revoked[0]?.[0]))),
    ];
    for (const { code } of refusals) expect(code).toBe(Code.FAILED_PRECONDITION);
    expect(refusals.map(({ reason }) => reason).sort()).toEqual(Object.keys(promotionFailures.refusals ?? {}).sort());
  });
});
