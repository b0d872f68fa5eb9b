// What each service makes of events that come twice, in the wrong order, before their predecessors, and after it was away.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PaymentCancelled, PaymentCompleted } from "#gen/proto/stay/payment/v1/events.ts";
import { PromotionRevoked, PromotionSaved } from "#gen/proto/stay/promotion/v1/events.ts";
import { GrantState, PromotionServiceService } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { ReservationCancelled, ReservationPlaced } from "#gen/proto/stay/reservation/v1/events.ts";
import { RoomRegistered, RoomUpdated } from "#gen/proto/stay/room/v1/events.ts";
import { RoomStatus } from "#gen/proto/stay/room/v1/room.ts";
import { RoomInfoServiceService } from "#gen/proto/stay/roominfo/v1/roominfo.ts";
import { PaymentStatus, PromotionService, ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import type { StoredEvent } from "#mesh/service/envelope.ts";
import { event } from "#mesh/service/event.ts";
import { rowsOf, untilHeard, type WithSql } from "#mesh/testing/placed-service.ts";
import { occurred } from "#mesh/testing/publish-event.ts";
import { caughtUp, thousandEvents } from "#mesh/testing/replicas.ts";
import { type SystemPlace, useServers } from "#mesh/testing/use-servers.ts";
import { startNotice, startPromotion, startReservation, startRoom, startRoominfo } from "./in-process.ts";

const roomRegistered = event("stay.room.v1.RoomRegistered", RoomRegistered);
const roomUpdated = event("stay.room.v1.RoomUpdated", RoomUpdated);
const reservationPlaced = event("stay.reservation.v1.ReservationPlaced", ReservationPlaced);
const reservationCancelled = event("stay.reservation.v1.ReservationCancelled", ReservationCancelled);
const paymentCompleted = event("stay.payment.v1.PaymentCompleted", PaymentCompleted);
const paymentCancelled = event("stay.payment.v1.PaymentCancelled", PaymentCancelled);
const promotionSaved = event("stay.promotion.v1.PromotionSaved", PromotionSaved);
const promotionRevoked = event("stay.promotion.v1.PromotionRevoked", PromotionRevoked);

const servers = useServers();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mesh-stay-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const onFile = (place: SystemPlace) => startPromotion({ ...place, url: `file:${folder}/${place.settings.ns}.db` });
const nobody = "127.0.0.1:1";

/** What happens to reservation `id` of room `roomId`, whose payment is 1000 + id and whose coupon is 2000 + id. */
function lifeOf(id: bigint, roomId = id) {
  const customer = { customerId: "kim", customerName: "Kim", paymentPrice: 100_000n };
  const placed = { reservationNumber: id, roomId, ...customer };
  const paid = { paymentId: 1000n + id, reservationNumber: id, paymentPrice: 100_000n };
  const gift = { couponId: 2000n + id, paymentId: 1000n + id, reservationNumber: id };
  const about = (aggregateId: bigint, aggregateVersion: bigint) => ({
    aggregateId,
    aggregateVersion,
    correlationId: id,
  });
  return {
    placed: occurred(
      reservationPlaced,
      { ...placed, reserveStatus: ReserveStatus.RESERVE_STATUS_RESERVED },
      about(id, 1n),
    ),
    cancelled: occurred(
      reservationCancelled,
      { ...placed, reserveStatus: ReserveStatus.RESERVE_STATUS_CANCELLED },
      about(id, 5n),
    ),
    paid: occurred(
      paymentCompleted,
      { ...paid, paymentStatus: PaymentStatus.PAYMENT_STATUS_PAID },
      about(paid.paymentId, 1n),
    ),
    unpaid: occurred(
      paymentCancelled,
      { ...paid, paymentStatus: PaymentStatus.PAYMENT_STATUS_CANCELLED },
      about(paid.paymentId, 3n),
    ),
    saved: occurred(
      promotionSaved,
      {
        ...gift,
        ...customer,
        paymentStatus: PaymentStatus.PAYMENT_STATUS_PAID,
        service: PromotionService.PROMOTION_SERVICE_DISCOUNT_COUPON,
        point: 10_000n,
        reserveStatus: ReserveStatus.RESERVE_STATUS_PROMOTION,
      },
      about(gift.couponId, 1n),
    ),
    revoked: occurred(promotionRevoked, gift, about(gift.couponId, 2n)),
  };
}

function roomAt(version: bigint, roomId = 1n): StoredEvent {
  const room = { roomId, roomName: `name ${version}`, price: version * 1000n, version };
  const message = { ...room, roomStatus: RoomStatus.ROOM_STATUS_AVAILABLE };
  const about = { aggregateId: roomId, aggregateVersion: version };
  return version === 1n ? occurred(roomRegistered, message, about) : occurred(roomUpdated, message, about);
}

describe("reservation", () => {
  it("knows a room as it was told last, whichever way events come", async () => {
    const place = await servers.placeApart();
    await using reservation = await startReservation(place, nobody);
    const [first, second, third] = [roomAt(1n), roomAt(2n), roomAt(3n)];
    await servers.publish(place, [second, third, first, second, first, third]);
    await untilHeard(reservation, 3);
    expect(await rowsOf(reservation, "SELECT room_name, price, version FROM room_copy")).toEqual([
      ["name 3", "3000", "3"],
    ]);
  });

  it("takes what a promotion gives once, also before it knows that it is paid, and not after a cancel", async () => {
    const place = await servers.placeApart();
    await using reservation = await startReservation(place, nobody);
    await reservation.sql.query(
      `INSERT INTO reservation
         (reservation_number, room_id, customer_id, customer_name, payment_price, reserve_status, step_time)
       SELECT n, n, 'kim', 'Kim', 100000, status::reserve_status, now() + interval '1 hour'
       FROM (VALUES (1, 'PAYMENT_REQUESTED'), (2, 'CANCELLED'), (3, 'RESERVED'), (4, 'CANCEL_REQUESTED')) row (n, status)`,
    );
    const saved = [1n, 2n, 3n, 4n, 99n].map((id) => lifeOf(id).saved);
    await servers.publish(place, [...saved, ...saved]);
    await untilHeard(reservation, 5);
    const rows = "SELECT reservation_number, reserve_status, coupon_id, point, version FROM reservation ORDER BY 1";
    expect(await rowsOf(reservation, rows)).toEqual([
      ["1", "PAYMENT_COMPLETED", "2001", "10000", "2"],
      ["2", "CANCELLED", null, "0", "1"],
      ["3", "PAYMENT_COMPLETED", "2003", "10000", "2"],
      ["4", "CANCEL_REQUESTED", null, "0", "1"],
    ]);
  });
});

describe("room", () => {
  it("is reserved as long as a reservation of it stands, whichever way events come", async () => {
    const place = await servers.placeApart();
    await using room = await startRoom(place);
    await room.sql.query("INSERT INTO room (room_name, price) SELECT 'r', 1 FROM generate_series(1, 4)");
    const [stands, gone, backwards, again] = [lifeOf(1n), lifeOf(2n), lifeOf(3n), lifeOf(4n, 2n)];
    const [elsewhere] = [lifeOf(5n, 77n)];
    await servers.publish(place, [
      ...[stands.placed, stands.placed],
      // The next reservation of room 2 comes before the end of the one before.
      ...[again.placed, gone.placed, gone.cancelled],
      ...[backwards.cancelled, backwards.placed, backwards.cancelled],
      elsewhere.placed,
    ]);
    await untilHeard(room, 7);
    expect(await rowsOf(room, "SELECT room_id, room_status FROM room ORDER BY 1")).toEqual([
      ["1", "RESERVED"],
      ["2", "RESERVED"],
      ["3", "AVAILABLE"],
      ["4", "AVAILABLE"],
    ]);
    const { rows } = await room.sql.query<{ versions: string }>(
      "SELECT string_agg(aggregate_version::text, ',' ORDER BY position) AS versions FROM mesh.outbox GROUP BY aggregate_id",
    );
    for (const { versions } of rows) expect(["2", "2,3"]).toContain(versions);
  });
});

describe("promotion", () => {
  it("takes back what it has granted, once, and never grants what was cancelled before", async () => {
    const place = await servers.placeApart();
    await using promotion = await onFile(place);
    const grant = (id: bigint) =>
      promotion.caller.call(PromotionServiceService.grantPromotion, {
        paymentId: 1000n + id,
        reservationNumber: id,
        customerId: "kim",
        customerName: "Kim",
        paymentPrice: 100_000n,
        paymentStatus: PaymentStatus.PAYMENT_STATUS_PAID,
      });
    expect((await grant(1n)).response).toMatchObject({ state: GrantState.GRANT_STATE_GRANTED, point: 10_000n });
    const [granted, early] = [lifeOf(1n).unpaid, lifeOf(2n).unpaid];
    await servers.publish(place, [granted, granted, lifeOf(1n).unpaid, early, early]);
    await untilHeard(promotion, 3);
    for (const id of [1n, 2n]) expect(await grant(id)).toMatchObject({ reason: "PAYMENT_CANCELLED" });
    expect(await rowsOf(promotion, "SELECT payment_id, state, point, service FROM promotion ORDER BY 1")).toEqual([
      ["1001", "REVOKED", "0", "NONE"],
      ["1002", "REVOKED", "0", "NONE"],
    ]);
    expect(await rowsOf(promotion, "SELECT subject, aggregate_version FROM mesh.outbox ORDER BY position")).toEqual([
      ["promotion.PromotionSaved", "1"],
      ["promotion.PromotionRevoked", "2"],
    ]);
  });

  it("catches up with a hundred events that passed while it was down", async () => {
    const place = await servers.placeApart();
    await (await onFile(place)).stop();
    await servers.publish(
      place,
      Array.from({ length: 100 }, (_, index) => lifeOf(BigInt(index + 1)).unpaid),
    );
    await using promotion = await onFile(place);
    await untilHeard(promotion, 100);
    const count = "SELECT count(*)::int FROM promotion WHERE state = 'REVOKED'";
    expect(await rowsOf(promotion, count)).toEqual([[100]]);
  });
});

describe("notice", () => {
  it("sends one notice for a change, to the reservation's customer, with three replicas and everything twice", async () => {
    const lives = Array.from({ length: 30 }, (_, index) => lifeOf(BigInt(index + 1)));
    const backwards = lives.flatMap((life) => [life.revoked, life.cancelled, life.saved, life.placed]);
    const counts = `SELECT kind, count(*)::int, min(customer_id) FROM notice JOIN recipient USING (reservation_number)
      GROUP BY kind ORDER BY kind`;
    const look = (one: WithSql) => rowsOf(one, counts);
    expect(await caughtUp(servers, startNotice, [...backwards, ...backwards], look)).toEqual([
      ["RESERVATION_PLACED", 30, "kim"],
      ["RESERVATION_CANCELLED", 30, "kim"],
      ["PROMOTION_SAVED", 30, "kim"],
      ["PROMOTION_REVOKED", 30, "kim"],
    ]);
  });
});

describe("roominfo", () => {
  it("shows the same whichever way events come", async () => {
    const place = await servers.placeApart();
    await using roominfo = await startRoominfo(place);
    const [forwards, backwards, granted, cancelling, early] = [1n, 2n, 3n, 4n, 5n].map((id) => lifeOf(id, 1n)) as [
      ...[ReturnType<typeof lifeOf>, ReturnType<typeof lifeOf>, ReturnType<typeof lifeOf>],
      ...[ReturnType<typeof lifeOf>, ReturnType<typeof lifeOf>],
    ];
    const whole = ({ placed, paid, saved, unpaid, revoked, cancelled }: typeof forwards) => [
      ...[placed, paid, saved, unpaid, revoked, cancelled],
    ];
    const events = [
      ...whole(forwards),
      ...whole(backwards).reverse(),
      ...[granted.saved, granted.paid, granted.placed],
      ...[cancelling.revoked, cancelling.unpaid, cancelling.saved, cancelling.paid, cancelling.placed],
      early.saved,
      ...[roomAt(2n), roomAt(1n)],
    ];
    await servers.publish(place, [...events, ...events]);
    await untilHeard(roominfo, events.length);
    const { response } = await roominfo.caller.call(RoomInfoServiceService.listRoomInfos, { customerId: "kim" });
    const gone = {
      reserveStatus: ReserveStatus.RESERVE_STATUS_CANCELLED,
      paymentStatus: PaymentStatus.PAYMENT_STATUS_CANCELLED,
      service: PromotionService.PROMOTION_SERVICE_NONE,
      point: 0n,
      roomName: "name 2",
      paymentPrice: 100_000n,
    };
    const there = {
      ...gone,
      reserveStatus: ReserveStatus.RESERVE_STATUS_PROMOTION,
      paymentStatus: PaymentStatus.PAYMENT_STATUS_PAID,
      service: PromotionService.PROMOTION_SERVICE_DISCOUNT_COUPON,
      point: 10_000n,
    };
    expect(response?.roomInfos).toMatchObject([
      { ...there, reservationNumber: 5n, couponId: 2005n, paymentId: 1005n, customerName: "Kim", roomName: "" },
      { ...gone, reservationNumber: 4n, reserveStatus: ReserveStatus.RESERVE_STATUS_CANCEL_REQUESTED },
      { ...there, reservationNumber: 3n, couponId: 2003n },
      { ...gone, reservationNumber: 2n, couponId: 2002n, roomId: 1n },
      { ...gone, reservationNumber: 1n, couponId: 2001n, roomId: 1n },
    ]);
  });
});

thousandEvents(servers, [
  [
    "reservation",
    (place) => startReservation(place, nobody),
    (id) => roomAt(1n, id),
    "SELECT count(*)::int FROM room_copy",
  ],
  ["room", startRoom, (id) => lifeOf(id).placed, "SELECT count(*)::int FROM claim"],
  ["notice", startNotice, (id) => lifeOf(id).placed, "SELECT count(*)::int FROM notice"],
  ["roominfo", startRoominfo, (id) => lifeOf(id).saved, "SELECT count(*)::int FROM room_info WHERE granted"],
]);

it("promotion, which has one replica, applies each of a thousand events once", async () => {
  const place = await servers.placeApart();
  const events = Array.from({ length: 1000 }, (_, index) => lifeOf(BigInt(index + 1)).unpaid);
  await servers.publish(place, events);
  await using promotion = await onFile(place);
  await untilHeard(promotion, 1000);
  expect(await rowsOf(promotion, "SELECT count(*)::int, count(DISTINCT payment_id)::int FROM promotion")).toEqual([
    [1000, 1000],
  ]);
});
