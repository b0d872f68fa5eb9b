// What each service makes of events that come twice, in the wrong order, before their predecessors, and after it was away.
import { describe, expect, it } from "vitest";
import { PaymentApproved, PaymentCancelled } from "#gen/proto/bnb/payment/v1/events.ts";
import { PaymentServiceService, PaymentStatus } from "#gen/proto/bnb/payment/v1/payment.ts";
import {
  CancelReason,
  ReservationCancelled,
  ReservationCancelRequested,
  ReservationConfirmed,
} from "#gen/proto/bnb/reservation/v1/events.ts";
import {
  RejectReason,
  ReviewCreated,
  ReviewDeleted,
  RoomCancelled,
  RoomDeleted,
  RoomModified,
  RoomRegistered,
  RoomReserved,
  RoomReserveRejected,
} from "#gen/proto/bnb/room/v1/events.ts";
import { RoomStatus } from "#gen/proto/bnb/room/v1/room.ts";
import { RoomViewServiceService } from "#gen/proto/bnb/viewpage/v1/viewpage.ts";
import { event } from "#mesh/service/event.ts";
import { present } from "#mesh/service/present.ts";
import { rowsOf, untilHeard } from "#mesh/testing/placed-service.ts";
import { occurred } from "#mesh/testing/publish-event.ts";
import { caughtUp, thousandEvents, withReplicas } from "#mesh/testing/replicas.ts";
import { type SystemPlace, useServers } from "#mesh/testing/use-servers.ts";
import { startMessage, startPayment, startReservation, startRoom, startViewpage, type WithSql } from "./in-process.ts";

const { ROOM_STATUS_AVAILABLE, ROOM_STATUS_RESERVED, ROOM_STATUS_DELETED } = RoomStatus;
const { PAYMENT_STATUS_APPROVED, PAYMENT_STATUS_CANCELLED } = PaymentStatus;
const types = {
  registered: event("bnb.room.v1.RoomRegistered", RoomRegistered),
  modified: event("bnb.room.v1.RoomModified", RoomModified),
  deleted: event("bnb.room.v1.RoomDeleted", RoomDeleted),
  reserved: event("bnb.room.v1.RoomReserved", RoomReserved),
  freed: event("bnb.room.v1.RoomCancelled", RoomCancelled),
  rejected: event("bnb.room.v1.RoomReserveRejected", RoomReserveRejected),
  reviewed: event("bnb.room.v1.ReviewCreated", ReviewCreated),
  unreviewed: event("bnb.room.v1.ReviewDeleted", ReviewDeleted),
  confirmed: event("bnb.reservation.v1.ReservationConfirmed", ReservationConfirmed),
  cancelRequested: event("bnb.reservation.v1.ReservationCancelRequested", ReservationCancelRequested),
  cancelled: event("bnb.reservation.v1.ReservationCancelled", ReservationCancelled),
  approved: event("bnb.payment.v1.PaymentApproved", PaymentApproved),
  paidBack: event("bnb.payment.v1.PaymentCancelled", PaymentCancelled),
};

const servers = useServers();
const nowhere = { room: "127.0.0.1:1", payment: "127.0.0.1:1" };

const idOf = (kind: number, id: bigint) => `${kind}0000000-0000-7000-8000-${String(id).padStart(12, "0")}`;
const roomOf = (id: bigint) => idOf(1, id);
const stayOf = (id: bigint) => idOf(2, id);
const payOf = (id: bigint) => idOf(3, id);

/** What happens to reservation `id`, the `seq`th of its room. */
function lifeOf(id: bigint, { room = id, seq = 1n } = {}) {
  const [rsvId, roomId, payId] = [stayOf(id), roomOf(room), payOf(id)];
  const stay = { rsvId, roomId, guestId: "kim", roomSeq: seq };
  const paid = { payId, rsvId, roomId, amount: 1_000n };
  const about = (aggregateVersion: bigint) => ({ aggregateId: rsvId, aggregateVersion });
  const ofPayment = (aggregateVersion: bigint) => ({ aggregateId: payId, aggregateVersion, correlationId: rsvId });
  const ofRoom = (aggregateVersion: bigint) => ({ aggregateId: roomId, aggregateVersion, correlationId: rsvId });
  const reason = CancelReason.CANCEL_REASON_GUEST;
  const rejectReason = RejectReason.REJECT_REASON_ROOM_DELETED;
  return {
    approved: occurred(types.approved, { ...paid, status: PAYMENT_STATUS_APPROVED }, ofPayment(1n)),
    confirmed: occurred(types.confirmed, { ...stay, price: 1_000n, payId }, about(2n)),
    reserved: occurred(types.reserved, { roomId, rsvId, status: ROOM_STATUS_RESERVED }, ofRoom(2n)),
    rejected: occurred(types.rejected, { roomId, rsvId, reason: rejectReason }, ofRoom(2n)),
    cancelRequested: occurred(types.cancelRequested, { ...stay, payId, reason }, about(3n)),
    paidBack: occurred(types.paidBack, { ...paid, status: PAYMENT_STATUS_CANCELLED }, ofPayment(2n)),
    cancelled: occurred(types.cancelled, stay, about(4n)),
    freed: occurred(types.freed, { roomId, rsvId, status: ROOM_STATUS_AVAILABLE }, ofRoom(3n)),
  };
}

/** What else happens to room `id`. */
function roomLifeOf(id: bigint) {
  const roomId = roomOf(id);
  const room = { roomId, desc: "House", price: 1_000n, status: ROOM_STATUS_AVAILABLE, version: 1n };
  const review = { reviewId: idOf(4, id), roomId, content: "좋아요" };
  const about = (aggregateVersion: bigint) => ({ aggregateId: roomId, aggregateVersion });
  return {
    registered: occurred(types.registered, room, about(1n)),
    reviewed: occurred(types.reviewed, { ...review, reviewCnt: 1, lastReview: "좋아요" }, about(4n)),
    modified: occurred(types.modified, { ...room, desc: "Sea view", version: 5n }, about(5n)),
    unreviewed: occurred(types.unreviewed, { ...review, reviewCnt: 0, lastReview: "" }, about(6n)),
    deleted: occurred(types.deleted, { ...room, status: ROOM_STATUS_DELETED, version: 7n }, about(7n)),
  };
}

describe("room", () => {
  it("ends the same whichever way events come", async () => {
    const where = await servers.placeApart();
    await using room = await startRoom(where);
    const insert = "INSERT INTO room (room_id, \"desc\", price, host_id, status) VALUES ($1, 'House', 1, '', $2)";
    for (const id of [1n, 2n, 3n, 4n, 6n]) await room.sql.query(insert, [roomOf(id), "AVAILABLE"]);
    await room.sql.query(insert, [roomOf(5n), "DELETED"]);
    const [kept, given, back, first, second, late, early, old, young] = [
      lifeOf(1n),
      lifeOf(2n),
      lifeOf(3n),
      lifeOf(4n),
      lifeOf(14n, { room: 4n, seq: 2n }),
      lifeOf(5n),
      lifeOf(15n, { room: 5n, seq: 2n }),
      lifeOf(6n),
      lifeOf(16n, { room: 6n, seq: 2n }),
    ];
    // Of a room that is gone: one is told, the other is over before it is heard of. Told at once, they are heard in any order.
    for (const [index, heard] of [late.confirmed, early.cancelled].entries()) {
      await servers.publish(where, [heard]);
      await untilHeard(room, index + 1);
    }
    await servers.publish(where, [
      ...[kept.confirmed, kept.confirmed],
      ...[given.confirmed, given.cancelled, given.cancelled, given.confirmed],
      ...[back.cancelled, back.confirmed],
      // The second reservation has the room already when the first one's cancel arrives.
      ...[second.confirmed, first.confirmed, first.cancelled],
      ...[early.confirmed, late.confirmed],
      ...[young.cancelled, young.confirmed, old.cancelled, old.confirmed],
    ]);
    await untilHeard(room, 15);
    expect(await rowsOf(room, "SELECT right(room_id::text, 1), status, rsv_id FROM room ORDER BY 1")).toEqual([
      ["1", "RESERVED", stayOf(1n)],
      ["2", "AVAILABLE", null],
      ["3", "AVAILABLE", null],
      ["4", "RESERVED", stayOf(14n)],
      ["5", "DELETED", null],
      ["6", "AVAILABLE", null],
    ]);
    const stays = "SELECT right(rsv_id::text, 2) FROM confirmed_stay WHERE NOT cancelled ORDER BY 1";
    expect((await rowsOf(room, stays)).flat()).toEqual(["01", "05", "14"]);
    const told = "SELECT payload::json ->> 'rsvId' FROM mesh.outbox WHERE subject = 'room.RoomReserveRejected'";
    expect(await rowsOf(room, told)).toEqual([[stayOf(5n)]]);
  });
});

/** Writes reservations 1 to `count` in a state, before the service hears of anything. */
async function withReservations(url: string, count: number, status: string): Promise<void> {
  await using quiet = await startReservation({ url }, nowhere);
  await quiet.sql.query(
    `INSERT INTO reservation (rsv_id, room_id, guest_id, room_seq, status, pay_id)
     SELECT ('20000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, gen_random_uuid(), 'kim', 1,
       $1::reservation_status, gen_random_uuid() FROM generate_series(1, $2::int) n`,
    [status, count],
  );
}

describe("reservation", () => {
  it("is over once, however often it hears that the money is back, and that the room is gone", async () => {
    const where = await servers.placeApart();
    await withReservations(where.url, 3, "CANCEL_REQUESTED");
    await using reservation = await startReservation(where, nowhere);
    await reservation.sql.query("UPDATE reservation SET status = 'CONFIRMED' WHERE rsv_id = $1", [stayOf(3n)]);
    const [twice, gone, rejected, unknown] = [lifeOf(1n), lifeOf(2n), lifeOf(3n), lifeOf(99n)];
    await servers.publish(where, [
      ...[twice.paidBack, twice.paidBack],
      ...[gone.paidBack, gone.rejected],
      ...[rejected.rejected, rejected.rejected],
      ...[unknown.rejected, unknown.paidBack],
    ]);
    await untilHeard(reservation, 6);
    expect(await rowsOf(reservation, "SELECT right(rsv_id::text, 1), status FROM reservation ORDER BY 1")).toEqual([
      ["1", "CANCELLED"],
      ["2", "CANCELLED"],
      ["3", "CANCEL_REQUESTED"],
    ]);
    expect(await rowsOf(reservation, "SELECT subject, aggregate_id FROM mesh.outbox ORDER BY aggregate_id")).toEqual([
      ["reservation.ReservationCancelled", stayOf(1n)],
      ["reservation.ReservationCancelled", stayOf(2n)],
      ["reservation.ReservationCancelRequested", stayOf(3n)],
    ]);
  });
});

describe("payment", () => {
  it("pays back once, also what it is asked for only afterwards", async () => {
    const where = await servers.placeApart();
    await using payment = await startPayment(where);
    const { approvePayment } = PaymentServiceService;
    const approve = (id: bigint) =>
      payment.caller.call(approvePayment, { rsvId: stayOf(id), roomId: roomOf(id), guestId: "kim", amount: 1_000n });
    expect((await approve(1n)).code).toBe(0);
    const [paid, again, unpaid] = [lifeOf(1n), lifeOf(1n), lifeOf(2n)].map((life) => life.cancelRequested);
    await servers.publish(where, [paid, paid, again, unpaid, unpaid].map(present));
    await untilHeard(payment, 3);
    expect(await approve(2n)).toMatchObject({ reason: "PAYMENT_CANCELLED", domain: "payment.bnb" });
    const payments = "SELECT right(rsv_id::text, 1), status, amount FROM payment ORDER BY 1";
    expect(await rowsOf(payment, payments)).toEqual([
      ["1", "CANCELLED", "1000"],
      ["2", "CANCELLED", "0"],
    ]);
    expect(await rowsOf(payment, "SELECT subject, count(*)::int FROM mesh.outbox GROUP BY 1 ORDER BY 1")).toEqual([
      ["payment.PaymentApproved", 1],
      ["payment.PaymentCancelled", 2],
    ]);
  });
});

describe("message", () => {
  it("sends one message for a change, with three replicas and everything twice and backwards", async () => {
    const lives = Array.from({ length: 150 }, (_, index) => lifeOf(BigInt(index + 1)));
    const backwards = [...lives.map((life) => life.cancelled), ...lives.map((life) => life.confirmed)];
    const counts =
      "SELECT kind, count(*)::int, count(DISTINCT rsv_id)::int, min(recipient) FROM message GROUP BY kind ORDER BY kind";
    const sent = await caughtUp(servers, startMessage, [...backwards, ...backwards], (one) => rowsOf(one, counts));
    expect(sent).toEqual([
      ["RESERVED", 150, 150, "kim"],
      ["CANCELLED", 150, 150, "kim"],
    ]);
  });

  it("refuses a second message of a kind in the database", async () => {
    await using message = await startMessage(await servers.placeApart());
    const insert = () =>
      message.sql.query(
        `INSERT INTO message (msg_id, rsv_id, room_id, recipient, kind, content)
         VALUES (gen_random_uuid(), $1, $1, '', 'RESERVED', '')`,
        [stayOf(1n)],
      );
    await insert();
    await expect(insert()).rejects.toThrow("message_rsv_id_kind_key");
  });
});

describe("the page of a room", () => {
  /** A whole life: reserved, reviewed, changed, cancelled, and reserved again. */
  function eventsOf(id: bigint) {
    const [room, first, second] = [roomLifeOf(id), lifeOf(id), lifeOf(1_000n + id, { room: id, seq: 2n })];
    return [
      ...[room.registered, first.approved, first.confirmed, first.reserved],
      ...[first.cancelRequested, first.paidBack, first.cancelled, first.freed],
      ...[room.reviewed, room.modified, room.unreviewed, second.approved, second.confirmed],
    ];
  }

  async function pageOf(view: WithSql, id: bigint) {
    const { response } = await view.caller.call(RoomViewServiceService.getRoomView, { roomId: roomOf(id) });
    return response;
  }

  const orders: [string, (events: ReturnType<typeof eventsOf>) => ReturnType<typeof eventsOf>][] = [
    ["in order", (events) => events],
    ["reversed", (events) => events.toReversed()],
    ["twice", (events) => [...events, ...events]],
    ["with its successors first", (events) => [...events.slice(7), ...events.slice(0, 7)]],
  ];

  it("comes out the same whichever way events come, and goes with its room", async () => {
    const where = await servers.placeApart();
    const all = orders.flatMap(([, arrange], index) => arrange(eventsOf(BigInt(index + 1))));
    const gone = [roomLifeOf(9n).deleted, roomLifeOf(9n).registered, roomLifeOf(9n).modified];
    await servers.publish(where, [...all, ...gone]);
    await withReplicas(
      () => startViewpage(where),
      async ([view]) => {
        await untilHeard(view, 4 * 13 + 3);
        for (const [index] of orders.entries()) {
          const id = BigInt(index + 1);
          expect(await pageOf(view, id)).toMatchObject({
            ...{ desc: "Sea view", price: 1_000n, roomStatus: ROOM_STATUS_AVAILABLE, reviewCnt: 0, lastReview: "" },
            ...{ rsvId: stayOf(1_000n + id), payId: payOf(1_000n + id), payStatus: PAYMENT_STATUS_APPROVED },
          });
        }
        expect(await pageOf(view, 9n)).toBeUndefined();
        const { response } = await view.caller.call(RoomViewServiceService.listRoomViews, {});
        expect(response?.roomViews.map(({ roomId }) => roomId)).toEqual([4n, 3n, 2n, 1n].map(roomOf));
      },
    );
  });
});

const prepared = new Map<string, Promise<void>>();

/** Reservation with a thousand cancels that wait for their money, as its three replicas find it. */
async function startAfterCancels(place: SystemPlace): Promise<WithSql> {
  const preparing = prepared.get(place.url) ?? withReservations(place.url, 1000, "CANCEL_REQUESTED");
  prepared.set(place.url, preparing);
  await preparing;
  return startReservation(place, nowhere);
}

thousandEvents(servers, [
  [
    "room",
    startRoom,
    (id) => lifeOf(id).confirmed,
    "SELECT count(*)::int FROM mesh.outbox WHERE subject = 'room.RoomReserveRejected'",
  ],
  [
    "reservation",
    startAfterCancels,
    (id) => lifeOf(id).paidBack,
    "SELECT count(*)::int FROM mesh.outbox WHERE subject = 'reservation.ReservationCancelled'",
  ],
  [
    "payment",
    (place) => startPayment(place),
    (id) => lifeOf(id).cancelRequested,
    "SELECT count(*)::int FROM mesh.outbox WHERE subject = 'payment.PaymentCancelled'",
  ],
  ["message", startMessage, (id) => lifeOf(id).confirmed, "SELECT count(*)::int FROM message"],
  ["viewpage", startViewpage, (id) => roomLifeOf(id).registered, "SELECT count(*)::int FROM room_view"],
]);
