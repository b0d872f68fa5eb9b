// What each consumer relies on, checked against what the provider really does: events as they lie in the provider's outbox, and
// delivery's answers to order. A field that a provider stops filling, or a refusal that it adds, fails here and not in production.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeliveryServiceService, DeliveryStatus } from "#gen/proto/tword/delivery/v1/delivery.ts";
import { Order, OrderServiceService } from "#gen/proto/tword/order/v1/order.ts";
import { Equipment, ShopServiceService } from "#gen/proto/tword/shop/v1/shop.ts";
import { Code } from "#mesh/service/codes.ts";
import { anId, eventContracts } from "#mesh/testing/event-contracts.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { policies as deliveryPolicies } from "./delivery/policies.ts";
import { startDelivery, startOrder, startShop, type WithSql } from "./in-process.ts";
import { policies as messagePolicies } from "./message/policies.ts";
import { policies as mypagePolicies } from "./mypage/policies.ts";
import { MypageStore } from "./mypage/store.ts";
import { deliveryFailures } from "./order/errors.ts";
import { policies as orderPolicies } from "./order/policies.ts";
import { policies as shopPolicies } from "./shop/policies.ts";

const servers = useServers();
let shop: WithSql;
let order: WithSql;
let delivery: WithSql;

/** A phone is registered, ordered and cancelled; ordered again and shipped. */
beforeAll(async () => {
  const place = () => servers.place("tword");
  shop = await startShop(place());
  delivery = await startDelivery(place());
  order = await startOrder(place(), delivery.target);
  const equipment = Equipment.fromPartial({ shopId: 1n, eqpNm: "galaxy_s21", eqpSernum: 5n });
  await shop.caller.call(ShopServiceService.createEquipment, { equipment });
  const wish = Order.fromPartial({ shopId: 1n, eqpNm: "galaxy_s21", customerId: "kim" });
  const take = () =>
    eventually(async () => (await order.caller.call(OrderServiceService.createOrder, { order: wish })).response);
  const { orderId } = await take();
  await order.caller.call(OrderServiceService.cancelOrder, { orderId });
  const second = await take();
  await eventually(async () => {
    const { response } = await delivery.caller.call(DeliveryServiceService.listDeliveries, { orderId: second.orderId });
    const deliveryId = response?.deliveries[0]?.deliveryId ?? 0n;
    return (await delivery.caller.call(DeliveryServiceService.startDelivery, { deliveryId })).code === Code.OK;
  });
});

afterAll(async () => {
  for (const service of [order, delivery, shop]) await service?.stop();
});

const id = anId;
const phone = { shopId: "1", eqpSernum: "5" };
const allocated = { ...phone, allocationSeq: id };

eventContracts({
  providers: () => ({ shop, order, delivery }),
  consumers: {
    shop: shopPolicies,
    order: orderPolicies,
    delivery: deliveryPolicies,
    message: messagePolicies,
    mypage: mypagePolicies(new MypageStore()),
  },
  expectations: [
    ["order", "shop", "EquipmentRegistered", { ...phone, eqpNm: "galaxy_s21" }],
    ["delivery", "order", "Ordered", { ...allocated, orderId: id, eqpNm: "galaxy_s21" }],
    ["shop", "order", "Ordered", { ...allocated, orderId: id, eqpNm: "galaxy_s21" }],
    ["message", "order", "Ordered", { ...phone, orderId: id, customerId: "kim" }],
    ["mypage", "order", "Ordered", { ...phone, orderId: id, eqpNm: "galaxy_s21", eqpStatus: "EQP_STATUS_ORDERED" }],
    ["shop", "order", "OrderCancelled", { ...allocated, orderId: id }],
    ["message", "order", "OrderCancelled", { ...phone, orderId: id, customerId: "kim" }],
    ["mypage", "order", "OrderCancelled", { ...phone, orderId: id, eqpStatus: "EQP_STATUS_ORDER_CANCELLED" }],
    ["order", "delivery", "DeliveryStarted", { orderId: id }],
    ["shop", "delivery", "DeliveryStarted", { ...allocated, orderId: id }],
    ["message", "delivery", "DeliveryStarted", { ...phone, orderId: id }],
    [
      "mypage",
      "delivery",
      "DeliveryStarted",
      { ...phone, orderId: id, deliveryId: id, eqpStatus: "EQP_STATUS_DELIVERY_STARTED" },
    ],
  ],
});

describe("events", () => {
  it("of an order carry its id as correlation id, and rising versions", async () => {
    const { rows } = await order.sql.query<Record<string, string>>(
      "SELECT aggregate_id, correlation_id, aggregate_version FROM mesh.outbox ORDER BY position",
    );
    for (const row of rows) expect(row["correlation_id"]).toBe(row["aggregate_id"]);
    expect(rows.map((row) => row["aggregate_version"])).toEqual(["2", "4", "2"]);
    const started = await delivery.sql.query<Record<string, string>>("SELECT correlation_id FROM mesh.outbox");
    expect(started.rows).toEqual([{ correlation_id: rows.at(-1)?.["aggregate_id"] }]);
  });
});

describe("order relies on delivery", () => {
  const { createDelivery, cancelDelivery } = DeliveryServiceService;
  const parcel = { shopId: 1n, eqpNm: "galaxy_s21", eqpSernum: 5n, allocationSeq: 1n };
  const create = (orderId: bigint) => delivery.caller.call(createDelivery, { ...parcel, orderId });
  const cancel = (orderId: bigint) => delivery.caller.call(cancelDelivery, { orderId });

  it("to hold a place once, and to cancel what it holds", async () => {
    const first = await create(1001n);
    expect(first.response).toMatchObject({ orderId: 1001n, status: DeliveryStatus.DELIVERY_STATUS_HELD });
    expect(await create(1001n)).toEqual(first);
    expect((await cancel(1001n)).response?.status).toBe(DeliveryStatus.DELIVERY_STATUS_CANCELLED);
    expect((await cancel(1001n)).code).toBe(Code.OK);
  });

  it("to remember a cancel that comes first, and to refuse by reasons that order knows", async () => {
    await cancel(1002n);
    const shipped = await delivery.sql.query<{ order_id: string }>(
      "SELECT order_id FROM delivery WHERE status = 'STARTED'",
    );
    const refusals = [await create(1002n), await cancel(BigInt(shipped.rows[0]?.order_id ?? 0))];
    for (const { code } of refusals) expect(code).toBe(Code.FAILED_PRECONDITION);
    expect(refusals.map(({ reason }) => reason).sort()).toEqual(Object.keys(deliveryFailures.refusals ?? {}).sort());
  });
});
