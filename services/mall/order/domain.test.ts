import { describe, expect, test } from "vitest";
import { OrderStatus } from "#gen/proto/mall/order/v1/order.ts";
import { after, askCancel, place, receive, type Trigger } from "./domain.ts";

const {
  ORDER_STATUS_PLACED,
  ORDER_STATUS_CANCEL_REQUESTED,
  ORDER_STATUS_CANCELED,
  ORDER_STATUS_DELIVERING,
  ORDER_STATUS_CLOSED,
} = OrderStatus;
const statuses = [
  ORDER_STATUS_PLACED,
  ORDER_STATUS_CANCEL_REQUESTED,
  ORDER_STATUS_CANCELED,
  ORDER_STATUS_DELIVERING,
  ORDER_STATUS_CLOSED,
];

describe("the state table", () => {
  const open = [ORDER_STATUS_PLACED, ORDER_STATUS_CANCEL_REQUESTED];
  const table: readonly (readonly [Trigger, readonly OrderStatus[], OrderStatus])[] = [
    ["cancelAsked", [ORDER_STATUS_PLACED], ORDER_STATUS_CANCEL_REQUESTED],
    ["payCanceled", open, ORDER_STATUS_CANCELED],
    ["cancelRefused", [ORDER_STATUS_CANCEL_REQUESTED], ORDER_STATUS_PLACED],
    ["noStock", open, ORDER_STATUS_CANCELED],
    ["deliveryStarted", open, ORDER_STATUS_DELIVERING],
  ];

  test.each(table)("%s of %j yields %s, and means nothing to the others", (trigger, from, to) => {
    for (const status of statuses) expect(after(status, trigger)).toBe(from.includes(status) ? to : undefined);
  });
});

describe("placing an order", () => {
  const wish = { productId: 1n, qty: 3, price: 0n, address: "Seoul", customerId: "kim" };
  const tv = { productId: 1n, name: "TV", price: 100n, version: 1n };

  test.each([0n, 100n])("takes name and price from the catalogue when the customer saw %s won", (price) => {
    expect(place({ ...wish, price }, tv)).toEqual({ ...wish, productName: "TV", price: 100n });
  });

  test("refuses another price than the customer saw, and tells the new one", () => {
    expect(() => place({ ...wish, price: 90n }, tv)).toThrow(
      expect.objectContaining({ reason: "PRICE_CHANGED", metadata: { productId: "1", price: "100" } }),
    );
  });

  test("refuses a product that nobody has told of", () => {
    expect(() => place(wish, undefined)).toThrow(expect.objectContaining({ reason: "PRODUCT_NOT_FOUND" }));
  });
});

describe("cancelling", () => {
  test.each([
    [ORDER_STATUS_CANCELED, "ORDER_ALREADY_CANCELED"],
    [ORDER_STATUS_DELIVERING, "PAYMENT_ALREADY_CHECKED"],
    [ORDER_STATUS_CLOSED, "ORDER_CLOSED"],
  ])("in state %s is refused with %s", (status, reason) => {
    expect(() => askCancel({ orderId: 7n, status })).toThrow(expect.objectContaining({ reason }));
  });

  test.each([
    [ORDER_STATUS_PLACED, ORDER_STATUS_CANCEL_REQUESTED],
    [ORDER_STATUS_CANCEL_REQUESTED, undefined],
  ])("in state %s goes on", (status, to) => {
    expect(askCancel({ orderId: 7n, status })).toBe(to);
  });
});

describe("receiving", () => {
  test("closes an order that is on its way", () => {
    expect(receive({ orderId: 7n, status: ORDER_STATUS_DELIVERING })).toBe(ORDER_STATUS_CLOSED);
  });

  test.each([
    [ORDER_STATUS_PLACED, "NOT_IN_DELIVERY"],
    [ORDER_STATUS_CANCEL_REQUESTED, "NOT_IN_DELIVERY"],
    [ORDER_STATUS_CLOSED, "ORDER_ALREADY_CLOSED"],
    [ORDER_STATUS_CANCELED, "ORDER_ALREADY_CANCELED"],
  ])("in state %s is refused with %s", (status, reason) => {
    expect(() => receive({ orderId: 7n, status })).toThrow(expect.objectContaining({ reason }));
  });
});
