import { expect, test } from "vitest";
import { GrantState } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { PaymentStatus, PromotionService, ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import { refuseRevoked, refuseUnpaid, reserveStatusOf, reward } from "./domain.ts";

const { PROMOTION_SERVICE_NONE, PROMOTION_SERVICE_BEVERAGE, PROMOTION_SERVICE_DISCOUNT_COUPON } = PromotionService;

test.each([
  [1n, PROMOTION_SERVICE_NONE, 0n],
  [9n, PROMOTION_SERVICE_NONE, 0n],
  [49_999n, PROMOTION_SERVICE_NONE, 4_999n],
  [50_000n, PROMOTION_SERVICE_BEVERAGE, 5_000n],
  [99_999n, PROMOTION_SERVICE_BEVERAGE, 9_999n],
  [100_000n, PROMOTION_SERVICE_DISCOUNT_COUPON, 10_000n],
  [9_007_199_254_740_993n, PROMOTION_SERVICE_DISCOUNT_COUPON, 900_719_925_474_099n],
])("%i won are worth service %s and %i points", (price, service, point) => {
  expect(reward(price)).toEqual({ service, point });
});

test.each([PaymentStatus.PAYMENT_STATUS_UNPAID, PaymentStatus.PAYMENT_STATUS_CANCELLED])(
  "nothing is granted for a payment in state %s",
  (paymentStatus) => {
    expect(() => refuseUnpaid({ paymentId: 7n, paymentStatus })).toThrow(
      expect.objectContaining({ reason: "PAYMENT_NOT_COMPLETED", metadata: { paymentId: "7" } }),
    );
  },
);

test("what was taken back is not granted again", () => {
  const revoked = { paymentId: 7n, state: GrantState.GRANT_STATE_REVOKED };
  expect(() => refuseRevoked(revoked)).toThrow(expect.objectContaining({ reason: "PAYMENT_CANCELLED" }));
  expect(() => refuseRevoked({ ...revoked, state: GrantState.GRANT_STATE_GRANTED })).not.toThrow();
  expect(reserveStatusOf(revoked)).toBe(ReserveStatus.RESERVE_STATUS_CANCELLED);
});
