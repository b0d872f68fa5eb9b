import { expect, test } from "vitest";
import { wrongPayments } from "./invariants.ts";

test.each([
  ["CONFIRMED", "APPROVED", true],
  ["CONFIRMED", "CANCELLED", false],
  ["CANCELLED", "APPROVED", false],
  ["CANCELLED", "CANCELLED", true],
  ["REJECTED", "APPROVED", false],
  ["REJECTED", "DECLINED", true],
])("B2: a reservation that is %s with a payment that is %s: %s", (status, payment, holds) => {
  const found = wrongPayments([{ rsv_id: "r", status }], [{ rsv_id: "r", status: payment }]);
  expect(found).toHaveLength(holds ? 0 : 1);
});

test("B2: money that was taken for no reservation is found", () => {
  expect(wrongPayments([], [{ rsv_id: "r", status: "APPROVED" }])).toEqual([
    "B2: there is no reservation r, its payment is APPROVED",
  ]);
  expect(wrongPayments([], [{ rsv_id: "r", status: "CANCELLED" }])).toEqual([]);
});
