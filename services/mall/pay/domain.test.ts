import { describe, expect, test } from "vitest";
import { CancelCause } from "#gen/proto/mall/order/v1/order.ts";
import { PayStatus } from "#gen/proto/mall/pay/v1/pay.ts";
import { amountOf, cancel, finishCheck, isOwnCheck, startCheck } from "./domain.ts";

const { PAY_STATUS_PLACED, PAY_STATUS_CHECKING, PAY_STATUS_CHECKED, PAY_STATUS_CANCELED } = PayStatus;
const pay = (status: PayStatus) => ({ orderId: 7n, status });
const yes = { taken: true, remainingQty: 3 } as const;
const no = { taken: false, cause: CancelCause.CANCEL_CAUSE_OUT_OF_STOCK } as const;
const productSaysYes = (state: { status: PayStatus }) => finishCheck(state, yes);
const productSaysNo = (state: { status: PayStatus }) => finishCheck(state, no);

describe("the state table", () => {
  test.each([
    [startCheck, PAY_STATUS_PLACED, PAY_STATUS_CHECKING],
    [startCheck, PAY_STATUS_CHECKING, PAY_STATUS_CHECKING],
    [productSaysYes, PAY_STATUS_CHECKING, PAY_STATUS_CHECKED],
    [productSaysNo, PAY_STATUS_CHECKING, PAY_STATUS_CANCELED],
    [productSaysNo, PAY_STATUS_CHECKED, PAY_STATUS_CHECKED],
    [productSaysYes, PAY_STATUS_CANCELED, PAY_STATUS_CANCELED],
    [cancel, PAY_STATUS_PLACED, PAY_STATUS_CANCELED],
    [cancel, PAY_STATUS_CANCELED, PAY_STATUS_CANCELED],
  ])("%o of %s yields %s", (trigger, from, to) => {
    expect(trigger(pay(from))).toBe(to);
  });

  test.each([
    [startCheck, PAY_STATUS_CHECKED, "PAYMENT_ALREADY_CHECKED"],
    [startCheck, PAY_STATUS_CANCELED, "PAYMENT_CANCELED"],
    [cancel, PAY_STATUS_CHECKED, "PAYMENT_ALREADY_CHECKED"],
    [cancel, PAY_STATUS_CHECKING, "PAYMENT_CHECK_IN_PROGRESS"],
  ])("%o of %s is refused with %s", (trigger, from, reason) => {
    expect(() => trigger(pay(from))).toThrow(expect.objectContaining({ reason, metadata: { orderId: "7" } }));
  });
});

test.each([
  [PAY_STATUS_CHECKED, "a", "a", true],
  [PAY_STATUS_CANCELED, "a", "a", true],
  [PAY_STATUS_CHECKED, "a", "b", false],
  [PAY_STATUS_CHECKED, "", "", false],
  [PAY_STATUS_CHECKING, "a", "a", false],
])(
  "a deposit %s that request %j confirmed is request %j's own result: %j",
  (status, checkRequestId, requestId, own) => {
    expect(isOwnCheck({ status, checkRequestId }, requestId)).toBe(own);
  },
);

test("the amount of the largest order is exact", () => {
  expect(amountOf({ price: 999_999_999_999n, qty: 1000 })).toBe(999_999_999_999_000n);
});
