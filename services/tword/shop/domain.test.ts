import { describe, expect, test } from "vitest";
import { EqpStatus, ShopOrderStatus } from "#gen/proto/tword/shop/v1/shop.ts";
import { type News, phoneAfter, type ShopOrder, shopOrderAfter } from "./domain.ts";

const { EQP_STATUS_ORDER_AVAILABLE, EQP_STATUS_ORDERED, EQP_STATUS_DELIVERY_STARTED } = EqpStatus;
const { SHOP_ORDER_STATUS_ORDERED, SHOP_ORDER_STATUS_DELIVERY_STARTED, SHOP_ORDER_STATUS_CANCELLED } = ShopOrderStatus;

const news = (what: News["what"], allocationSeq = 1n): News => ({
  orderId: 10n,
  shopId: 1n,
  eqpSernum: 5n,
  ...(what === "deliveryStarted" ? {} : { eqpNm: "galaxy_s21" }),
  allocationSeq,
  what,
});
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

describe("a phone", () => {
  test.each([
    [EQP_STATUS_ORDER_AVAILABLE, 0n, news("ordered"), EQP_STATUS_ORDERED],
    [EQP_STATUS_ORDERED, 1n, news("deliveryStarted"), EQP_STATUS_DELIVERY_STARTED],
    [EQP_STATUS_ORDERED, 1n, news("cancelled"), EQP_STATUS_ORDER_AVAILABLE],
    [EQP_STATUS_ORDER_AVAILABLE, 1n, news("ordered", 2n), EQP_STATUS_ORDERED],
    [EQP_STATUS_ORDER_AVAILABLE, 0n, news("deliveryStarted"), EQP_STATUS_DELIVERY_STARTED],
    [EQP_STATUS_ORDER_AVAILABLE, 1n, news("cancelled", 2n), EQP_STATUS_ORDER_AVAILABLE],
  ])("in %s of allocation %s follows %o", (eqpStatus, allocationSeq, event, expected) => {
    expect(phoneAfter({ eqpStatus, allocationSeq }, event)).toEqual({
      eqpStatus: expected,
      allocationSeq: event.allocationSeq,
    });
  });

  test.each([
    ["a cancel of an earlier allocation", EQP_STATUS_ORDERED, 2n, news("cancelled", 1n)],
    ["an order that was cancelled since", EQP_STATUS_ORDER_AVAILABLE, 1n, news("ordered", 1n)],
    ["an order that was shipped since", EQP_STATUS_DELIVERY_STARTED, 1n, news("ordered", 1n)],
    ["the same cancel again", EQP_STATUS_ORDER_AVAILABLE, 1n, news("cancelled", 1n)],
    ["an older shipment", EQP_STATUS_ORDERED, 2n, news("deliveryStarted", 1n)],
  ])("ignores %s", (_, eqpStatus, allocationSeq, event) => {
    expect(phoneAfter({ eqpStatus, allocationSeq }, event)).toBeUndefined();
  });
});

describe("an order as staff see it", () => {
  const run = (events: News[]) =>
    events.reduce<ShopOrder | undefined>(
      (known, event) => shopOrderAfter(known, event, at(event.what === "ordered" ? 1 : 2)),
      undefined,
    );
  const whole = { orderId: 10n, shopId: 1n, eqpNm: "galaxy_s21", eqpSernum: 5n, orderedTime: at(1) };

  test.each([
    [["ordered"], SHOP_ORDER_STATUS_ORDERED],
    [["ordered", "deliveryStarted"], SHOP_ORDER_STATUS_DELIVERY_STARTED],
    [["deliveryStarted", "ordered"], SHOP_ORDER_STATUS_DELIVERY_STARTED],
    [["ordered", "cancelled"], SHOP_ORDER_STATUS_CANCELLED],
    [["cancelled", "ordered"], SHOP_ORDER_STATUS_CANCELLED],
    [["ordered", "cancelled", "ordered", "cancelled"], SHOP_ORDER_STATUS_CANCELLED],
  ] as const)("ends the same after %j", (events, status) => {
    expect(run(events.map((what) => news(what)))).toEqual({ ...whole, status });
  });

  test("exists before its order is heard of", () => {
    expect(run([news("deliveryStarted")])).toEqual({
      ...whole,
      eqpNm: "",
      orderedTime: undefined,
      status: SHOP_ORDER_STATUS_DELIVERY_STARTED,
    });
  });
});
