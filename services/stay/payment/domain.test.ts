import { describe, expect, test } from "vitest";
import { PromotionState } from "#gen/proto/stay/payment/v1/payment.ts";
import { PaymentStatus } from "#gen/proto/stay/type/v1/type.ts";
import { charge, type Payment, refuseCancelled, refuseDeclined, refuseUnpaid } from "./domain.ts";

const { PAYMENT_STATUS_PAID, PAYMENT_STATUS_UNPAID, PAYMENT_STATUS_CANCELLED } = PaymentStatus;

test.each([
  [1n, PAYMENT_STATUS_PAID, PromotionState.PROMOTION_STATE_PENDING],
  [1000n, PAYMENT_STATUS_PAID, PromotionState.PROMOTION_STATE_PENDING],
  [1001n, PAYMENT_STATUS_UNPAID, PromotionState.PROMOTION_STATE_NONE],
])("with a limit of 1000 won %i become %s", (paymentPrice, paymentStatus, promotionState) => {
  expect(charge({ paymentPrice }, 1000n)).toEqual({ paymentStatus, promotionState });
});

describe("refusals", () => {
  const payment = (paymentStatus: PaymentStatus) =>
    ({ paymentId: 7n, reservationNumber: 8n, paymentStatus }) as Payment;

  test.each([
    [refuseCancelled, PAYMENT_STATUS_CANCELLED, "PAYMENT_CANCELLED"],
    [refuseDeclined, PAYMENT_STATUS_UNPAID, "PAYMENT_DECLINED"],
    [refuseUnpaid, PAYMENT_STATUS_UNPAID, "PAYMENT_NOT_COMPLETED"],
    [refuseUnpaid, PAYMENT_STATUS_CANCELLED, "PAYMENT_NOT_COMPLETED"],
  ])("%o of a payment in state %s is %s", (refuse, status, reason) => {
    expect(() => refuse(payment(status))).toThrow(expect.objectContaining({ reason }));
    expect(() => refuse(payment(PAYMENT_STATUS_PAID))).not.toThrow();
  });
});
