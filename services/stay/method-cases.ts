// Every method's success and every refusal, once by gRPC and once by REST. stay.e2e.test.ts runs them on the whole system.
import { NoticeServiceService as notice } from "#gen/proto/stay/notice/v1/notice.ts";
import { PaymentServiceService as payment } from "#gen/proto/stay/payment/v1/payment.ts";
import { PromotionServiceService as promotion } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { Reservation, ReservationServiceService as reservation } from "#gen/proto/stay/reservation/v1/reservation.ts";
import { Room, RoomStatus, RoomServiceService as room } from "#gen/proto/stay/room/v1/room.ts";
import { RoomInfoServiceService as roominfo } from "#gen/proto/stay/roominfo/v1/roominfo.ts";
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
  /** A room that is free, and one that is reserved. */
  readonly roomId: bigint;
  readonly takenRoom: bigint;
  /** Rooms that can be reserved; each is given once. */
  freeRoom(): bigint;
  /** Of customer guest, with a coupon; for 100,000 won. */
  readonly paid: { readonly reservationNumber: bigint; readonly paymentId: bigint; readonly couponId: bigint };
  /** Reservations that are not paid; each is given once. */
  openReservation(): bigint;
  readonly cancelled: bigint;
  /** A reservation that is being paid. */
  readonly paying: bigint;
  /** A reservation that is too dear for the card company, and its payment. */
  readonly dear: bigint;
  readonly unpaid: bigint;
  /** Payments whose promotions were deferred; each is given once. */
  pendingPayment(): bigint;
  readonly noticeId: bigint;
  readonly nowhere: bigint;
  /** Request ids that have been used. */
  readonly usedForRoom: string;
  readonly usedForReservation: string;
}

const long = "가".repeat(256);
const list = (field: string, item: object) => ({ [field]: [item] });

const roomCases: MethodCase<World>[] = [
  methodCase(room.createRoom, "registers a room", () => ({ room: Room.fromPartial({ roomName: "온돌", price: 1n }) }), {
    rest: () => ["POST", "/rooms", { roomName: "온돌", price: 1, roomId: "7" }],
    code: "OK",
    answer: () => ({ roomName: "온돌", price: "1", roomStatus: "ROOM_STATUS_AVAILABLE" }),
  }),
  methodCase(room.createRoom, "demands a room", () => ({}), invalid("room", "REQUIRED")),
  methodCase(
    room.createRoom,
    "tells all violations at once",
    () => ({ room: Room.fromPartial({ roomName: long }), requestId: "no" }),
    {
      rest: () => ["POST", "/v1/rooms?requestId=no", { roomName: long, price: 0 }],
      code: "INVALID_ARGUMENT",
      reason: "INVALID_REQUEST",
      violations: ["room.room_name TOO_LONG", "room.price OUT_OF_RANGE", "request_id INVALID_REQUEST_ID"],
    },
  ),
  methodCase(
    room.createRoom,
    "refuses a request_id with another body",
    (world) => ({ room: Room.fromPartial({ roomName: "other", price: 1n }), requestId: world.usedForRoom }),
    {
      rest: (world) => ["POST", `/v1/rooms?requestId=${world.usedForRoom}`, { roomName: "other", price: 1 }],
      ...invalid("request_id", "REQUEST_ID_REUSED"),
    },
  ),
  methodCase(room.getRoom, "returns a room", (world) => ({ roomId: world.takenRoom }), {
    rest: (world) => ["GET", `/rooms/${world.takenRoom}`],
    code: "OK",
    answer: (world) => ({ roomId: `${world.takenRoom}`, roomStatus: "ROOM_STATUS_RESERVED" }),
  }),
  methodCase(room.getRoom, "knows no such room", (world) => ({ roomId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/rooms/${world.nowhere}`],
    ...notFound("ROOM_NOT_FOUND"),
  }),
  methodCase(room.getRoom, "demands an id", () => ({}), {
    rest: () => ["GET", "/v1/rooms/0"],
    ...invalid("room_id", "INVALID_ID"),
  }),
  methodCase(room.listRooms, "lists by status", () => ({ roomStatus: RoomStatus.ROOM_STATUS_RESERVED, pageSize: 1 }), {
    rest: () => ["GET", "/rooms?roomStatus=ROOM_STATUS_RESERVED&pageSize=1&utm_source=x"],
    code: "OK",
    answer: () => list("rooms", { roomStatus: "ROOM_STATUS_RESERVED" }),
  }),
  methodCase(room.listRooms, "refuses a status that does not exist", () => ({ roomStatus: 99 as RoomStatus }), {
    ...invalid("room_status", "INVALID_ENUM"),
  }),
  ...badPages<World, typeof room.listRooms>(room.listRooms, "/v1/rooms"),
  methodCase(
    room.updateRoom,
    "changes the price",
    (world) => ({ room: Room.fromPartial({ roomId: world.roomId, price: 60_000n }), updateMask: ["price"] }),
    {
      rest: (world) => ["PATCH", `/rooms/${world.roomId}?updateMask=price`, { price: "60000" }],
      code: "OK",
      answer: (world) => ({ roomId: `${world.roomId}`, price: "60000" }),
    },
  ),
  methodCase(
    room.updateRoom,
    "knows no such room",
    (world) => ({ room: Room.fromPartial({ roomId: world.nowhere, price: 5n }) }),
    { rest: (world) => ["PATCH", `/v1/rooms/${world.nowhere}`, { price: 5 }], ...notFound("ROOM_NOT_FOUND") },
  ),
  methodCase(
    room.updateRoom,
    "refuses a price of nothing",
    (world) => ({ room: Room.fromPartial({ roomId: world.roomId, price: 0n }), updateMask: ["price"] }),
    {
      rest: (world) => ["PATCH", `/v1/rooms/${world.roomId}?updateMask=price`, { price: 0 }],
      ...invalid("room.price", "OUT_OF_RANGE"),
    },
  ),
  methodCase(
    room.updateRoom,
    "refuses a field that does not exist",
    (world) => ({ room: Room.fromPartial({ roomId: world.roomId, price: 5n }), updateMask: ["stars"] }),
    { ...invalid("update_mask", "INVALID_FIELD_MASK") },
  ),
  methodCase(
    room.updateRoom,
    "refuses to set the status, which follows the reservations",
    (world) => ({ room: Room.fromPartial({ roomId: world.roomId, price: 5n }), updateMask: ["room_status"] }),
    { ...invalid("update_mask", "IMMUTABLE_FIELD") },
  ),
];

const customer = { customerId: "kim", customerName: "김민준" };

const reservationCases: MethodCase<World>[] = [
  methodCase(
    reservation.createReservation,
    "reserves a room at its price",
    (world) => ({ reservation: Reservation.fromPartial({ ...customer, roomId: world.freeRoom() }) }),
    {
      rest: (world) => ["POST", "/reservations", { ...customer, roomId: `${world.freeRoom()}`, paymentPrice: "1" }],
      code: "OK",
      answer: () => ({ ...customer, paymentPrice: "100000", reserveStatus: "RESERVE_STATUS_RESERVED" }),
    },
  ),
  methodCase(reservation.createReservation, "demands a reservation", () => ({}), invalid("reservation", "REQUIRED")),
  methodCase(
    reservation.createReservation,
    "tells all violations at once",
    () => ({ reservation: Reservation.fromPartial({ customerName: "가".repeat(51) }), requestId: "no" }),
    {
      rest: () => ["POST", "/v1/reservations?requestId=no", { customerName: "가".repeat(51) }],
      code: "INVALID_ARGUMENT",
      reason: "INVALID_REQUEST",
      violations: [
        "reservation.room_id INVALID_ID",
        "reservation.customer_id REQUIRED",
        "reservation.customer_name TOO_LONG",
        "request_id INVALID_REQUEST_ID",
      ],
    },
  ),
  methodCase(
    reservation.createReservation,
    "knows no such room",
    (world) => ({ reservation: Reservation.fromPartial({ ...customer, roomId: world.nowhere }) }),
    {
      rest: (world) => ["POST", "/v1/reservations", { ...customer, roomId: `${world.nowhere}` }],
      ...notFound("ROOM_NOT_FOUND"),
    },
  ),
  methodCase(
    reservation.createReservation,
    "refuses a room that is reserved",
    (world) => ({ reservation: Reservation.fromPartial({ ...customer, roomId: world.takenRoom }) }),
    {
      rest: (world) => ["POST", "/v1/reservations", { ...customer, roomId: `${world.takenRoom}` }],
      ...failedPrecondition("ROOM_RESERVED"),
    },
  ),
  methodCase(
    reservation.createReservation,
    "refuses a request_id with another body",
    (world) => ({
      reservation: Reservation.fromPartial({ ...customer, roomId: world.nowhere }),
      requestId: world.usedForReservation,
    }),
    {
      rest: (world) => [
        "POST",
        `/v1/reservations?requestId=${world.usedForReservation}`,
        { ...customer, roomId: `${world.nowhere}` },
      ],
      ...invalid("request_id", "REQUEST_ID_REUSED"),
    },
  ),
  methodCase(
    reservation.getReservation,
    "returns a reservation with what its promotion gave",
    (world) => ({ reservationNumber: world.paid.reservationNumber }),
    {
      rest: (world) => ["GET", `/reservations/${world.paid.reservationNumber}`],
      code: "OK",
      answer: (world) => ({
        reserveStatus: "RESERVE_STATUS_PAYMENT_COMPLETED",
        promotionService: "PROMOTION_SERVICE_DISCOUNT_COUPON",
        point: "10000",
        couponId: `${world.paid.couponId}`,
      }),
    },
  ),
  methodCase(
    reservation.getReservation,
    "knows no such reservation",
    (world) => ({ reservationNumber: world.nowhere }),
    { rest: (world) => ["GET", `/v1/reservations/${world.nowhere}`], ...notFound("RESERVATION_NOT_FOUND") },
  ),
  methodCase(reservation.getReservation, "demands a number", () => ({}), {
    rest: () => ["GET", "/v1/reservations/0"],
    ...invalid("reservation_number", "INVALID_ID"),
  }),
  methodCase(reservation.listReservations, "lists by customer", () => ({ customerId: "guest", pageSize: 1 }), {
    rest: () => ["GET", "/reservations?customerId=guest&pageSize=1"],
    code: "OK",
    answer: () => list("reservations", { customerId: "guest" }),
  }),
  ...badPages<World, typeof reservation.listReservations>(reservation.listReservations, "/v1/reservations"),
  methodCase(
    reservation.payReservation,
    "pays",
    (world) => repeatable({ reservationNumber: world.openReservation() }),
    {
      rest: (world) => ["POST", `/v1/reservations/${world.openReservation()}:pay`, repeatable({})],
      code: "OK",
      answer: () => ({ reserveStatus: "RESERVE_STATUS_PAYMENT_COMPLETED" }),
    },
  ),
  methodCase(
    reservation.payReservation,
    "refuses to pay twice",
    (world) => ({ reservationNumber: world.paid.reservationNumber }),
    {
      rest: (world) => ["POST", `/v1/reservations/${world.paid.reservationNumber}:pay`, {}],
      ...failedPrecondition("ALREADY_PAID"),
    },
  ),
  methodCase(
    reservation.payReservation,
    "refuses what was cancelled",
    (world) => ({ reservationNumber: world.cancelled }),
    {
      rest: (world) => ["POST", `/v1/reservations/${world.cancelled}:pay`, {}],
      ...failedPrecondition("RESERVATION_CANCELLED"),
    },
  ),
  methodCase(
    reservation.payReservation,
    "refuses what the card company declines",
    (world) => ({ reservationNumber: world.dear }),
    {
      rest: (world) => ["POST", `/v1/reservations/${world.dear}:pay`, {}],
      ...failedPrecondition("PAYMENT_DECLINED"),
    },
  ),
  methodCase(
    reservation.payReservation,
    "knows no such reservation",
    (world) => ({ reservationNumber: world.nowhere }),
    { rest: (world) => ["POST", `/v1/reservations/${world.nowhere}:pay`, {}], ...notFound("RESERVATION_NOT_FOUND") },
  ),
  methodCase(
    reservation.payReservation,
    "demands a UUID",
    (world) => ({ reservationNumber: world.dear, requestId: "7" }),
    {
      rest: (world) => ["POST", `/v1/reservations/${world.dear}:pay`, { requestId: "7" }],
      ...invalid("request_id", "INVALID_REQUEST_ID"),
    },
  ),
  methodCase(
    reservation.cancelReservation,
    "cancels",
    (world) => repeatable({ reservationNumber: world.openReservation() }),
    {
      rest: (world) => ["POST", `/v1/reservations/${world.openReservation()}:cancel`, repeatable({})],
      code: "OK",
      answer: () => ({ reserveStatus: "RESERVE_STATUS_CANCELLED" }),
    },
  ),
  methodCase(
    reservation.cancelReservation,
    "refuses to cancel twice",
    (world) => ({ reservationNumber: world.cancelled }),
    {
      rest: (world) => ["POST", `/v1/reservations/${world.cancelled}:cancel`, {}],
      ...failedPrecondition("RESERVATION_CANCELLED"),
    },
  ),
  methodCase(
    reservation.cancelReservation,
    "refuses what is being paid",
    (world) => ({ reservationNumber: world.paying }),
    {
      rest: (world) => ["POST", `/v1/reservations/${world.paying}:cancel`, {}],
      ...failedPrecondition("PAYMENT_IN_PROGRESS"),
    },
  ),
  methodCase(
    reservation.cancelReservation,
    "knows no such reservation",
    (world) => ({ reservationNumber: world.nowhere }),
    {
      rest: (world) => ["POST", `/v1/reservations/${world.nowhere}:cancel`, {}],
      ...notFound("RESERVATION_NOT_FOUND"),
    },
  ),
];

const paymentCases: MethodCase<World>[] = [
  methodCase(payment.getPayment, "returns a payment", (world) => ({ paymentId: world.paid.paymentId }), {
    rest: (world) => ["GET", `/payments/${world.paid.paymentId}`],
    code: "OK",
    answer: (world) => ({
      reservationNumber: `${world.paid.reservationNumber}`,
      paymentStatus: "PAYMENT_STATUS_PAID",
      promotionState: "PROMOTION_STATE_GRANTED",
    }),
  }),
  methodCase(payment.getPayment, "knows no such payment", (world) => ({ paymentId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/payments/${world.nowhere}`],
    ...notFound("PAYMENT_NOT_FOUND"),
  }),
  methodCase(
    payment.listPayments,
    "lists a reservation's payment",
    (world) => ({ reservationNumber: world.paid.reservationNumber }),
    {
      rest: (world) => ["GET", `/payments?reservationNumber=${world.paid.reservationNumber}`],
      code: "OK",
      answer: (world) => list("payments", { paymentId: `${world.paid.paymentId}` }),
    },
  ),
  methodCase(payment.listPayments, "refuses a negative reservation", () => ({ reservationNumber: -1n }), {
    rest: () => ["GET", "/v1/payments?reservationNumber=-1"],
    ...invalid("reservation_number", "OUT_OF_RANGE"),
  }),
  ...badPages<World, typeof payment.listPayments>(payment.listPayments, "/v1/payments"),
  methodCase(
    payment.requestPromotion,
    "brings a deferred promotion",
    (world) => ({ paymentId: world.pendingPayment() }),
    {
      rest: (world) => ["POST", "/promotions", { paymentId: `${world.pendingPayment()}` }],
      code: "OK",
      answer: () => ({ service: "PROMOTION_SERVICE_DISCOUNT_COUPON", point: "10000", state: "GRANT_STATE_GRANTED" }),
    },
  ),
  methodCase(
    payment.requestPromotion,
    "brings it by the payment's own path too",
    (world) => ({ paymentId: world.pendingPayment() }),
    {
      rest: (world) => ["POST", `/v1/payments/${world.pendingPayment()}:requestPromotion`, {}],
      code: "OK",
      answer: () => ({ reserveStatus: "RESERVE_STATUS_PROMOTION", paymentStatus: "PAYMENT_STATUS_PAID" }),
    },
  ),
  methodCase(payment.requestPromotion, "refuses a second one", (world) => ({ paymentId: world.paid.paymentId }), {
    rest: (world) => ["POST", "/v1/promotions", { paymentId: `${world.paid.paymentId}` }],
    code: "ALREADY_EXISTS",
    reason: "PROMOTION_ALREADY_GRANTED",
    details: ["ResourceInfo"],
  }),
  methodCase(payment.requestPromotion, "refuses what is not paid", (world) => ({ paymentId: world.unpaid }), {
    rest: (world) => ["POST", "/promotions", { paymentId: `${world.unpaid}` }],
    ...failedPrecondition("PAYMENT_NOT_COMPLETED"),
  }),
  methodCase(payment.requestPromotion, "knows no such payment", (world) => ({ paymentId: world.nowhere }), {
    rest: (world) => ["POST", "/promotions", { paymentId: `${world.nowhere}` }],
    ...notFound("PAYMENT_NOT_FOUND"),
  }),
  methodCase(payment.requestPromotion, "demands an id", () => ({}), {
    rest: () => ["POST", "/promotions", {}],
    ...invalid("payment_id", "INVALID_ID"),
  }),
];

const readerCases: MethodCase<World>[] = [
  methodCase(promotion.getPromotion, "returns a promotion", (world) => ({ couponId: world.paid.couponId }), {
    rest: (world) => ["GET", `/promotions/${world.paid.couponId}`],
    code: "OK",
    answer: (world) => ({ paymentId: `${world.paid.paymentId}`, point: "10000", state: "GRANT_STATE_GRANTED" }),
  }),
  methodCase(promotion.getPromotion, "knows no such promotion", (world) => ({ couponId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/promotions/${world.nowhere}`],
    ...notFound("PROMOTION_NOT_FOUND"),
  }),
  methodCase(
    promotion.listPromotions,
    "lists by customer and payment",
    (world) => ({ customerId: "guest", paymentId: world.paid.paymentId }),
    {
      rest: (world) => ["GET", `/promotions?customerId=guest&paymentId=${world.paid.paymentId}`],
      code: "OK",
      answer: (world) => list("promotions", { couponId: `${world.paid.couponId}` }),
    },
  ),
  ...badPages<World, typeof promotion.listPromotions>(promotion.listPromotions, "/v1/promotions"),
  methodCase(notice.getNotice, "returns a notice", (world) => ({ noticeId: world.noticeId }), {
    rest: (world) => ["GET", `/notices/${world.noticeId}`],
    code: "OK",
    answer: (world) => ({ noticeId: `${world.noticeId}`, customerId: "guest" }),
  }),
  methodCase(notice.getNotice, "knows no such notice", (world) => ({ noticeId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/notices/${world.nowhere}`],
    ...notFound("NOTICE_NOT_FOUND"),
  }),
  methodCase(notice.listNotices, "lists a customer's notices", () => ({ customerId: "guest" }), {
    rest: () => ["GET", "/notices?customerId=guest"],
    code: "OK",
    answer: () => ({
      notices: [{ kind: "NOTICE_KIND_PROMOTION_SAVED" }, { kind: "NOTICE_KIND_RESERVATION_PLACED" }],
    }),
  }),
  ...badPages<World, typeof notice.listNotices>(notice.listNotices, "/v1/notices"),
  methodCase(
    roominfo.getRoomInfo,
    "returns a reservation's page",
    (world) => ({ reservationNumber: world.paid.reservationNumber }),
    {
      rest: (world) => ["GET", `/roomInfos/${world.paid.reservationNumber}`],
      code: "OK",
      answer: (world) => ({
        reserveStatus: "RESERVE_STATUS_PROMOTION",
        service: "PROMOTION_SERVICE_DISCOUNT_COUPON",
        point: "10000",
        couponId: `${world.paid.couponId}`,
      }),
    },
  ),
  methodCase(roominfo.getRoomInfo, "has no such page", (world) => ({ reservationNumber: world.nowhere }), {
    rest: (world) => ["GET", `/v1/roomInfos/${world.nowhere}`],
    ...notFound("ROOM_INFO_NOT_FOUND"),
  }),
  methodCase(roominfo.getRoomInfo, "demands a number", () => ({ reservationNumber: -1n }), {
    rest: () => ["GET", "/v1/roomInfos/-1"],
    ...invalid("reservation_number", "INVALID_ID"),
  }),
  methodCase(roominfo.listRoomInfos, "lists a customer's pages", () => ({ customerId: "guest", pageSize: 1 }), {
    rest: () => ["GET", "/roomInfos?customerId=guest&pageSize=1"],
    code: "OK",
    answer: () => list("roomInfos", { customerId: "guest" }),
  }),
  ...badPages<World, typeof roominfo.listRoomInfos>(roominfo.listRoomInfos, "/v1/roomInfos"),
];

export const methodCases: readonly MethodCase<World>[] = [
  ...roomCases,
  ...reservationCases,
  ...paymentCases,
  ...readerCases,
];
