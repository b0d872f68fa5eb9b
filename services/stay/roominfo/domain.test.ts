import { expect, test } from "vitest";
import { PaymentStatus, ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import { type Page, reserveStatusOf } from "./domain.ts";

const { PAYMENT_STATUS_UNSPECIFIED, PAYMENT_STATUS_PAID, PAYMENT_STATUS_CANCELLED } = PaymentStatus;

test.each([
  [false, PAYMENT_STATUS_UNSPECIFIED, false, ReserveStatus.RESERVE_STATUS_RESERVED],
  [false, PAYMENT_STATUS_PAID, false, ReserveStatus.RESERVE_STATUS_PAYMENT_COMPLETED],
  [false, PAYMENT_STATUS_PAID, true, ReserveStatus.RESERVE_STATUS_PROMOTION],
  [false, PAYMENT_STATUS_UNSPECIFIED, true, ReserveStatus.RESERVE_STATUS_PROMOTION],
  [false, PAYMENT_STATUS_CANCELLED, true, ReserveStatus.RESERVE_STATUS_CANCEL_REQUESTED],
  [true, PAYMENT_STATUS_CANCELLED, false, ReserveStatus.RESERVE_STATUS_CANCELLED],
  [true, PAYMENT_STATUS_PAID, true, ReserveStatus.RESERVE_STATUS_CANCELLED],
])("cancelled %s, payment %s and granted %s are shown as %s", (cancelled, paymentStatus, granted, expected) => {
  expect(reserveStatusOf({ cancelled, paymentStatus, granted } as Page)).toBe(expected);
});
