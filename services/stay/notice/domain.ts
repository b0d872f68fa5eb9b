import { NoticeKind } from "#gen/proto/stay/notice/v1/notice.ts";
import { PromotionService } from "#gen/proto/stay/type/v1/type.ts";

/** A notice that was sent. */
export interface Notice {
  readonly noticeId: bigint;
  readonly reservationNumber: bigint;
  /** Empty while no event has told it. */
  readonly customerId: string;
  readonly kind: NoticeKind;
  readonly content: string;
  readonly eventId: string;
  readonly createTime: Date;
}

export type Draft = Pick<Notice, "reservationNumber" | "kind" | "content" | "eventId">;

const sentences = {
  [NoticeKind.NOTICE_KIND_RESERVATION_PLACED]: "예약이 완료되었습니다.",
  [NoticeKind.NOTICE_KIND_RESERVATION_CANCELLED]: "예약이 취소되었습니다.",
  [NoticeKind.NOTICE_KIND_PROMOTION_SAVED]: "프로모션이 지급되었습니다.",
  [NoticeKind.NOTICE_KIND_PROMOTION_REVOKED]: "프로모션이 회수되었습니다.",
} as const;

const services: Readonly<Partial<Record<PromotionService, string>>> = {
  [PromotionService.PROMOTION_SERVICE_BEVERAGE]: "음료 무료 제공, ",
  [PromotionService.PROMOTION_SERVICE_DISCOUNT_COUPON]: "할인 쿠폰, ",
};

/** What a promotion gave, in the customer's words. */
export function giftText(service: PromotionService, point: bigint): string {
  return ` (${services[service] ?? ""}${point} 포인트)`;
}

/** What the customer reads about a change of the reservation. @param about more that the sentence ends with */
export function compose(kind: keyof typeof sentences, reservationNumber: bigint, about = ""): Omit<Draft, "eventId"> {
  return { reservationNumber, kind, content: `[Stay] 예약 ${reservationNumber}번: ${sentences[kind]}${about}` };
}
