import { describe, expect, test } from "vitest";
import { ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import { after, refuseCancel, refusePay, type Trigger, takesGifts } from "./domain.ts";

const {
  RESERVE_STATUS_RESERVED: RESERVED,
  RESERVE_STATUS_PAYMENT_REQUESTED: PAYMENT_REQUESTED,
  RESERVE_STATUS_PAYMENT_COMPLETED: PAYMENT_COMPLETED,
  RESERVE_STATUS_CANCEL_REQUESTED: CANCEL_REQUESTED,
  RESERVE_STATUS_CANCELLED: CANCELLED,
} = ReserveStatus;
const statuses = [RESERVED, PAYMENT_REQUESTED, PAYMENT_COMPLETED, CANCEL_REQUESTED, CANCELLED];

describe("the state table", () => {
  const table: readonly (readonly [Trigger, readonly ReserveStatus[], ReserveStatus])[] = [
    ["paymentAsked", [RESERVED], PAYMENT_REQUESTED],
    ["paid", [RESERVED, PAYMENT_REQUESTED], PAYMENT_COMPLETED],
    ["declined", [PAYMENT_REQUESTED], RESERVED],
    ["cancelAsked", [RESERVED, PAYMENT_COMPLETED], CANCEL_REQUESTED],
    ["paymentCancelled", [CANCEL_REQUESTED], CANCELLED],
  ];

  test.each(table)("%s of %s yields %s, and means nothing to the others", (trigger, from, to) => {
    for (const status of statuses) expect(after(status, trigger)).toBe(from.includes(status) ? to : undefined);
  });
});

describe.each([
  ["paying", refusePay, [PAYMENT_COMPLETED, CANCEL_REQUESTED, CANCELLED]],
  ["cancelling", refuseCancel, [PAYMENT_REQUESTED, CANCELLED]],
] as const)("%s", (_, refuse, refused) => {
  const reasons: Readonly<Record<number, string>> = {
    [PAYMENT_REQUESTED]: "PAYMENT_IN_PROGRESS",
    [PAYMENT_COMPLETED]: "ALREADY_PAID",
    [CANCEL_REQUESTED]: "RESERVATION_CANCELLED",
    [CANCELLED]: "RESERVATION_CANCELLED",
  };

  test.each(statuses)("in state %s is refused by the table", (reserveStatus) => {
    const attempt = () => refuse({ reservationNumber: 7n, reserveStatus });
    if (!(refused as readonly ReserveStatus[]).includes(reserveStatus)) return expect(attempt).not.toThrow();
    expect(attempt).toThrow(expect.objectContaining({ reason: reasons[reserveStatus] }));
  });
});

test("a promotion's gifts are taken until a cancel, also when nobody here knows that it is paid", () => {
  expect(statuses.filter(takesGifts)).toEqual([RESERVED, PAYMENT_REQUESTED, PAYMENT_COMPLETED]);
});
