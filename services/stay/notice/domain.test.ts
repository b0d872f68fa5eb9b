import { expect, test } from "vitest";
import { NoticeKind } from "#gen/proto/stay/notice/v1/notice.ts";
import { PromotionService } from "#gen/proto/stay/type/v1/type.ts";
import { compose, giftText } from "./domain.ts";

test.each([
  [NoticeKind.NOTICE_KIND_RESERVATION_PLACED, "예약이 완료되었습니다."],
  [NoticeKind.NOTICE_KIND_RESERVATION_CANCELLED, "예약이 취소되었습니다."],
  [NoticeKind.NOTICE_KIND_PROMOTION_REVOKED, "프로모션이 회수되었습니다."],
] as const)("notice %s names the reservation and says what happened", (kind, sentence) => {
  expect(compose(kind, 7n)).toEqual({ reservationNumber: 7n, kind, content: `[Stay] 예약 7번: ${sentence}` });
});

test.each([
  [PromotionService.PROMOTION_SERVICE_NONE, " (5000 포인트)"],
  [PromotionService.PROMOTION_SERVICE_BEVERAGE, " (음료 무료 제공, 5000 포인트)"],
  [PromotionService.PROMOTION_SERVICE_DISCOUNT_COUPON, " (할인 쿠폰, 5000 포인트)"],
])("a promotion of service %s reads%s", (service, text) => {
  expect(giftText(service, 5000n)).toBe(text);
});
