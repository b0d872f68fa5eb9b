// The five services in one process, on a real PostgreSQL and NATS, without proxies between them.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MessageKind, MessageServiceService } from "#gen/proto/bnb/message/v1/message.ts";
import { PaymentServiceService, PaymentStatus } from "#gen/proto/bnb/payment/v1/payment.ts";
import {
  Reservation,
  ReservationServiceService,
  ReservationStatus,
} from "#gen/proto/bnb/reservation/v1/reservation.ts";
import { Review, ReviewServiceService } from "#gen/proto/bnb/room/v1/review.ts";
import { Room, RoomServiceService, RoomStatus } from "#gen/proto/bnb/room/v1/room.ts";
import { RoomViewServiceService } from "#gen/proto/bnb/viewpage/v1/viewpage.ts";
import { Code } from "#mesh/service/codes.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { startMessage, startPayment, startReservation, startRoom, startViewpage, type WithSql } from "./in-process.ts";
import { violations } from "./invariants.ts";

const { createRoom, updateRoom, deleteRoom, getRoom } = RoomServiceService;
const { createReview, updateReview, deleteReview, listReviews } = ReviewServiceService;
const { createReservation, cancelReservation, getReservation } = ReservationServiceService;

const servers = useServers();
let room: WithSql;
let reservation: WithSql;
let payment: WithSql;
let message: WithSql;
let viewpage: WithSql;

beforeAll(async () => {
  const place = () => servers.place("bnb");
  [room, payment] = await Promise.all([startRoom(place()), startPayment(place())]);
  const callees = { room: room.target, payment: payment.target };
  reservation = await startReservation(place(), callees);
  [message, viewpage] = await Promise.all([startMessage(place()), startViewpage(place())]);
});

afterAll(async () => {
  for (const service of [reservation, room, payment, message, viewpage]) await service?.stop();
});

async function newRoom(price = 50_000n): Promise<string> {
  const { response } = await room.caller.call(createRoom, {
    room: Room.fromPartial({ desc: "Beautiful House", price }),
  });
  return response?.roomId ?? "";
}

function reserve(roomId: string, guestId = "kim", requestId = "") {
  const wish = Reservation.fromPartial({ roomId, guestId });
  return reservation.caller.call(createReservation, { reservation: wish, requestId });
}

async function reserved(roomId: string, guestId = "kim"): Promise<string> {
  const { response, reason } = await reserve(roomId, guestId);
  if (!response) throw new Error(`the reservation was refused: ${reason}`);
  return response.rsvId;
}

const cancel = (rsvId: string) => reservation.caller.call(cancelReservation, { rsvId });
const review = (fields: Partial<Review>, requestId = "") =>
  room.caller.call(createReview, {
    review: Review.fromPartial({ guestId: "kim", content: "좋아요", ...fields }),
    requestId,
  });

async function pageOf(roomId: string) {
  return (await viewpage.caller.call(RoomViewServiceService.getRoomView, { roomId })).response;
}

/** Waits until B1 to B5 hold. */
async function untilQuiet(): Promise<void> {
  const databases = {
    room: room.sql,
    reservation: reservation.sql,
    payment: payment.sql,
    message: message.sql,
    viewpage: viewpage.sql,
  };
  await eventually(async () => {
    expect(await violations(databases)).toEqual([]);
    return true;
  });
}

describe("a stay", () => {
  it("is reserved, paid and seen by everybody, and paid back when it is cancelled", async () => {
    const roomId = await newRoom();
    const { response } = await reserve(roomId);
    const { rsvId = "", payId = "" } = response ?? {};
    expect(response).toMatchObject({ status: ReservationStatus.RESERVATION_STATUS_CONFIRMED, price: 50_000n });
    await untilQuiet();
    expect(await pageOf(roomId)).toMatchObject({
      desc: "Beautiful House",
      roomStatus: RoomStatus.ROOM_STATUS_RESERVED,
      rsvId,
      rsvStatus: ReservationStatus.RESERVATION_STATUS_CONFIRMED,
      payId,
      payStatus: PaymentStatus.PAYMENT_STATUS_APPROVED,
    });

    expect((await cancel(rsvId)).response?.status).toBe(ReservationStatus.RESERVATION_STATUS_CANCEL_REQUESTED);
    await untilQuiet();
    expect((await reservation.caller.call(getReservation, { rsvId })).response?.status).toBe(
      ReservationStatus.RESERVATION_STATUS_CANCELLED,
    );
    expect((await payment.caller.call(PaymentServiceService.getPayment, { payId })).response).toMatchObject({
      rsvId,
      amount: 50_000n,
      status: PaymentStatus.PAYMENT_STATUS_CANCELLED,
    });
    expect((await room.caller.call(getRoom, { roomId })).response?.status).toBe(RoomStatus.ROOM_STATUS_AVAILABLE);
    expect(await pageOf(roomId)).toMatchObject({
      roomStatus: RoomStatus.ROOM_STATUS_AVAILABLE,
      rsvStatus: ReservationStatus.RESERVATION_STATUS_CANCELLED,
      payStatus: PaymentStatus.PAYMENT_STATUS_CANCELLED,
    });
    const sent = await message.caller.call(MessageServiceService.listMessages, { rsvId });
    expect(sent.response?.messages.map(({ kind, recipient }) => [kind, recipient]).sort()).toEqual([
      [MessageKind.MESSAGE_KIND_RESERVED, "kim"],
      [MessageKind.MESSAGE_KIND_CANCELLED, "kim"],
    ]);
    expect(await cancel(rsvId)).toMatchObject({ reason: "ALREADY_CANCELLED" });
    const again = await reserved(roomId, "lee");
    await untilQuiet();
    expect((await pageOf(roomId))?.rsvId).toBe(again);
  });

  it("is had by exactly one of fifty", async () => {
    const roomId = await newRoom();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, guest) => reserve(roomId, `guest-${guest}`)));
    expect(answers.filter(({ code }) => code === Code.OK)).toHaveLength(1);
    const refused = answers.filter(({ code }) => code !== Code.OK);
    expect(new Set(refused.map(({ reason }) => reason))).toEqual(new Set(["ROOM_NOT_AVAILABLE"]));
    await untilQuiet();
  });

  it("is paid back when its room was deleted meanwhile", async () => {
    const roomId = await newRoom();
    // Room is asked, and deleted before it hears what became of that.
    await room.stop();
    room = await startRoom({ url: room.url });
    const other = await startReservation(
      { url: reservation.url, settings: servers.place("bnb").settings },
      { room: room.target, payment: payment.target },
    );
    const wish = Reservation.fromPartial({ roomId, guestId: "kim" });
    const { response } = await other.caller.call(createReservation, { reservation: wish });
    expect((await room.caller.call(deleteRoom, { roomId })).code).toBe(Code.OK);
    await other.stop();
    await room.stop();
    room = await startRoom({ url: room.url, settings: servers.place("bnb").settings });
    await reservation.stop();
    reservation = await startReservation(
      { url: reservation.url, settings: servers.place("bnb").settings },
      { room: room.target, payment: payment.target },
    );
    await eventually(async () => {
      const { response: now } = await reservation.caller.call(getReservation, { rsvId: response?.rsvId ?? "" });
      return now?.status === ReservationStatus.RESERVATION_STATUS_CANCELLED;
    });
    await untilQuiet();
    expect(await pageOf(roomId)).toBeUndefined();
  });

  it("is seen again after message and viewpage were away", async () => {
    const roomId = await newRoom();
    await message.stop();
    await viewpage.stop();
    const rsvId = await reserved(roomId);
    expect((await cancel(rsvId)).code).toBe(Code.OK);
    const { settings } = servers.place("bnb");
    message = await startMessage({ url: message.url, settings });
    viewpage = await startViewpage({ url: viewpage.url, settings });
    await untilQuiet();
  });
});

describe("a room", () => {
  it("keeps its price, and cannot be deleted, while it is reserved", async () => {
    const roomId = await newRoom();
    const rsvId = await reserved(roomId);
    await untilQuiet();
    const change = (fields: Partial<Room>) =>
      room.caller.call(updateRoom, { room: Room.fromPartial({ roomId, ...fields }) });
    const refused = { code: Code.FAILED_PRECONDITION, reason: "ROOM_RESERVED", domain: "room.bnb" };
    expect(await change({ price: 60_000n })).toMatchObject(refused);
    expect(await room.caller.call(deleteRoom, { roomId })).toMatchObject(refused);
    expect((await change({ desc: "Sea view", price: 50_000n })).response).toMatchObject({
      desc: "Sea view",
      price: 50_000n,
    });
    await cancel(rsvId);
    await untilQuiet();
    expect((await change({ price: 60_000n })).response?.price).toBe(60_000n);
    await untilQuiet();
    expect(await pageOf(roomId)).toMatchObject({ desc: "Sea view", price: 60_000n });
    expect((await room.caller.call(deleteRoom, { roomId })).response?.status).toBe(RoomStatus.ROOM_STATUS_DELETED);
    expect(await room.caller.call(getRoom, { roomId })).toMatchObject({ reason: "ROOM_NOT_FOUND" });
    expect(await reserve(roomId)).toMatchObject({ code: Code.NOT_FOUND, reason: "ROOM_NOT_FOUND" });
    await untilQuiet();
    expect(await pageOf(roomId)).toBeUndefined();
  });
});

describe("a review", () => {
  it("is written by guests who stayed, counted, changed and removed by its author", async () => {
    const roomId = await newRoom();
    expect(await review({ roomId })).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "NO_CONFIRMED_STAY" });
    await reserved(roomId);
    const first = await eventually(async () => (await review({ roomId, rating: 5 })).response);
    const second = (await review({ roomId, content: "다시 올게요" })).response;
    const own = (fields: Partial<Review>) => ({
      review: Review.fromPartial({ reviewId: first.reviewId, guestId: "kim", ...fields }),
    });
    expect((await room.caller.call(updateReview, own({ rating: 4 }))).response).toMatchObject({
      content: "좋아요",
      rating: 4,
    });
    const stranger = { code: Code.PERMISSION_DENIED, reason: "NOT_REVIEW_AUTHOR" };
    expect(await room.caller.call(updateReview, own({ guestId: "lee", rating: 1 }))).toMatchObject(stranger);
    const remove = (reviewId = "", guestId = "kim") => room.caller.call(deleteReview, { reviewId, guestId });
    expect(await remove(second?.reviewId, "lee")).toMatchObject(stranger);
    await untilQuiet();
    expect(await pageOf(roomId)).toMatchObject({ reviewCnt: 2 });

    expect((await remove(second?.reviewId)).code).toBe(Code.OK);
    expect(await remove(second?.reviewId)).toMatchObject({ code: Code.NOT_FOUND, reason: "REVIEW_NOT_FOUND" });
    await untilQuiet();
    expect(await pageOf(roomId)).toMatchObject({ reviewCnt: 1, lastReview: "좋아요" });
    const { response } = await room.caller.call(listReviews, { roomId });
    expect(response?.reviews.map(({ reviewId }) => reviewId)).toEqual([first.reviewId]);
  });

  it("is not for guests whose reservation was cancelled", async () => {
    const roomId = await newRoom();
    await cancel(await reserved(roomId));
    await untilQuiet();
    expect(await review({ roomId })).toMatchObject({ reason: "NO_CONFIRMED_STAY" });
  });

  it("is counted once for each of twenty at a time, and once for a repeated request", async () => {
    const roomId = await newRoom();
    await reserved(roomId);
    const requestId = randomUUID();
    await eventually(async () => (await review({ roomId }, requestId)).code === Code.OK);
    const answers = await Promise.all(Array.from({ length: 19 }, () => review({ roomId })));
    for (const { code } of answers) expect(code).toBe(Code.OK);
    const repeats = await Promise.all(Array.from({ length: 4 }, () => review({ roomId }, requestId)));
    expect(new Set(repeats.map(({ response }) => response?.reviewId)).size).toBe(1);
    await untilQuiet();
    expect((await pageOf(roomId))?.reviewCnt).toBe(20);
  });
});
