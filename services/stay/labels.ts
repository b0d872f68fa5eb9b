import type { NoticeKind } from "#gen/proto/stay/notice/v1/notice.ts";
import type { PromotionState } from "#gen/proto/stay/payment/v1/payment.ts";
import type { GrantState } from "#gen/proto/stay/promotion/v1/promotion.ts";
import type { RoomStatus } from "#gen/proto/stay/room/v1/room.ts";
import type { PaymentStatus, PromotionService, ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import type { Labels } from "#mesh/service/label.ts";

/** By the name that JSON carries. */
export const reserveStatusLabels: Labels<typeof ReserveStatus> = {
  RESERVE_STATUS_RESERVED: { ko: "예약완료", en: "Reserved" },
  RESERVE_STATUS_PAYMENT_REQUESTED: { ko: "결제중", en: "Being paid" },
  RESERVE_STATUS_PAYMENT_COMPLETED: { ko: "결제완료", en: "Paid" },
  RESERVE_STATUS_PROMOTION: { ko: "프로모션 지급", en: "Paid, with promotion" },
  RESERVE_STATUS_CANCEL_REQUESTED: { ko: "취소중", en: "Being cancelled" },
  RESERVE_STATUS_CANCELLED: { ko: "예약취소", en: "Cancelled" },
};

export const paymentStatusLabels: Labels<typeof PaymentStatus> = {
  PAYMENT_STATUS_PAID: { ko: "결제완료", en: "Paid" },
  PAYMENT_STATUS_UNPAID: { ko: "결제거절", en: "Declined" },
  PAYMENT_STATUS_CANCELLED: { ko: "결제취소", en: "Cancelled" },
};

export const promotionStateLabels: Labels<typeof PromotionState> = {
  PROMOTION_STATE_NONE: { ko: "프로모션 없음", en: "No promotion" },
  PROMOTION_STATE_PENDING: { ko: "프로모션 대기", en: "Promotion to come" },
  PROMOTION_STATE_GRANTED: { ko: "프로모션 지급", en: "Promotion granted" },
};

export const promotionServiceLabels: Labels<typeof PromotionService> = {
  PROMOTION_SERVICE_NONE: { ko: "포인트", en: "Points" },
  PROMOTION_SERVICE_BEVERAGE: { ko: "음료 무료 제공", en: "A free drink" },
  PROMOTION_SERVICE_DISCOUNT_COUPON: { ko: "할인 쿠폰", en: "Discount coupon" },
};

export const grantStateLabels: Labels<typeof GrantState> = {
  GRANT_STATE_GRANTED: { ko: "지급", en: "Granted" },
  GRANT_STATE_REVOKED: { ko: "회수", en: "Taken back" },
};

export const roomStatusLabels: Labels<typeof RoomStatus> = {
  ROOM_STATUS_AVAILABLE: { ko: "예약가능", en: "Available" },
  ROOM_STATUS_RESERVED: { ko: "예약됨", en: "Reserved" },
};

export const noticeKindLabels: Labels<typeof NoticeKind> = {
  NOTICE_KIND_RESERVATION_PLACED: { ko: "예약 알림", en: "Reserved" },
  NOTICE_KIND_RESERVATION_CANCELLED: { ko: "취소 알림", en: "Cancelled" },
  NOTICE_KIND_PROMOTION_SAVED: { ko: "프로모션 알림", en: "Promotion granted" },
  NOTICE_KIND_PROMOTION_REVOKED: { ko: "프로모션 회수 알림", en: "Promotion taken back" },
};
