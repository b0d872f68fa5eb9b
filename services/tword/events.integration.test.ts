// What each service makes of events that come twice, in the wrong order, before their predecessors, and after it was away.
import { describe, expect, it } from "vitest";
import { DeliveryServiceService } from "#gen/proto/tword/delivery/v1/delivery.ts";
import { DeliveryStarted } from "#gen/proto/tword/delivery/v1/events.ts";
import { MypageServiceService } from "#gen/proto/tword/mypage/v1/mypage.ts";
import { OrderCancelled, Ordered } from "#gen/proto/tword/order/v1/events.ts";
import { EquipmentRegistered } from "#gen/proto/tword/shop/v1/events.ts";
import { EqpStatus, Equipment, ShopServiceService } from "#gen/proto/tword/shop/v1/shop.ts";
import { event } from "#mesh/service/event.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { rowsOf, untilHeard } from "#mesh/testing/placed-service.ts";
import { occurred } from "#mesh/testing/publish-event.ts";
import { caughtUp, readModelCatchesUp, thousandEvents } from "#mesh/testing/replicas.ts";
import { type SystemPlace, useServers } from "#mesh/testing/use-servers.ts";
import { startDelivery, startMessage, startMypage, startOrder, startShop, type WithSql } from "./in-process.ts";

const { EQP_STATUS_ORDER_AVAILABLE, EQP_STATUS_ORDERED, EQP_STATUS_DELIVERY_STARTED, EQP_STATUS_ORDER_CANCELLED } =
  EqpStatus;
const registered = event("tword.shop.v1.EquipmentRegistered", EquipmentRegistered);
const ordered = event("tword.order.v1.Ordered", Ordered);
const cancelled = event("tword.order.v1.OrderCancelled", OrderCancelled);
const started = event("tword.delivery.v1.DeliveryStarted", DeliveryStarted);

const servers = useServers();

/** What happens to order `id`, which takes the phone with serial number `id` of shop 1 for the `seq`th time. */
function lifeOf(id: bigint, { serial = id, seq = 1n } = {}) {
  const phone = { orderId: id, shopId: 1n, eqpSernum: serial, allocationSeq: seq };
  const whole = { ...phone, eqpNm: "galaxy_s21", customerId: "kim" };
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
  const about = (aggregateVersion: bigint) => ({ aggregateId: id, aggregateVersion });
  return {
    ordered: occurred(ordered, { ...whole, eqpStatus: EQP_STATUS_ORDERED }, about(2n), at(1)),
    cancelled: occurred(cancelled, { ...whole, eqpStatus: EQP_STATUS_ORDER_CANCELLED }, about(4n), at(2)),
    started: occurred(
      started,
      { ...phone, deliveryId: 100n + id, eqpStatus: EQP_STATUS_DELIVERY_STARTED },
      { ...about(3n), correlationId: id },
      at(3),
    ),
  };
}

describe("shop", () => {
  it("ends the same whichever way events come", async () => {
    const where = await servers.placeApart();
    await using shop = await startShop(where);
    for (let serial = 1n; serial <= 4n; serial += 1n) {
      const equipment = Equipment.fromPartial({ shopId: 1n, eqpNm: "galaxy_s21", eqpSernum: serial });
      expect((await shop.caller.call(ShopServiceService.createEquipment, { equipment })).code).toBe(0);
    }
    const [shipped, given, back, first, second] = [
      lifeOf(1n),
      lifeOf(2n),
      lifeOf(3n),
      lifeOf(4n),
      lifeOf(5n, { serial: 4n, seq: 2n }),
    ];
    await servers.publish(where, [
      ...[shipped.started, shipped.ordered, shipped.started, shipped.ordered],
      ...[given.ordered, given.cancelled, given.cancelled, given.ordered],
      ...[back.cancelled, back.ordered],
      // The second order has the phone already when the first one's cancel arrives.
      ...[second.ordered, first.ordered, first.cancelled],
    ]);
    await untilHeard(shop, 9);
    expect(await rowsOf(shop, "SELECT eqp_sernum, eqp_status FROM equipment ORDER BY 1")).toEqual([
      ["1", "DELIVERY_STARTED"],
      ["2", "ORDER_AVAILABLE"],
      ["3", "ORDER_AVAILABLE"],
      ["4", "ORDERED"],
    ]);
    const orders = "SELECT order_id, status, eqp_nm, ordered_time IS NOT NULL FROM shop_order ORDER BY 1";
    expect(await rowsOf(shop, orders)).toEqual([
      ["1", "DELIVERY_STARTED", "galaxy_s21", true],
      ["2", "CANCELLED", "galaxy_s21", true],
      ["3", "CANCELLED", "galaxy_s21", true],
      ["4", "CANCELLED", "galaxy_s21", true],
      ["5", "ORDERED", "galaxy_s21", true],
    ]);
    const { response } = await shop.caller.call(ShopServiceService.listEquipments, {
      eqpStatus: EQP_STATUS_ORDER_AVAILABLE,
    });
    expect(response?.equipments.map(({ eqpSernum }) => eqpSernum)).toEqual([3n, 2n]);
  });
});

describe("delivery", () => {
  it("lets an order be shipped once, however often and early it hears of it", async () => {
    const where = await servers.placeApart();
    await using delivery = await startDelivery(where);
    const { createDelivery, cancelDelivery } = DeliveryServiceService;
    const parcel = { shopId: 1n, eqpNm: "galaxy_s21", eqpSernum: 1n, allocationSeq: 1n };
    await delivery.caller.call(createDelivery, { ...parcel, orderId: 1n });
    await delivery.caller.call(cancelDelivery, { orderId: 2n });
    await servers.publish(
      where,
      [1n, 2n, 3n].flatMap((id) => [lifeOf(id).ordered, lifeOf(id).ordered]),
    );
    await untilHeard(delivery, 6);
    expect(await rowsOf(delivery, "SELECT order_id, status FROM delivery ORDER BY 1")).toEqual([
      ["1", "READY"],
      ["2", "CANCELLED"],
      ["3", "READY"],
    ]);
    expect((await delivery.caller.call(createDelivery, { ...parcel, orderId: 3n })).code).toBe(0);
    expect(await delivery.caller.call(createDelivery, { ...parcel, orderId: 2n })).toMatchObject({
      reason: "DELIVERY_CANCELLED",
      domain: "delivery.tword",
    });
  });
});

describe("order", () => {
  it("knows a phone once, and learns that it was shipped", async () => {
    const where = await servers.placeApart();
    await using order = await startOrder(where, "127.0.0.1:1");
    const phone = { shopId: 1n, eqpSernum: 1n, eqpNm: "galaxy_s21" };
    const message = { ...phone, eqpStatus: EQP_STATUS_ORDER_AVAILABLE, allocationSeq: 0n };
    const news = () => occurred(registered, message, { aggregateId: 1n, aggregateVersion: 1n });
    const first = news();
    await servers.publish(where, [lifeOf(99n).started, first, first, news()]);
    await untilHeard(order, 3);
    expect(await rowsOf(order, "SELECT eqp_sernum, state FROM orderable_equipment")).toEqual([["1", "FREE"]]);
    await order.sql.query(
      `INSERT INTO orders (order_id, shop_id, eqp_nm, eqp_sernum, allocation_seq, customer_id, status)
       VALUES (1001, 1, 'x', 11, 1, '', 'ORDERED'), (1002, 1, 'x', 12, 1, '', 'CANCELLED')`,
    );
    await servers.publish(where, [lifeOf(1001n).started, lifeOf(1001n).started, lifeOf(1002n).started]);
    await untilHeard(order, 6);
    expect(await rowsOf(order, "SELECT order_id, status, version FROM orders ORDER BY 1")).toEqual([
      ["1001", "DELIVERY_STARTED", "2"],
      ["1002", "CANCELLED", "1"],
    ]);
  });
});

const phones = (serial: bigint) => {
  const phone = { shopId: 1n, eqpSernum: serial, eqpNm: "galaxy_s21", allocationSeq: 0n };
  const message = { ...phone, eqpStatus: EQP_STATUS_ORDER_AVAILABLE };
  return occurred(registered, message, { aggregateId: serial, aggregateVersion: 1n });
};
const orders = (id: bigint) => lifeOf(id).ordered;

thousandEvents(servers, [
  ["shop", startShop, orders, "SELECT count(*)::int FROM shop_order WHERE status = 'ORDERED'"],
  ["order", (place) => startOrder(place, "127.0.0.1:1"), phones, "SELECT count(*)::int FROM orderable_equipment"],
  ["delivery", startDelivery, orders, "SELECT count(*)::int FROM delivery WHERE status = 'READY'"],
  ["message", startMessage, orders, "SELECT count(*)::int FROM message"],
]);

describe("message", () => {
  it("sends one message for a change, to the order's customer, with three replicas and everything twice", async () => {
    const lives = Array.from({ length: 150 }, (_, index) => lifeOf(BigInt(index + 1)));
    const backwards = [...lives.map((life) => life.started), ...lives.map((life) => life.ordered)];
    const counts = "SELECT kind, count(*)::int, count(DISTINCT order_id)::int FROM message GROUP BY kind ORDER BY kind";
    const recipients = "SELECT count(*)::int, min(customer_id) FROM recipient";
    const look = async (one: WithSql) => [await rowsOf(one, counts), await rowsOf(one, recipients)];
    expect(await caughtUp(servers, startMessage, [...backwards, ...backwards], look)).toEqual([
      [
        ["ORDERED", 150, 150],
        ["DELIVERY_STARTED", 150, 150],
      ],
      [[150, "kim"]],
    ]);
  });

  it("refuses a second message of a kind in the database", async () => {
    await using message = await startMessage(await servers.placeApart());
    const insert = (id: string) =>
      message.sql.query("INSERT INTO message (order_id, kind, content, event_id) VALUES (1, 'ORDERED', '', $1)", [id]);
    await insert("a");
    await expect(insert("b")).rejects.toThrow("message_order_id_kind_key");
  });
});

describe("my page", () => {
  async function statuses(where: SystemPlace, expected: number) {
    await using mypage = await startMypage(where);
    const pages = async () =>
      (await mypage.caller.call(MypageServiceService.listMypages, { pageSize: 1000 })).response?.mypages ?? [];
    // In this order: until there are pages, what has been applied may be a bucket's that is gone.
    await eventually(async () => (await pages()).length === expected && (await servers.lagOf(where, "mypage")) === 0);
    return (await pages()).map(({ orderId, eqpStatus, deliveryId }) => [orderId, eqpStatus, deliveryId]);
  }

  it("never goes backwards, catches up with a hundred events, and is the same when it is built again", async () => {
    const where = await servers.placeApart();
    const lives = Array.from({ length: 34 }, (_, index) => lifeOf(BigInt(index + 1)));
    const [last] = lives.splice(33);
    const shipped = lives.flatMap((life) => [life.started, life.ordered, life.started]);
    await servers.publish(where, [...shipped, ...(last ? [last.cancelled, last.ordered] : [])]);
    const expected: [bigint, EqpStatus, bigint][] = lives.map((_, index) => [
      BigInt(index + 1),
      EQP_STATUS_DELIVERY_STARTED,
      BigInt(101 + index),
    ]);
    expected.push([34n, EQP_STATUS_ORDER_CANCELLED, 0n]);
    expect(await statuses(where, 34)).toEqual(expected.reverse());

    await servers.deleteBucket(where, "mypage");
    expect(await statuses(where, 34)).toEqual(expected);
  });

  it("is the same in each of three replicas that were away while a thousand events passed", async () => {
    const lives = Array.from({ length: 500 }, (_, index) => lifeOf(BigInt(index + 1)));
    const events = lives.flatMap((life) => [life.ordered, life.started]);
    await readModelCatchesUp(servers, startMypage, events, {
      look: async ({ caller }) => (await caller.call(MypageServiceService.listMypages, { pageSize: 1000 })).response,
      found(list) {
        const pages = list?.mypages ?? [];
        expect(pages.map(({ orderId }) => orderId)).toEqual(lives.map((_, index) => BigInt(500 - index)));
        const states = pages.map(({ eqpStatus, customerId }) => `${eqpStatus} ${customerId}`);
        expect(new Set(states)).toEqual(new Set([`${EQP_STATUS_DELIVERY_STARTED} kim`]));
      },
    });
  });

  it("is built again when its bucket is deleted under it", async () => {
    const where = await servers.placeApart();
    await using mypage = await startMypage(where);
    const find = (orderId: bigint) => mypage.caller.call(MypageServiceService.getMypage, { orderId });
    await servers.publish(where, [lifeOf(1n).ordered]);
    await eventually(async () => (await find(1n)).code === 0);
    await servers.deleteBucket(where, "mypage");
    await servers.publish(where, [lifeOf(2n).ordered]);
    await eventually(async () => (await find(1n)).code === 0 && (await find(2n)).code === 0);
    expect(await find(3n)).toMatchObject({ reason: "MYPAGE_NOT_FOUND", resource: "3" });
  });
});
