import type { MessageKind } from "#gen/proto/bnb/message/v1/message.ts";
import type { PaymentStatus } from "#gen/proto/bnb/payment/v1/payment.ts";
import type { ReservationStatus } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import type { RoomStatus } from "#gen/proto/bnb/room/v1/room.ts";
import type { Labels } from "#mesh/service/label.ts";

/** By the name that JSON carries. */
export const roomStatusLabels: Labels<typeof RoomStatus> = {
  ROOM_STATUS_AVAILABLE: { ko: "예약가능", en: "Available" },
  ROOM_STATUS_RESERVED: { ko: "예약됨", en: "Reserved" },
  ROOM_STATUS_DELETED: { ko: "삭제됨", en: "Deleted" },
};

export const reservationStatusLabels: Labels<typeof ReservationStatus> = {
  RESERVATION_STATUS_PENDING_PAYMENT: { ko: "결제중", en: "Being paid" },
  RESERVATION_STATUS_CONFIRMED: { ko: "예약완료", en: "Reserved" },
  RESERVATION_STATUS_CANCEL_REQUESTED: { ko: "취소요청", en: "Being cancelled" },
  RESERVATION_STATUS_CANCELLED: { ko: "취소됨", en: "Cancelled" },
  RESERVATION_STATUS_REJECTED: { ko: "예약실패", en: "Did not stand" },
};

export const paymentStatusLabels: Labels<typeof PaymentStatus> = {
  PAYMENT_STATUS_APPROVED: { ko: "결제완료", en: "Paid" },
  PAYMENT_STATUS_CANCELLED: { ko: "결제취소", en: "Paid back" },
  PAYMENT_STATUS_DECLINED: { ko: "결제거절", en: "Declined" },
};

export const messageKindLabels: Labels<typeof MessageKind> = {
  MESSAGE_KIND_RESERVED: { ko: "예약 알림", en: "Reserved" },
  MESSAGE_KIND_CANCELLED: { ko: "취소 알림", en: "Cancelled" },
};
