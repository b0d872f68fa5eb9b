// Every method's success and every refusal, once by gRPC and once by REST. bnb.e2e.test.ts runs them on the whole system.
import { randomUUID } from "node:crypto";
import { MessageServiceService as message } from "#gen/proto/bnb/message/v1/message.ts";
import { PaymentServiceService as payment } from "#gen/proto/bnb/payment/v1/payment.ts";
import { Reservation, ReservationServiceService as reservation } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import { Review, ReviewServiceService as reviews } from "#gen/proto/bnb/room/v1/review.ts";
import { Room, RoomStatus, RoomServiceService as rooms } from "#gen/proto/bnb/room/v1/room.ts";
import { RoomViewServiceService as roomView } from "#gen/proto/bnb/viewpage/v1/viewpage.ts";
import {
  badPages,
  failedPrecondition,
  invalid,
  type MethodCase,
  methodCase,
  notFound,
  repeatable,
} from "#mesh/testing/method-case.ts";

/** What the cases find. */
export interface World {
  /** A room that guest "kim" has reserved, and reviewed. */
  readonly reserved: {
    readonly roomId: string;
    readonly rsvId: string;
    readonly payId: string;
    readonly msgId: string;
  };
  readonly reviewId: string;
  /** A room that nobody has reserved, and that stays so. */
  readonly freeRoom: string;
  /** A room without a price. */
  readonly unpricedRoom: string;
  /** A room whose price no card has. */
  readonly dearRoom: string;
  readonly deletedRoom: string;
  /** Rooms that may be reserved, changed or deleted; each is given once. */
  spareRoom(): string;
  /** Reservations that may be cancelled, and reviews of kim that may be removed; each is given once. */
  openReservation(): string;
  spareReview(): string;
  readonly cancelled: string;
  readonly rejected: string;
  /** Has ten reservations. */
  readonly hoarder: string;
  /** An id that nothing has. */
  readonly nowhere: string;
  /** UUIDs that were used for registering a room and for reserving one. */
  readonly usedForRoom: string;
  readonly usedForReservation: string;
}

const guestId = "kim";
const long = (length: number) => "가".repeat(length + 1);
const offer = (fields: Partial<Room>) => Room.fromPartial({ desc: "A room of a test", price: 1000n, ...fields });
const opinion = (fields: Partial<Review>) => Review.fromPartial({ guestId, content: "좋아요", ...fields });
const wish = (fields: Partial<Reservation>) => Reservation.fromPartial({ guestId: "lee", ...fields });
const list = (field: string, item: object) => ({ [field]: [item] });
const noUuid = "7";

const roomCases: MethodCase<World>[] = [
  methodCase(rooms.createRoom, "registers a room", () => ({ room: Room.fromPartial({ desc: "Beautiful House3" }) }), {
    rest: () => ["POST", "/rooms", { desc: "Beautiful House3" }],
    code: "OK",
    answer: () => ({ desc: "Beautiful House3", price: "0", status: "ROOM_STATUS_AVAILABLE", reviewCnt: 0 }),
  }),
  methodCase(
    rooms.createRoom,
    "assigns id, status and counts itself",
    (world) => ({
      room: offer({ roomId: world.freeRoom, hostId: "han", status: RoomStatus.ROOM_STATUS_DELETED, reviewCnt: 9 }),
    }),
    {
      rest: (world) => [
        "POST",
        "/v1/rooms",
        { desc: "x", hostId: "han", roomId: world.freeRoom, status: 3, reviewCnt: 9, unknown: {} },
      ],
      code: "OK",
      answer: () => ({ hostId: "han", status: "ROOM_STATUS_AVAILABLE", reviewCnt: 0 }),
    },
  ),
  methodCase(rooms.createRoom, "demands a room", () => ({}), invalid("room", "REQUIRED")),
  methodCase(rooms.createRoom, "demands a description", () => ({ room: Room.fromPartial({ price: 1n }) }), {
    rest: () => ["POST", "/v1/rooms", { price: 1 }],
    ...invalid("room.desc", "REQUIRED"),
  }),
  methodCase(
    rooms.createRoom,
    "tells all violations at once",
    () => ({ room: Room.fromPartial({ desc: long(500), price: -1n, hostId: long(64) }), requestId: noUuid }),
    {
      rest: () => ["POST", `/v1/rooms?requestId=${noUuid}`, { desc: long(500), price: -1, hostId: long(64) }],
      code: "INVALID_ARGUMENT",
      reason: "INVALID_REQUEST",
      violations: [
        "room.desc TOO_LONG",
        "room.price OUT_OF_RANGE",
        "room.host_id TOO_LONG",
        "request_id INVALID_REQUEST_ID",
      ],
    },
  ),
  methodCase(
    rooms.createRoom,
    "refuses a request_id with another body",
    (world) => ({ room: offer({ desc: "other" }), requestId: world.usedForRoom }),
    {
      rest: (world) => ["POST", `/v1/rooms?requestId=${world.usedForRoom}`, { desc: "other" }],
      ...invalid("request_id", "REQUEST_ID_REUSED"),
    },
  ),
  methodCase(rooms.getRoom, "returns a room", (world) => ({ roomId: world.reserved.roomId }), {
    rest: (world) => ["GET", `/rooms/${world.reserved.roomId}`],
    code: "OK",
    answer: (world) => ({ roomId: world.reserved.roomId, status: "ROOM_STATUS_RESERVED" }),
  }),
  ...(["nowhere", "deletedRoom"] as const).map((which) =>
    methodCase<World, typeof rooms.getRoom>(
      rooms.getRoom,
      `knows no such room: ${which}`,
      (world) => ({ roomId: world[which] }),
      { rest: (world) => ["GET", `/v1/rooms/${world[which]}`], ...notFound("ROOM_NOT_FOUND") },
    ),
  ),
  methodCase(rooms.getRoom, "demands a UUID", () => ({ roomId: noUuid }), {
    rest: () => ["GET", `/v1/rooms/${noUuid}`],
    ...invalid("room_id", "INVALID_ID"),
  }),
  methodCase(rooms.listRooms, "lists by status", () => ({ status: RoomStatus.ROOM_STATUS_DELETED, pageSize: 1 }), {
    rest: () => ["GET", "/rooms?status=ROOM_STATUS_DELETED&pageSize=1&utm_source=x"],
    code: "OK",
    answer: () => list("rooms", { status: "ROOM_STATUS_DELETED" }),
  }),
  methodCase(rooms.listRooms, "refuses a status that does not exist", () => ({ status: 99 as RoomStatus }), {
    ...invalid("status", "INVALID_ENUM"),
  }),
  ...badPages<World, typeof rooms.listRooms>(rooms.listRooms, "/v1/rooms"),
  methodCase(
    rooms.updateRoom,
    "changes what the mask names",
    (world) => ({ room: offer({ roomId: world.spareRoom(), price: 5n }), updateMask: ["price"] }),
    {
      rest: (world) => ["PATCH", `/v1/rooms/${world.spareRoom()}?updateMask=price`, { desc: "ignored", price: 5 }],
      code: "OK",
      answer: () => ({ desc: "A room of a test", price: "5" }),
    },
  ),
  methodCase(
    rooms.updateRoom,
    "changes what is populated when there is no mask",
    (world) => ({ room: Room.fromPartial({ roomId: world.reserved.roomId, desc: "Sea view" }) }),
    {
      rest: (world) => ["PATCH", `/rooms/${world.reserved.roomId}`, { desc: "Sea view" }],
      code: "OK",
      answer: () => ({ desc: "Sea view", price: "1000" }),
    },
  ),
  methodCase(
    rooms.updateRoom,
    "refuses another price while it is reserved",
    (world) => ({ room: Room.fromPartial({ roomId: world.reserved.roomId, price: 9n }) }),
    {
      rest: (world) => ["PATCH", `/v1/rooms/${world.reserved.roomId}`, { price: 9 }],
      ...failedPrecondition("ROOM_RESERVED"),
    },
  ),
  methodCase(
    rooms.updateRoom,
    "refuses an empty description that the mask names",
    (world) => ({ room: Room.fromPartial({ roomId: world.freeRoom }), updateMask: ["desc"] }),
    {
      rest: (world) => ["PATCH", `/v1/rooms/${world.freeRoom}?updateMask=desc`, {}],
      ...invalid("room.desc", "REQUIRED"),
    },
  ),
  ...(["host_id", "status"] as const).map((path) =>
    methodCase<World, typeof rooms.updateRoom>(
      rooms.updateRoom,
      `refuses a mask that names ${path}`,
      (world) => ({ room: offer({ roomId: world.freeRoom }), updateMask: [path] }),
      {
        rest: (world) => ["PATCH", `/v1/rooms/${world.freeRoom}?updateMask=${path}`, { desc: "x" }],
        ...invalid("update_mask", "IMMUTABLE_FIELD"),
      },
    ),
  ),
  methodCase(
    rooms.updateRoom,
    "refuses a mask that names nothing of a room",
    (world) => ({ room: offer({ roomId: world.freeRoom }), updateMask: ["colour"] }),
    invalid("update_mask", "INVALID_FIELD_MASK"),
  ),
  methodCase(rooms.updateRoom, "knows no such room", (world) => ({ room: offer({ roomId: world.nowhere }) }), {
    rest: (world) => ["PATCH", `/v1/rooms/${world.nowhere}`, { desc: "x" }],
    ...notFound("ROOM_NOT_FOUND"),
  }),
  methodCase(rooms.deleteRoom, "takes a room off the list", (world) => ({ roomId: world.spareRoom() }), {
    rest: (world) => ["DELETE", `/v1/rooms/${world.spareRoom()}`],
    code: "OK",
    answer: () => ({ status: "ROOM_STATUS_DELETED" }),
  }),
  methodCase(rooms.deleteRoom, "refuses a reserved one", (world) => ({ roomId: world.reserved.roomId }), {
    rest: (world) => ["DELETE", `/rooms/${world.reserved.roomId}`],
    ...failedPrecondition("ROOM_RESERVED"),
  }),
  methodCase(rooms.deleteRoom, "knows no such room", (world) => ({ roomId: world.deletedRoom }), {
    rest: (world) => ["DELETE", `/v1/rooms/${world.deletedRoom}`],
    ...notFound("ROOM_NOT_FOUND"),
  }),
  methodCase(rooms.checkRoom, "tells that a room is free", (world) => ({ roomId: world.freeRoom }), {
    rest: (world) => ["GET", `/check/${world.freeRoom}`],
    code: "OK",
    answer: () => ({ available: true, price: "1000" }),
  }),
  methodCase(rooms.checkRoom, "tells that a room is reserved", (world) => ({ roomId: world.reserved.roomId }), {
    rest: (world) => ["GET", `/v1/rooms/${world.reserved.roomId}:check`],
    code: "OK",
    answer: () => ({ available: false }),
  }),
  methodCase(rooms.checkRoom, "knows no such room", (world) => ({ roomId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/rooms/${world.nowhere}:check`],
    ...notFound("ROOM_NOT_FOUND"),
  }),
];

const reviewCases: MethodCase<World>[] = [
  methodCase(
    reviews.createReview,
    "refuses guests who did not stay",
    (world) => ({ review: opinion({ roomId: world.reserved.roomId, guestId: "stranger" }) }),
    {
      rest: (world) => ["POST", "/reviews", { roomId: world.reserved.roomId, guestId: "stranger", content: "x" }],
      ...failedPrecondition("NO_CONFIRMED_STAY"),
    },
  ),
  methodCase(
    reviews.createReview,
    "knows no such room",
    (world) => ({ review: opinion({ roomId: world.deletedRoom }) }),
    {
      rest: (world) => ["POST", "/v1/reviews", { roomId: world.deletedRoom, guestId, content: "x" }],
      ...notFound("ROOM_NOT_FOUND"),
    },
  ),
  methodCase(reviews.createReview, "demands a review", () => ({}), invalid("review", "REQUIRED")),
  methodCase(
    reviews.createReview,
    "tells all violations at once",
    () => ({ review: Review.fromPartial({ roomId: noUuid, content: long(1000), rating: 6 }) }),
    {
      rest: () => ["POST", "/v1/reviews", { roomId: noUuid, content: long(1000), rating: 6 }],
      code: "INVALID_ARGUMENT",
      reason: "INVALID_REQUEST",
      violations: [
        "review.room_id INVALID_ID",
        "review.guest_id REQUIRED",
        "review.content TOO_LONG",
        "review.rating OUT_OF_RANGE",
      ],
    },
  ),
  methodCase(reviews.getReview, "returns a review", (world) => ({ reviewId: world.reviewId }), {
    rest: (world) => ["GET", `/reviews/${world.reviewId}`],
    code: "OK",
    answer: (world) => ({ reviewId: world.reviewId, roomId: world.reserved.roomId, guestId }),
  }),
  methodCase(reviews.getReview, "knows no such review", (world) => ({ reviewId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/reviews/${world.nowhere}`],
    ...notFound("REVIEW_NOT_FOUND"),
  }),
  methodCase(reviews.listReviews, "lists by room", (world) => ({ roomId: world.reserved.roomId, pageSize: 1 }), {
    rest: (world) => ["GET", `/reviews?roomId=${world.reserved.roomId}&pageSize=1`],
    code: "OK",
    answer: (world) => list("reviews", { roomId: world.reserved.roomId }),
  }),
  methodCase(reviews.listReviews, "demands a UUID", () => ({ roomId: noUuid }), {
    rest: () => ["GET", `/v1/reviews?roomId=${noUuid}`],
    ...invalid("room_id", "INVALID_ID"),
  }),
  ...badPages<World, typeof reviews.listReviews>(reviews.listReviews, "/v1/reviews"),
  methodCase(
    reviews.updateReview,
    "changes the content, without a mask",
    (world) => ({ review: opinion({ reviewId: world.reviewId, content: "다시 보니 더 좋아요" }) }),
    {
      rest: (world) => ["PATCH", `/v1/reviews/${world.reviewId}`, { guestId, content: "다시 보니 더 좋아요" }],
      code: "OK",
      answer: () => ({ content: "다시 보니 더 좋아요" }),
    },
  ),
  methodCase(
    reviews.updateReview,
    "refuses whoever did not write it",
    (world) => ({ review: opinion({ reviewId: world.reviewId, guestId: "lee" }) }),
    {
      rest: (world) => ["PATCH", `/reviews/${world.reviewId}`, { guestId: "lee", content: "x" }],
      code: "PERMISSION_DENIED",
      reason: "NOT_REVIEW_AUTHOR",
    },
  ),
  methodCase(
    reviews.updateReview,
    "refuses a mask that names the author",
    (world) => ({ review: opinion({ reviewId: world.reviewId }), updateMask: ["guest_id"] }),
    invalid("update_mask", "IMMUTABLE_FIELD"),
  ),
  methodCase(
    reviews.updateReview,
    "knows no such review",
    (world) => ({ review: opinion({ reviewId: world.nowhere }) }),
    { rest: (world) => ["PATCH", `/v1/reviews/${world.nowhere}`, { guestId }], ...notFound("REVIEW_NOT_FOUND") },
  ),
  methodCase(
    reviews.deleteReview,
    "refuses whoever did not write it",
    (world) => ({ reviewId: world.reviewId, guestId: "lee" }),
    {
      rest: (world) => ["DELETE", `/v1/reviews/${world.reviewId}?guestId=lee`],
      code: "PERMISSION_DENIED",
      reason: "NOT_REVIEW_AUTHOR",
    },
  ),
  methodCase(reviews.deleteReview, "demands its author", (world) => ({ reviewId: world.reviewId }), {
    rest: (world) => ["DELETE", `/v1/reviews/${world.reviewId}`],
    ...invalid("guest_id", "REQUIRED"),
  }),
  methodCase(reviews.deleteReview, "knows no such review", (world) => ({ reviewId: world.nowhere, guestId }), {
    rest: (world) => ["DELETE", `/v1/reviews/${world.nowhere}?guestId=${guestId}`],
    ...notFound("REVIEW_NOT_FOUND"),
  }),
  methodCase(reviews.deleteReview, "removes a review", (world) => ({ reviewId: world.spareReview(), guestId }), {
    rest: (world) => ["DELETE", `/reviews/${world.spareReview()}?guestId=${guestId}`],
    code: "OK",
  }),
  methodCase(
    reviews.createReview,
    "writes a review",
    (world) => ({ review: opinion({ roomId: world.reserved.roomId, rating: 5 }) }),
    {
      rest: (world) => ["POST", "/reviews", { roomId: world.reserved.roomId, guestId, content: "좋아요", rating: 5 }],
      code: "OK",
      answer: () => ({ guestId, content: "좋아요", rating: 5 }),
    },
  ),
];

const createReservationCases: MethodCase<World>[] = [
  methodCase(
    reservation.createReservation,
    "reserves and pays",
    (world) => repeatable({ reservation: wish({ roomId: world.spareRoom() }) }),
    {
      rest: (world) => [
        "POST",
        `/reservations?requestId=${randomUUID()}`,
        { roomId: world.spareRoom(), guestId: "lee" },
      ],
      code: "OK",
      answer: () => ({ guestId: "lee", price: "1000", status: "RESERVATION_STATUS_CONFIRMED" }),
    },
  ),
  methodCase(reservation.createReservation, "demands a reservation", () => ({}), invalid("reservation", "REQUIRED")),
  methodCase(
    reservation.createReservation,
    "tells all violations at once",
    () => ({ reservation: wish({ roomId: noUuid, guestId: long(64) }), requestId: noUuid }),
    {
      rest: () => ["POST", `/v1/reservations?requestId=${noUuid}`, { roomId: noUuid, guestId: long(64) }],
      code: "INVALID_ARGUMENT",
      reason: "INVALID_REQUEST",
      violations: ["reservation.room_id INVALID_ID", "reservation.guest_id TOO_LONG", "request_id INVALID_REQUEST_ID"],
    },
  ),
  ...(
    [
      ["knows no such room", (world) => world.nowhere, notFound("ROOM_NOT_FOUND")],
      ["refuses a deleted room", (world) => world.deletedRoom, notFound("ROOM_NOT_FOUND")],
      ["refuses a reserved room", (world) => world.reserved.roomId, failedPrecondition("ROOM_NOT_AVAILABLE")],
      ["refuses a room without a price", (world) => world.unpricedRoom, failedPrecondition("ROOM_NOT_PRICED")],
      ["refuses a card that has not enough", (world) => world.dearRoom, failedPrecondition("PAYMENT_DECLINED")],
    ] as [string, (world: World) => string, { code: string; reason: string; details: readonly string[] }][]
  ).map(([name, roomOf, refusal]) =>
    methodCase<World, typeof reservation.createReservation>(
      reservation.createReservation,
      name,
      (world) => repeatable({ reservation: wish({ roomId: roomOf(world) }) }),
      {
        rest: (world) => [
          "POST",
          `/v1/reservations?requestId=${randomUUID()}`,
          { roomId: roomOf(world), guestId: "lee" },
        ],
        ...refusal,
      },
    ),
  ),
  methodCase(
    reservation.createReservation,
    "refuses a guest's eleventh reservation",
    (world) => ({ reservation: wish({ roomId: world.freeRoom, guestId: world.hoarder }) }),
    {
      rest: (world) => ["POST", "/v1/reservations", { roomId: world.freeRoom, guestId: world.hoarder }],
      code: "RESOURCE_EXHAUSTED",
      reason: "MAX_RESERVATIONS_PER_PERSON",
      details: ["QuotaFailure"],
    },
  ),
  methodCase(
    reservation.createReservation,
    "refuses a request_id with another body",
    (world) => ({ reservation: wish({ roomId: world.freeRoom }), requestId: world.usedForReservation }),
    {
      rest: (world) => [
        "POST",
        `/v1/reservations?requestId=${world.usedForReservation}`,
        { roomId: world.freeRoom, guestId: "lee" },
      ],
      ...invalid("request_id", "REQUEST_ID_REUSED"),
    },
  ),
];

const reservationCases: MethodCase<World>[] = [
  methodCase(reservation.getReservation, "returns a reservation", (world) => ({ rsvId: world.reserved.rsvId }), {
    rest: (world) => ["GET", `/reservations/${world.reserved.rsvId}`],
    code: "OK",
    answer: (world) => ({ roomId: world.reserved.roomId, payId: world.reserved.payId, guestId }),
  }),
  methodCase(reservation.getReservation, "knows no such reservation", (world) => ({ rsvId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/reservations/${world.nowhere}`],
    ...notFound("RESERVATION_NOT_FOUND"),
  }),
  methodCase(reservation.getReservation, "demands a UUID", () => ({}), {
    rest: () => ["GET", `/v1/reservations/${noUuid}`],
    ...invalid("rsv_id", "INVALID_ID"),
  }),
  methodCase(
    reservation.listReservations,
    "lists by guest and room",
    (world) => ({ guestId, roomId: world.reserved.roomId }),
    {
      rest: (world) => ["GET", `/reservations?guestId=${guestId}&roomId=${world.reserved.roomId}`],
      code: "OK",
      answer: (world) => list("reservations", { rsvId: world.reserved.rsvId }),
    },
  ),
  methodCase(reservation.listReservations, "demands a UUID", () => ({ roomId: noUuid }), {
    rest: () => ["GET", `/v1/reservations?roomId=${noUuid}`],
    ...invalid("room_id", "INVALID_ID"),
  }),
  ...badPages<World, typeof reservation.listReservations>(reservation.listReservations, "/v1/reservations"),
  methodCase(reservation.cancelReservation, "cancels", (world) => ({ rsvId: world.openReservation() }), {
    rest: (world) => ["POST", `/v1/reservations/${world.openReservation()}:cancel`, {}],
    code: "OK",
    answer: () => ({ status: "RESERVATION_STATUS_CANCEL_REQUESTED" }),
  }),
  methodCase(reservation.cancelReservation, "cancels by DELETE", (world) => ({ rsvId: world.openReservation() }), {
    rest: (world) => ["DELETE", `/reservations/${world.openReservation()}`],
    code: "OK",
    answer: () => ({ status: "RESERVATION_STATUS_CANCEL_REQUESTED" }),
  }),
  methodCase(reservation.cancelReservation, "refuses to cancel twice", (world) => ({ rsvId: world.cancelled }), {
    rest: (world) => ["POST", `/v1/reservations/${world.cancelled}:cancel`, {}],
    ...failedPrecondition("ALREADY_CANCELLED"),
  }),
  methodCase(reservation.cancelReservation, "refuses one that does not stand", (world) => ({ rsvId: world.rejected }), {
    rest: (world) => ["DELETE", `/v1/reservations/${world.rejected}`],
    ...failedPrecondition("RESERVATION_NOT_CONFIRMED"),
  }),
  methodCase(reservation.cancelReservation, "knows no such reservation", (world) => ({ rsvId: world.nowhere }), {
    rest: (world) => ["POST", `/v1/reservations/${world.nowhere}:cancel`, {}],
    ...notFound("RESERVATION_NOT_FOUND"),
  }),
  methodCase(
    reservation.cancelReservation,
    "demands a UUID as request_id",
    (world) => ({ rsvId: world.reserved.rsvId, requestId: noUuid }),
    {
      rest: (world) => ["POST", `/v1/reservations/${world.reserved.rsvId}:cancel`, { requestId: noUuid }],
      ...invalid("request_id", "INVALID_REQUEST_ID"),
    },
  ),
];

const readCases: MethodCase<World>[] = [
  methodCase(payment.getPayment, "returns a payment", (world) => ({ payId: world.reserved.payId }), {
    rest: (world) => ["GET", `/payments/${world.reserved.payId}`],
    code: "OK",
    answer: (world) => ({ rsvId: world.reserved.rsvId, amount: "1000", status: "PAYMENT_STATUS_APPROVED" }),
  }),
  methodCase(payment.getPayment, "knows no such payment", (world) => ({ payId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/payments/${world.nowhere}`],
    ...notFound("PAYMENT_NOT_FOUND"),
  }),
  methodCase(payment.listPayments, "lists by reservation", (world) => ({ rsvId: world.reserved.rsvId }), {
    rest: (world) => ["GET", `/payments?rsvId=${world.reserved.rsvId}`],
    code: "OK",
    answer: (world) => list("payments", { payId: world.reserved.payId }),
  }),
  methodCase(payment.listPayments, "demands a UUID", () => ({ rsvId: noUuid }), {
    rest: () => ["GET", `/v1/payments?rsvId=${noUuid}`],
    ...invalid("rsv_id", "INVALID_ID"),
  }),
  ...badPages<World, typeof payment.listPayments>(payment.listPayments, "/v1/payments"),
  methodCase(message.getMessage, "returns a message", (world) => ({ msgId: world.reserved.msgId }), {
    rest: (world) => ["GET", `/messages/${world.reserved.msgId}`],
    code: "OK",
    answer: (world) => ({ rsvId: world.reserved.rsvId, recipient: guestId, kind: "MESSAGE_KIND_RESERVED" }),
  }),
  methodCase(message.getMessage, "knows no such message", (world) => ({ msgId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/messages/${world.nowhere}`],
    ...notFound("MESSAGE_NOT_FOUND"),
  }),
  methodCase(message.listMessages, "lists by reservation", (world) => ({ rsvId: world.reserved.rsvId }), {
    rest: (world) => ["GET", `/messages?rsvId=${world.reserved.rsvId}`],
    code: "OK",
    answer: (world) => list("messages", { msgId: world.reserved.msgId }),
  }),
  ...badPages<World, typeof message.listMessages>(message.listMessages, "/v1/messages"),
  methodCase(roomView.getRoomView, "returns a page", (world) => ({ roomId: world.reserved.roomId }), {
    rest: (world) => ["GET", `/roomviews/${world.reserved.roomId}`],
    code: "OK",
    answer: (world) => ({
      roomStatus: "ROOM_STATUS_RESERVED",
      rsvId: world.reserved.rsvId,
      rsvStatus: "RESERVATION_STATUS_CONFIRMED",
      payId: world.reserved.payId,
      payStatus: "PAYMENT_STATUS_APPROVED",
    }),
  }),
  ...(["nowhere", "deletedRoom"] as const).map((which) =>
    methodCase<World, typeof roomView.getRoomView>(
      roomView.getRoomView,
      `knows no such page: ${which}`,
      (world) => ({ roomId: world[which] }),
      { rest: (world) => ["GET", `/v1/roomviews/${world[which]}`], ...notFound("ROOM_VIEW_NOT_FOUND") },
    ),
  ),
  methodCase(
    roomView.listRoomViews,
    "lists by status",
    () => ({ roomStatus: RoomStatus.ROOM_STATUS_RESERVED, pageSize: 1 }),
    {
      rest: () => ["GET", "/roomviews?roomStatus=ROOM_STATUS_RESERVED&pageSize=1"],
      code: "OK",
      answer: () => list("roomViews", { roomStatus: "ROOM_STATUS_RESERVED" }),
    },
  ),
  ...badPages<World, typeof roomView.listRoomViews>(roomView.listRoomViews, "/v1/roomviews"),
];

export const methodCases: readonly MethodCase<World>[] = [
  ...roomCases,
  ...reviewCases,
  ...createReservationCases,
  ...reservationCases,
  ...readCases,
];
