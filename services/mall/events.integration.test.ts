// What each service makes of events that come twice, in the wrong order, before their predecessors, and after it was away.
import { describe, expect, it } from "vitest";
import { DeliveryStarted } from "#gen/proto/mall/delivery/v1/events.ts";
import { OrderCanceled, OrderClosed, OrderPlaced } from "#gen/proto/mall/order/v1/events.ts";
import { CancelCause } from "#gen/proto/mall/order/v1/order.ts";
import { OrderStatusServiceService } from "#gen/proto/mall/orderstatus/v1/orderstatus.ts";
import { PayCanceled, PayChecked, PayPlaced } from "#gen/proto/mall/pay/v1/events.ts";
import { PayServiceService } from "#gen/proto/mall/pay/v1/pay.ts";
import { ProductRegistered, ProductUpdated, QtyDecreased } from "#gen/proto/mall/product/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { rowsOf, untilHeard, type WithSql } from "#mesh/testing/placed-service.ts";
import { occurred } from "#mesh/testing/publish-event.ts";
import { caughtUp, readModelCatchesUp, thousandEvents } from "#mesh/testing/replicas.ts";
import { type SystemPlace, useServers } from "#mesh/testing/use-servers.ts";
import { startDelivery, startOrder, startOrderstatus, startPay } from "./in-process.ts";

const { CANCEL_CAUSE_ORDER_CANCELED, CANCEL_CAUSE_OUT_OF_STOCK } = CancelCause;
const orderPlaced = event("mall.order.v1.OrderPlaced", OrderPlaced);
const orderCanceled = event("mall.order.v1.OrderCanceled", OrderCanceled);
const orderClosed = event("mall.order.v1.OrderClosed", OrderClosed);
const payPlaced = event("mall.pay.v1.PayPlaced", PayPlaced);
const payChecked = event("mall.pay.v1.PayChecked", PayChecked);
const payCanceled = event("mall.pay.v1.PayCanceled", PayCanceled);
const qtyDecreased = event("mall.product.v1.QtyDecreased", QtyDecreased);
const registered = event("mall.product.v1.ProductRegistered", ProductRegistered);
const updated = event("mall.product.v1.ProductUpdated", ProductUpdated);
const deliveryStarted = event("mall.delivery.v1.DeliveryStarted", DeliveryStarted);

const servers = useServers();

/** What may happen to an order. */
function lifeOf(orderId: bigint) {
  const goods = { orderId, productId: 1n, productName: "TV", qty: 3, price: 100n, address: "Seoul" };
  const pay = { ...goods, payId: 100n + orderId, amount: 300n };
  const taken = { orderId, productId: 1n, name: "TV", qty: 3, remainingQty: 7, price: 999n, address: "Seoul" };
  const canceled = (cause: CancelCause) => ({ orderId, orderStatus: "", payId: 100n + orderId, cause });
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
  const about = { aggregateId: orderId, aggregateVersion: 1n };
  return {
    placed: occurred(orderPlaced, { ...goods, customerId: "kim", orderStatus: "ORDER_RECEIVED" }, about, at(1)),
    payPlaced: occurred(payPlaced, { ...pay, orderStatus: "AWAITING_DEPOSIT" }, about, at(2)),
    taken: occurred(qtyDecreased, { ...taken, orderStatus: "GOODS_READY" }, about, at(3)),
    checked: occurred(payChecked, { ...pay, orderStatus: "DEPOSIT_CONFIRMED" }, about, at(4)),
    started: occurred(
      deliveryStarted,
      { orderId, orderStatus: "IN_DELIVERY", deliveryId: 200n + orderId, productId: 1n, qty: 3, address: "Seoul" },
      about,
      at(5),
    ),
    closed: occurred(orderClosed, { orderId, orderStatus: "RECEIPT_CONFIRMED" }, about, at(6)),
    canceled: occurred(
      orderCanceled,
      { orderId, orderStatus: "ORDER_CANCELED", cause: CANCEL_CAUSE_ORDER_CANCELED },
      about,
      at(7),
    ),
    payCanceled: occurred(payCanceled, canceled(CANCEL_CAUSE_ORDER_CANCELED), about, at(6)),
    noStock: occurred(payCanceled, canceled(CANCEL_CAUSE_OUT_OF_STOCK), about, at(6)),
  };
}

describe("pay", () => {
  it("waits for one deposit an order, and for none of one that was cancelled before", async () => {
    const where = await servers.placeApart();
    await using pay = await startPay(where, "127.0.0.1:1");
    await pay.caller.call(PayServiceService.cancelPay, { orderId: 2n });
    const [one, two, three] = [lifeOf(1n), lifeOf(2n), lifeOf(3n)];
    await servers.publish(where, [
      one.placed,
      one.placed,
      lifeOf(1n).placed,
      two.canceled,
      two.placed,
      three.canceled,
      three.placed,
    ]);
    await untilHeard(pay, 6);
    expect(await rowsOf(pay, "SELECT order_id, status, cancel_cause FROM pay ORDER BY 1")).toEqual([
      ["1", "PLACED", null],
      ["2", "CANCELED", "ORDER_CANCELED"],
      ["3", "CANCELED", "ORDER_CANCELED"],
    ]);
    expect(await rowsOf(pay, "SELECT subject, count(*)::int FROM mesh.outbox GROUP BY 1 ORDER BY 1")).toEqual([
      ["pay.PayCanceled", 2],
      ["pay.PayPlaced", 1],
    ]);
  });
});

describe("order", () => {
  it("keeps the newest of what it hears of a product", async () => {
    const where = await servers.placeApart();
    await using order = await startOrder(where, "127.0.0.1:1");
    const news = (price: bigint, version: bigint) => ({ productId: 1n, name: "TV", price, version });
    const about = (aggregateVersion: bigint) => ({ aggregateId: 1n, aggregateVersion });
    const first = occurred(registered, news(100n, 1n), about(1n));
    const second = occurred(updated, news(200n, 2n), about(2n));
    await servers.publish(where, [second, first, second, first, occurred(updated, news(300n, 5n), about(5n)), second]);
    await untilHeard(order, 3);
    expect(await rowsOf(order, "SELECT product_id, price, version FROM product_copy")).toEqual([["1", "300", "5"]]);
  });

  it("follows pay and delivery, and never goes back", async () => {
    const where = await servers.placeApart();
    await using order = await startOrder(where, "127.0.0.1:1");
    const insert = `INSERT INTO orders (order_id, product_id, product_name, qty, price, address, customer_id, status, cancel_cause)
      VALUES ($1, 1, 'TV', 3, 100, 'Seoul', '', $2, $3)`;
    const states = ["PLACED", "PLACED", "CANCEL_REQUESTED", "CANCEL_REQUESTED", "CANCELED", "CLOSED", "PLACED"];
    for (const [index, status] of states.entries()) {
      await order.sql.query(insert, [index + 1, status, status === "CANCELED" ? "ORDER_CANCELED" : null]);
    }
    const lives = states.map((_, index) => lifeOf(BigInt(index + 1)));
    const [shipped, dry, alsoShipped, alsoDry, cancelled, closed, own] = lives as [
      Life,
      Life,
      Life,
      Life,
      Life,
      Life,
      Life,
    ];
    await servers.publish(where, [
      ...[shipped.started, shipped.started, dry.noStock, dry.noStock, alsoShipped.started, alsoDry.noStock],
      ...[cancelled.payCanceled, closed.started, own.payCanceled, lifeOf(99n).started, lifeOf(99n).noStock],
    ]);
    await untilHeard(order, 9);
    expect(await rowsOf(order, "SELECT order_id, status, cancel_cause, version FROM orders ORDER BY 1")).toEqual([
      ["1", "DELIVERING", null, "2"],
      ["2", "CANCELED", "OUT_OF_STOCK", "2"],
      ["3", "DELIVERING", null, "2"],
      ["4", "CANCELED", "OUT_OF_STOCK", "2"],
      ["5", "CANCELED", "ORDER_CANCELED", "1"],
      ["6", "CLOSED", null, "1"],
      ["7", "PLACED", null, "1"],
    ]);
  });
});

describe("delivery", () => {
  it("delivers each order once, with three replicas and everything twice", async () => {
    const taken = Array.from({ length: 100 }, (_, index) => lifeOf(BigInt(index + 1)).taken);
    const counts = "SELECT count(*)::int, count(DISTINCT order_id)::int, min(product_name), min(qty) FROM delivery";
    const events = "SELECT count(*)::int FROM mesh.outbox WHERE subject = 'delivery.DeliveryStarted'";
    const look = async (one: WithSql) => [await rowsOf(one, counts), await rowsOf(one, events)];
    const found = await caughtUp(servers, startDelivery, [...taken, ...taken.toReversed()], look);
    expect(found).toEqual([[[100, 100, "TV", 3]], [[100]]]);
  });
});

const products = (productId: bigint) => {
  const news = { productId, name: "TV", price: 100n, version: 1n };
  return occurred(registered, news, { aggregateId: productId, aggregateVersion: 1n });
};

thousandEvents(servers, [
  ["order", (place) => startOrder(place, "127.0.0.1:1"), products, "SELECT count(*)::int FROM product_copy"],
  [
    "pay",
    (place) => startPay(place, "127.0.0.1:1"),
    (id) => lifeOf(id).placed,
    "SELECT count(DISTINCT order_id)::int FROM pay WHERE status = 'PLACED'",
  ],
  ["delivery", startDelivery, (id) => lifeOf(id).taken, "SELECT count(*)::int FROM delivery"],
]);

describe("the status screen", () => {
  type Row = [bigint, string, string, number];

  async function rows(where: SystemPlace, expected: Row[]): Promise<void> {
    await using orderstatus = await startOrderstatus(where);
    await eventually(async () => {
      const { response } = await orderstatus.caller.call(OrderStatusServiceService.listOrderStatuses, {
        pageSize: 1000,
      });
      const found = (response?.orderStatuses ?? []).map(({ orderId, orderStatusText, customerId, price, history }) => [
        orderId,
        `${orderStatusText} ${price}`,
        customerId,
        history.length,
      ]);
      expect(found).toEqual(expected);
      return true;
    });
  }

  it("never goes backwards, catches up with a hundred events, and is the same when it is built again", async () => {
    const where = await servers.placeApart();
    const closed = Array.from({ length: 15 }, (_, index) => lifeOf(BigInt(index + 1)));
    const events = closed.flatMap(({ placed, payPlaced: waits, taken, checked, started, closed: last }) => [
      ...[last, started, checked, taken, waits, placed],
      ...[taken, last],
    ]);
    const [cancelled, dry, ready] = [lifeOf(16n), lifeOf(17n), lifeOf(18n)];
    events.push(cancelled.canceled, cancelled.payCanceled, cancelled.placed, cancelled.payPlaced);
    events.push(dry.noStock, dry.placed, dry.payPlaced);
    events.push(ready.placed, ready.payPlaced, ready.taken, ready.checked);
    await servers.publish(where, events);
    const expected: Row[] = [
      [18n, "상품준비완료 100", "kim", 4],
      [17n, "결제취소 100", "kim", 3],
      [16n, "주문취소 100", "kim", 3],
      ...closed.map((_, index): Row => [BigInt(15 - index), "수령확인 100", "kim", 6]),
    ];
    await rows(where, expected);

    await servers.deleteBucket(where, "orderstatus");
    await rows(where, expected);
  });

  it("is the same in each of three replicas that were away while a thousand events passed", async () => {
    const lives = Array.from({ length: 200 }, (_, index) => lifeOf(BigInt(index + 1)));
    const events = lives.flatMap((life) => [life.placed, life.payPlaced, life.taken, life.checked, life.started]);
    await readModelCatchesUp(servers, startOrderstatus, events, {
      look: async ({ caller }) =>
        (await caller.call(OrderStatusServiceService.listOrderStatuses, { pageSize: 1000 })).response,
      found(list) {
        const shown = (list?.orderStatuses ?? []).map(({ orderId, orderStatusText, customerId, history }) => [
          orderId,
          `${orderStatusText} ${customerId} ${history.length}`,
        ]);
        expect(shown).toEqual(lives.map((_, index) => [BigInt(200 - index), "배송중 kim 5"]));
      },
    });
  });
});

type Life = ReturnType<typeof lifeOf>;
