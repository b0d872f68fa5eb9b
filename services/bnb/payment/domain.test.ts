import { expect, test } from "vitest";
import { PaymentStatus } from "#gen/proto/bnb/payment/v1/payment.ts";
import { cancel, charge, refuseUnpaid } from "./domain.ts";

const { PAYMENT_STATUS_APPROVED, PAYMENT_STATUS_CANCELLED, PAYMENT_STATUS_DECLINED } = PaymentStatus;

test.each([
  [1n, PAYMENT_STATUS_APPROVED],
  [10_000_000n, PAYMENT_STATUS_APPROVED],
  [10_000_001n, PAYMENT_STATUS_DECLINED],
])("a card with 10,000,000 won that is charged %s is %s", (amount, status) => {
  expect(charge({ amount }, 10_000_000n)).toBe(status);
});

test.each([
  [PAYMENT_STATUS_APPROVED, PAYMENT_STATUS_CANCELLED],
  [PAYMENT_STATUS_CANCELLED, PAYMENT_STATUS_CANCELLED],
  [PAYMENT_STATUS_DECLINED, PAYMENT_STATUS_DECLINED],
])("cancelling %s yields %s", (from, to) => {
  expect(cancel({ status: from })).toBe(to);
});

test.each([
  [PAYMENT_STATUS_CANCELLED, "PAYMENT_CANCELLED"],
  [PAYMENT_STATUS_DECLINED, "PAYMENT_DECLINED"],
])("%s is refused with %s", (status, reason) => {
  expect(() => refuseUnpaid({ rsvId: "r", status })).toThrow(expect.objectContaining({ reason }));
});

test("what is paid is not refused", () => {
  expect(() => refuseUnpaid({ rsvId: "r", status: PAYMENT_STATUS_APPROVED })).not.toThrow();
});
