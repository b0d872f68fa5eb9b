import { describe, expect, test } from "vitest";
import { AllocationState, OrderStatus } from "#gen/proto/tword/order/v1/order.ts";
import { EqpStatus } from "#gen/proto/tword/shop/v1/shop.ts";
import { after, askCancel, choose, eqpStatusOf, type Phone, refuseTooMany, type Trigger } from "./domain.ts";

const {
  ORDER_STATUS_PENDING,
  ORDER_STATUS_ORDERED,
  ORDER_STATUS_CANCEL_REQUESTED,
  ORDER_STATUS_CANCELLED,
  ORDER_STATUS_DELIVERY_STARTED,
  ORDER_STATUS_REJECTED,
} = OrderStatus;
const statuses = [
  ORDER_STATUS_PENDING,
  ORDER_STATUS_ORDERED,
  ORDER_STATUS_CANCEL_REQUESTED,
  ORDER_STATUS_CANCELLED,
  ORDER_STATUS_DELIVERY_STARTED,
  ORDER_STATUS_REJECTED,
];

describe("the state table", () => {
  const table: readonly (readonly [Trigger, OrderStatus, OrderStatus])[] = [
    ["deliveryHeld", ORDER_STATUS_PENDING, ORDER_STATUS_ORDERED],
    ["deliveryNotHeld", ORDER_STATUS_PENDING, ORDER_STATUS_REJECTED],
    ["cancelAsked", ORDER_STATUS_ORDERED, ORDER_STATUS_CANCEL_REQUESTED],
    ["deliveryCancelled", ORDER_STATUS_CANCEL_REQUESTED, ORDER_STATUS_CANCELLED],
    ["cancelCameTooLate", ORDER_STATUS_CANCEL_REQUESTED, ORDER_STATUS_DELIVERY_STARTED],
    ["deliveryStarted", ORDER_STATUS_ORDERED, ORDER_STATUS_DELIVERY_STARTED],
  ];

  test.each(table)("%s of %s yields %s, and means nothing to the others", (trigger, from, to) => {
    for (const status of statuses) expect(after(status, trigger)).toBe(status === from ? to : undefined);
  });
});

describe("cancelling", () => {
  test.each([
    [ORDER_STATUS_PENDING, "ORDER_NOT_PLACED"],
    [ORDER_STATUS_REJECTED, "ORDER_NOT_PLACED"],
    [ORDER_STATUS_CANCELLED, "ORDER_ALREADY_CANCELLED"],
    [ORDER_STATUS_DELIVERY_STARTED, "DELIVERY_ALREADY_STARTED"],
  ])("in state %s is refused with %s", (status, reason) => {
    expect(() => askCancel({ orderId: 7n, status })).toThrow(expect.objectContaining({ reason }));
  });

  test.each([
    [ORDER_STATUS_ORDERED, ORDER_STATUS_CANCEL_REQUESTED],
    [ORDER_STATUS_CANCEL_REQUESTED, undefined],
  ])("in state %s goes on", (status, to) => {
    expect(askCancel({ orderId: 7n, status })).toBe(to);
  });
});

describe("choosing a phone", () => {
  const wish = { shopId: 1n, eqpNm: "galaxy_s21", eqpSernum: 0n, customerId: "" };
  const free: Phone = {
    shopId: 1n,
    eqpSernum: 5n,
    eqpNm: "galaxy_s21",
    state: AllocationState.ALLOCATION_STATE_FREE,
    orderId: 0n,
    allocationSeq: 0n,
  };
  const taken: Phone = { ...free, state: AllocationState.ALLOCATION_STATE_ALLOCATED, orderId: 3n, allocationSeq: 1n };
  const numbered = { ...wish, eqpSernum: 5n };

  test.each([
    ["any of the model", wish],
    ["the one asked for", numbered],
  ])("takes %s", (_, asked) => {
    expect(choose(asked, free, true)).toBe(free);
  });

  test.each([
    ["a model that the shop never had", wish, undefined, false, "EQUIPMENT_NOT_FOUND"],
    ["a model of which none is free", wish, undefined, true, "EQUIPMENT_SOLD_OUT"],
    ["an unknown serial number", numbered, undefined, true, "EQUIPMENT_NOT_FOUND"],
    ["a serial number of another model", { ...numbered, eqpNm: "iphone_12" }, free, true, "EQUIPMENT_NOT_FOUND"],
    ["a phone that is taken", numbered, taken, true, "EQUIPMENT_ALREADY_ORDERED"],
  ])("refuses %s", (_, asked, found, modelIsKnown, reason) => {
    expect(() => choose(asked, found, modelIsKnown)).toThrow(expect.objectContaining({ reason }));
  });
});

describe("the limit of open orders", () => {
  test.each([
    ["kim", 9, 10],
    ["kim", 10, 12],
    ["", 1000, 10],
  ])("lets customer %j with %i of %i order", (customerId, openOrders, limit) => {
    expect(() => refuseTooMany(customerId, openOrders, limit)).not.toThrow();
  });

  test.each([10, 11])("refuses a customer with %i of 10", (openOrders) => {
    expect(() => refuseTooMany("kim", openOrders, 10)).toThrow(
      expect.objectContaining({ reason: "MAX_ORDERS_PER_PERSON", metadata: { customerId: "kim", limit: "10" } }),
    );
  });
});

test.each([
  [ORDER_STATUS_PENDING, EqpStatus.EQP_STATUS_UNSPECIFIED],
  [ORDER_STATUS_ORDERED, EqpStatus.EQP_STATUS_ORDERED],
  [ORDER_STATUS_CANCEL_REQUESTED, EqpStatus.EQP_STATUS_ORDERED],
  [ORDER_STATUS_CANCELLED, EqpStatus.EQP_STATUS_ORDER_CANCELLED],
  [ORDER_STATUS_DELIVERY_STARTED, EqpStatus.EQP_STATUS_DELIVERY_STARTED],
  [ORDER_STATUS_REJECTED, EqpStatus.EQP_STATUS_UNSPECIFIED],
])("an order in state %s shows its phone as %s", (status, expected) => {
  expect(eqpStatusOf(status)).toBe(expected);
});
