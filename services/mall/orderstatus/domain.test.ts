import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OrderStatusKind } from "#gen/proto/mall/orderstatus/v1/orderstatus.ts";
import { type News, type OrderStatus, statusAfter } from "./domain.ts";

const kind = OrderStatusKind;
const details = { productId: 1n, productName: "TV", qty: 3, price: 100n, address: "Seoul" };

interface Event {
  readonly news: News;
  readonly second: number;
}

const event = (status: OrderStatusKind, second: number, more: Partial<News> = {}): Event => ({
  news: { orderId: 7n, kind: status, ...more },
  second,
});
const received = event(kind.ORDER_STATUS_KIND_ORDER_RECEIVED, 1, { ...details, customerId: "kim" });
const awaiting = event(kind.ORDER_STATUS_KIND_AWAITING_DEPOSIT, 2, details);
// Product commits before pay does.
const ready = event(kind.ORDER_STATUS_KIND_GOODS_READY, 3, { productId: 1n, qty: 3 });
const confirmed = event(kind.ORDER_STATUS_KIND_DEPOSIT_CONFIRMED, 4, details);
const inDelivery = event(kind.ORDER_STATUS_KIND_IN_DELIVERY, 5);
const closed = event(kind.ORDER_STATUS_KIND_RECEIPT_CONFIRMED, 6);
const canceled = event(kind.ORDER_STATUS_KIND_ORDER_CANCELED, 7);
const unpaid = event(kind.ORDER_STATUS_KIND_PAYMENT_CANCELED, 7);

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const run = (events: readonly Event[]) =>
  events.reduce<OrderStatus | undefined>((row, { news, second }) => statusAfter(row, news, at(second)), undefined);

describe("a row", () => {
  test("says in Korean what the document says, in its order", () => {
    const events = [received, awaiting, confirmed, ready, inDelivery, closed];
    const texts = events.map((_, index) => run(events.slice(0, index + 1))?.orderStatusText);
    expect(texts).toEqual(["주문접수", "입금확인대기", "입금확인완료", "상품준비완료", "배송중", "수령확인"]);
    expect(run([received, canceled])?.orderStatusText).toBe("주문취소");
    expect(run([received, awaiting, unpaid])?.orderStatusText).toBe("결제취소");
  });

  test("does not go back when the goods are ready before the deposit is confirmed", () => {
    expect(run([received, awaiting, ready, confirmed])?.orderStatusText).toBe("상품준비완료");
  });

  test.each([
    ["closed", [received, awaiting, ready, confirmed, inDelivery, closed], closed],
    ["cancelled", [received, awaiting, canceled], canceled],
    ["without stock", [received, awaiting, unpaid], unpaid],
  ])("of an order that ends %s is the same in whichever order and however often events come", (_, events, last) => {
    const expected = {
      ...details,
      orderId: 7n,
      customerId: "kim",
      orderStatus: last.news.kind,
      updateTime: at(last.second),
      history: events.map(({ news, second }) => ({ status: news.kind, time: at(second) })),
    };
    const shuffled = fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 });
    fc.assert(fc.property(shuffled, (some) => void expect(run(some)).toMatchObject(expected)));
  });

  test("exists before its order is heard of, with what is known", () => {
    expect(run([inDelivery])).toEqual({
      orderId: 7n,
      orderStatus: kind.ORDER_STATUS_KIND_IN_DELIVERY,
      orderStatusText: "배송중",
      productId: 0n,
      productName: "",
      qty: 0,
      price: 0n,
      address: "",
      customerId: "",
      updateTime: at(5),
      history: [{ status: kind.ORDER_STATUS_KIND_IN_DELIVERY, time: at(5) }],
    });
  });
});
