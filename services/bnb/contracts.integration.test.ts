// What each consumer relies on, checked against what the provider really does: events as they lie in the provider's outbox, and the
// answers of room and payment to reservation. A field that a provider stops filling, or a refusal that it adds, fails here and not in
// production.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PaymentServiceService, PaymentStatus } from "#gen/proto/bnb/payment/v1/payment.ts";
import { ReservationConfirmed } from "#gen/proto/bnb/reservation/v1/events.ts";
import { Reservation, ReservationServiceService } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import { Review, ReviewServiceService } from "#gen/proto/bnb/room/v1/review.ts";
import { Room, RoomServiceService } from "#gen/proto/bnb/room/v1/room.ts";
import { Code } from "#mesh/service/codes.ts";
import { event } from "#mesh/service/event.ts";
import { eventContracts } from "#mesh/testing/event-contracts.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { published, rowsOf } from "#mesh/testing/placed-service.ts";
import { occurred } from "#mesh/testing/publish-event.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { startPayment, startReservation, startRoom, type WithSql } from "./in-process.ts";
import { policies as messagePolicies } from "./message/policies.ts";
import { policies as paymentPolicies } from "./payment/policies.ts";
import { paymentFailures, roomFailures } from "./reservation/errors.ts";
import { policies as reservationPolicies } from "./reservation/policies.ts";
import { policies as roomPolicies } from "./room/policies.ts";
import { policies as viewpagePolicies } from "./viewpage/policies.ts";

const { createRoom, updateRoom, deleteRoom, checkRoom } = RoomServiceService;
const { createReservation, cancelReservation } = ReservationServiceService;
const { createReview, updateReview, deleteReview } = ReviewServiceService;

const reservationConfirmed = event("bnb.reservation.v1.ReservationConfirmed", ReservationConfirmed);

const servers = useServers();
let room: WithSql;
let reservation: WithSql;
let payment: WithSql;
/** Rooms: one that was reserved and cancelled, one that was deleted. */
let used: string;
let deleted: string;

/** A room is registered, reserved, reviewed and cancelled; a card is declined; a room is deleted before it hears of its reservation. */
beforeAll(async () => {
  const place = () => servers.place("bnb");
  [room, payment] = await Promise.all([startRoom(place()), startPayment(place(), 5_000n)]);
  reservation = await startReservation(place(), { room: room.target, payment: payment.target });

  used = await newRoom(1_000n);
  const { rsvId } = await reserve(used);
  const review = (fields: Partial<Review>) => ({ review: Review.fromPartial({ guestId: "kim", ...fields }) });
  const { reviewId } = await eventually(
    async () => (await room.caller.call(createReview, review({ roomId: used, content: "좋아요" }))).response,
  );
  await room.caller.call(updateReview, review({ reviewId, content: "아주 좋아요" }));
  await room.caller.call(deleteReview, { reviewId, guestId: "kim" });
  await room.caller.call(updateRoom, { room: Room.fromPartial({ roomId: used, desc: "Sea view" }) });
  await reservation.caller.call(cancelReservation, { rsvId });
  expect(await reserve(await newRoom(6_000n))).toMatchObject({ reason: "PAYMENT_DECLINED" });

  // What a room hears that was deleted between its check and its reservation.
  deleted = await newRoom(1_000n);
  await room.caller.call(deleteRoom, { roomId: deleted });
  const stay = {
    rsvId: randomUUID(),
    roomId: deleted,
    guestId: "kim",
    price: 1_000n,
    payId: randomUUID(),
    roomSeq: 1n,
  };
  const about = { aggregateId: stay.rsvId, aggregateVersion: 2n };
  await servers.publish(servers.place("bnb"), [occurred(reservationConfirmed, stay, about)]);
  for (const name of ["RoomReserveRejected", "RoomCancelled"]) {
    await eventually(async () => (await published(room, name)).length > 0);
  }
});

afterAll(async () => {
  for (const service of [reservation, room, payment]) await service?.stop();
});

async function newRoom(price: bigint): Promise<string> {
  const { response } = await room.caller.call(createRoom, { room: Room.fromPartial({ desc: "House", price }) });
  return response?.roomId ?? "";
}

async function reserve(roomId: string) {
  const wish = Reservation.fromPartial({ roomId, guestId: "kim" });
  const { response, reason } = await reservation.caller.call(createReservation, { reservation: wish });
  return { rsvId: response?.rsvId ?? "", reason };
}

const id = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const roomSeq = expect.stringMatching(/^[1-9]\d*$/);
const stay = { rsvId: id, roomId: id, roomSeq };
const offer = { roomId: id, desc: expect.any(String), price: expect.stringMatching(/^\d+$/) };
const paid = (status: string) => ({ rsvId: id, payId: id, status });
const reviewed = { roomId: id, reviewCnt: expect.any(Number), lastReview: expect.any(String) };

eventContracts({
  providers: () => ({ room, reservation, payment }),
  consumers: {
    room: roomPolicies,
    reservation: reservationPolicies,
    payment: paymentPolicies,
    message: messagePolicies,
    viewpage: viewpagePolicies,
  },
  expectations: [
    ["room", "reservation", "ReservationConfirmed", { ...stay, guestId: "kim" }],
    ["room", "reservation", "ReservationCancelled", { ...stay, guestId: "kim" }],
    ["reservation", "payment", "PaymentCancelled", { rsvId: id }],
    ["reservation", "room", "RoomReserveRejected", { rsvId: id }],
    ["payment", "reservation", "ReservationCancelRequested", { rsvId: id }],
    ["message", "reservation", "ReservationConfirmed", { rsvId: id, roomId: id, guestId: "kim" }],
    ["message", "reservation", "ReservationCancelled", { rsvId: id, roomId: id, guestId: "kim" }],
    ["viewpage", "room", "RoomRegistered", { ...offer, status: "ROOM_STATUS_AVAILABLE" }],
    ["viewpage", "room", "RoomModified", { ...offer, status: expect.stringMatching(/^ROOM_STATUS_/) }],
    ["viewpage", "room", "RoomDeleted", { ...offer, status: "ROOM_STATUS_DELETED" }],
    ["viewpage", "room", "RoomReserved", { roomId: id, status: "ROOM_STATUS_RESERVED" }],
    ["viewpage", "room", "RoomCancelled", { roomId: id, status: "ROOM_STATUS_AVAILABLE" }],
    ["viewpage", "room", "ReviewCreated", { ...reviewed, reviewCnt: 1, lastReview: "좋아요" }],
    ["viewpage", "room", "ReviewModified", { ...reviewed, lastReview: "아주 좋아요" }],
    ["viewpage", "room", "ReviewDeleted", { roomId: id }],
    ["viewpage", "reservation", "ReservationConfirmed", stay],
    ["viewpage", "reservation", "ReservationCancelRequested", stay],
    ["viewpage", "reservation", "ReservationCancelled", stay],
    ["viewpage", "payment", "PaymentApproved", paid("PAYMENT_STATUS_APPROVED")],
    ["viewpage", "payment", "PaymentCancelled", paid("PAYMENT_STATUS_CANCELLED")],
    ["viewpage", "payment", "PaymentDeclined", paid("PAYMENT_STATUS_DECLINED")],
  ],
});

describe("events", () => {
  it("of a stay carry its id as correlation id, of a room the room's, with rising versions", async () => {
    const ofReservation = await rowsOf(
      reservation,
      "SELECT aggregate_id = correlation_id, aggregate_version FROM mesh.outbox ORDER BY position",
    );
    expect(ofReservation).toEqual([
      [true, "2"],
      [true, "3"],
      [true, "4"],
    ]);
    const ofRoom = "SELECT aggregate_version FROM mesh.outbox WHERE aggregate_id = $1 ORDER BY position";
    const versions = (await rowsOf(room, ofRoom, [used])).flat();
    expect(versions).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
    const correlated =
      "SELECT subject FROM mesh.outbox WHERE aggregate_id = $1 AND correlation_id <> aggregate_id ORDER BY position";
    expect((await rowsOf(room, correlated, [used])).flat()).toEqual(["room.RoomReserved", "room.RoomCancelled"]);
    const ofPayment = "SELECT count(*)::int FROM mesh.outbox WHERE correlation_id <> payload::json ->> 'rsvId'";
    expect(await rowsOf(payment, ofPayment)).toEqual([[0]]);
  });
});

describe("reservation relies on", () => {
  it("room to tell whether it can be had, and to know no deleted one", async () => {
    const check = (roomId: string) => room.caller.call(checkRoom, { roomId });
    expect((await check(used)).response).toEqual({ available: true, price: 1_000n });
    const unknown = [await check(deleted), await check(randomUUID())];
    for (const { code } of unknown) expect(code).toBe(Code.NOT_FOUND);
    const reasons = new Set(unknown.map(({ reason }) => reason));
    expect([...reasons]).toEqual(Object.keys(roomFailures.refusals ?? {}));
  });

  it("payment to take the money once, to pay it back, and to remember both", async () => {
    const { approvePayment, cancelPayment } = PaymentServiceService;
    const pay = (rsvId: string, amount: bigint) =>
      payment.caller.call(approvePayment, { rsvId, roomId: used, guestId: "kim", amount });
    const cancel = (rsvId: string) => payment.caller.call(cancelPayment, { rsvId });
    const [taken, tombstone, dear] = [randomUUID(), randomUUID(), randomUUID()];
    const first = await pay(taken, 1_000n);
    expect(first.response).toMatchObject({ rsvId: taken, amount: 1_000n, payId: id });
    expect(await pay(taken, 1_000n)).toEqual(first);
    expect((await cancel(taken)).response?.status).toBe(PaymentStatus.PAYMENT_STATUS_CANCELLED);
    expect((await cancel(taken)).code).toBe(Code.OK);
    expect((await cancel(tombstone)).response?.status).toBe(PaymentStatus.PAYMENT_STATUS_CANCELLED);
    const refusals = [await pay(tombstone, 1n), await pay(taken, 1_000n), await pay(dear, 6_000n), await pay(dear, 1n)];
    for (const { code } of refusals) expect(code).toBe(Code.FAILED_PRECONDITION);
    expect((await cancel(dear)).response?.status).toBe(PaymentStatus.PAYMENT_STATUS_DECLINED);
    const reasons = new Set(refusals.map(({ reason }) => reason));
    expect([...reasons].sort()).toEqual(Object.keys(paymentFailures.refusals ?? {}).sort());
  });
});
