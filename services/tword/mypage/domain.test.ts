import { describe, expect, test } from "vitest";
import { EqpStatus } from "#gen/proto/tword/shop/v1/shop.ts";
import { type News, type Page, pageAfter } from "./domain.ts";

const { EQP_STATUS_ORDERED, EQP_STATUS_DELIVERY_STARTED, EQP_STATUS_ORDER_CANCELLED } = EqpStatus;
const phone = { orderId: 7n, shopId: 1n, eqpSernum: 5n };
const details = { ...phone, eqpNm: "galaxy_s21", customerId: "kim" };
const ordered = { news: { ...details, eqpStatus: EQP_STATUS_ORDERED }, second: 1 };
const shipped = { news: { ...phone, deliveryId: 3n, eqpStatus: EQP_STATUS_DELIVERY_STARTED }, second: 2 };
const cancelled = { news: { ...details, eqpStatus: EQP_STATUS_ORDER_CANCELLED }, second: 3 };

interface Event {
  readonly news: News;
  readonly second: number;
}

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const run = (events: readonly Event[]) =>
  events.reduce<Page | undefined>((page, { news, second }) => pageAfter(page, news, at(second)), undefined);

describe("a page", () => {
  const shippedPage = { ...details, deliveryId: 3n, eqpStatus: EQP_STATUS_DELIVERY_STARTED, updateTime: at(2) };
  const cancelledPage = { ...details, deliveryId: 0n, eqpStatus: EQP_STATUS_ORDER_CANCELLED, updateTime: at(3) };

  test.each([
    ["in order", [ordered, shipped], shippedPage],
    ["reversed", [shipped, ordered], shippedPage],
    ["twice", [ordered, shipped, ordered, shipped], shippedPage],
    ["in order", [ordered, cancelled], cancelledPage],
    ["reversed", [cancelled, ordered], cancelledPage],
    ["twice", [cancelled, cancelled, ordered], cancelledPage],
  ])("is the same when events arrive %s: %#", (_, events, expected) => {
    expect(run(events)).toEqual(expected);
  });

  test("exists before its order is heard of, with what is known", () => {
    expect(run([shipped])).toEqual({
      ...phone,
      deliveryId: 3n,
      eqpNm: "",
      customerId: "",
      eqpStatus: EQP_STATUS_DELIVERY_STARTED,
      updateTime: at(2),
    });
  });
});
