import { describe, expect, test } from "vitest";
import { ReservationStatus } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import { after, priceOf, refuseCancel, refuseTooMany, type Trigger } from "./domain.ts";

const {
  RESERVATION_STATUS_PENDING_PAYMENT,
  RESERVATION_STATUS_CONFIRMED,
  RESERVATION_STATUS_CANCEL_REQUESTED,
  RESERVATION_STATUS_CANCELLED,
  RESERVATION_STATUS_REJECTED,
} = ReservationStatus;
const statuses = [
  RESERVATION_STATUS_PENDING_PAYMENT,
  RESERVATION_STATUS_CONFIRMED,
  RESERVATION_STATUS_CANCEL_REQUESTED,
  RESERVATION_STATUS_CANCELLED,
  RESERVATION_STATUS_REJECTED,
];

describe("the state table", () => {
  const table: readonly (readonly [Trigger, ReservationStatus, ReservationStatus])[] = [
    ["paid", RESERVATION_STATUS_PENDING_PAYMENT, RESERVATION_STATUS_CONFIRMED],
    ["notPaid", RESERVATION_STATUS_PENDING_PAYMENT, RESERVATION_STATUS_REJECTED],
    ["cancelAsked", RESERVATION_STATUS_CONFIRMED, RESERVATION_STATUS_CANCEL_REQUESTED],
    ["paidBack", RESERVATION_STATUS_CANCEL_REQUESTED, RESERVATION_STATUS_CANCELLED],
  ];

  test.each(table)("%s of %s yields %s, and means nothing to the others", (trigger, from, to) => {
    for (const status of statuses) expect(after(status, trigger)).toBe(status === from ? to : undefined);
  });
});

test.each([
  [RESERVATION_STATUS_PENDING_PAYMENT, "RESERVATION_NOT_CONFIRMED"],
  [RESERVATION_STATUS_REJECTED, "RESERVATION_NOT_CONFIRMED"],
  [RESERVATION_STATUS_CANCEL_REQUESTED, "ALREADY_CANCELLED"],
  [RESERVATION_STATUS_CANCELLED, "ALREADY_CANCELLED"],
])("cancelling in state %s is refused with %s", (status, reason) => {
  expect(() => refuseCancel({ rsvId: "r", status })).toThrow(expect.objectContaining({ reason }));
});

test("a reservation that stands may be cancelled", () => {
  expect(() => refuseCancel({ rsvId: "r", status: RESERVATION_STATUS_CONFIRMED })).not.toThrow();
});

test("a room costs what room says, unless it is taken or has no price", () => {
  expect(priceOf("r", { available: true, price: 9_007_199_254_740_993n })).toBe(9_007_199_254_740_993n);
  const refused = (room: Parameters<typeof priceOf>[1], reason: string) =>
    expect(() => priceOf("r", room)).toThrow(expect.objectContaining({ reason }));
  refused({ available: false, price: 0n }, "ROOM_NOT_AVAILABLE");
  refused({ available: true, price: 0n }, "ROOM_NOT_PRICED");
});

test("the limit is the most that a guest may have", () => {
  expect(() => refuseTooMany("kim", 9, 10)).not.toThrow();
  expect(() => refuseTooMany("kim", 10, 10)).toThrow(
    expect.objectContaining({ reason: "MAX_RESERVATIONS_PER_PERSON", metadata: { guestId: "kim", limit: "10" } }),
  );
});
