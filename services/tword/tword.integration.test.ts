// The five services in one process, on a real PostgreSQL and NATS, without proxies between them.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeliveryServiceService, DeliveryStatus } from "#gen/proto/tword/delivery/v1/delivery.ts";
import { MessageKind, MessageServiceService } from "#gen/proto/tword/message/v1/message.ts";
import { Mypage, MypageServiceService } from "#gen/proto/tword/mypage/v1/mypage.ts";
import { Order, OrderServiceService } from "#gen/proto/tword/order/v1/order.ts";
import { EqpStatus, Equipment, ShopOrderStatus, ShopServiceService } from "#gen/proto/tword/shop/v1/shop.ts";
import { Code } from "#mesh/service/codes.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import type { TestService } from "#mesh/testing/test-service.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { startDelivery, startMessage, startMypage, startOrder, startShop, type WithSql } from "./in-process.ts";
import { violations } from "./invariants.ts";

const servers = useServers();
let shop: WithSql;
let order: WithSql;
let delivery: WithSql;
let message: WithSql;
let mypage: TestService;

beforeAll(async () => {
  const place = () => servers.place("tword");
  delivery = await startDelivery(place());
  order = await startOrder(place(), delivery.target);
  [shop, message, mypage] = await Promise.all([startShop(place()), startMessage(place()), startMypage(place())]);
});

afterAll(async () => {
  for (const service of [order, shop, delivery, message, mypage]) await service?.stop();
});

let shops = 0n;

/** A shop of its own with phones 1 to `count`, all of which order has heard of. */
async function shopWith(count: number): Promise<bigint> {
  shops += 1n;
  const shopId = shops;
  for (let serial = 1; serial <= count; serial += 1) {
    const equipment = Equipment.fromPartial({ shopId, eqpNm: "galaxy_s21", eqpSernum: BigInt(serial) });
    const answer = await shop.caller.call(ShopServiceService.createEquipment, { equipment });
    expect(answer.response).toMatchObject({ shopId, eqpStatus: EqpStatus.EQP_STATUS_ORDER_AVAILABLE });
  }
  await eventually(async () => {
    const { response } = await order.caller.call(OrderServiceService.listOrderableEquipments, { shopId });
    return response?.orderableEquipments.length === count;
  });
  return shopId;
}

async function take(shopId: bigint): Promise<bigint> {
  const wish = Order.fromPartial({ shopId, eqpNm: "galaxy_s21", customerId: `customer-${shopId}` });
  const { response, reason } = await order.caller.call(OrderServiceService.createOrder, { order: wish });
  if (!response) throw new Error(`the order was refused: ${reason}`);
  return response.orderId;
}

const cancel = (orderId: bigint) => order.caller.call(OrderServiceService.cancelOrder, { orderId });
const ship = (deliveryId: bigint) => delivery.caller.call(DeliveryServiceService.startDelivery, { deliveryId });

/** The delivery of an order, once it may be shipped. */
async function ready(orderId: bigint): Promise<bigint> {
  const found = await eventually(async () => {
    const { response } = await delivery.caller.call(DeliveryServiceService.listDeliveries, { orderId });
    const [only] = response?.deliveries ?? [];
    return only?.status === DeliveryStatus.DELIVERY_STATUS_READY && only;
  });
  return found.deliveryId;
}

async function pageOf(orderId: bigint) {
  return (await mypage.caller.call(MypageServiceService.getMypage, { orderId })).response;
}

async function phonesOf(shopId: bigint) {
  return (await shop.caller.call(ShopServiceService.listEquipments, { shopId })).response?.equipments ?? [];
}

async function messagesOf(orderId: bigint) {
  return (await message.caller.call(MessageServiceService.listMessages, { orderId })).response?.messages ?? [];
}

/** Waits until T1 to T5 hold. */
async function untilQuiet(): Promise<void> {
  await eventually(async () => {
    const { response } = await mypage.caller.call(MypageServiceService.listMypages, { pageSize: 1000 });
    const pages = (response?.mypages ?? []).map(
      (page) => Mypage.toJSON(page) as { orderId: string; eqpStatus: string },
    );
    const databases = { shop: shop.sql, order: order.sql, delivery: delivery.sql, message: message.sql };
    expect(await violations(databases, pages)).toEqual([]);
    return true;
  });
}

describe("a phone's way", () => {
  it("goes from the order to the customer, and everybody sees it", async () => {
    const shopId = await shopWith(1);
    const orderId = await take(shopId);
    await eventually(async () => (await pageOf(orderId)) !== undefined);
    expect(await pageOf(orderId)).toMatchObject({
      eqpStatus: EqpStatus.EQP_STATUS_ORDERED,
      eqpNm: "galaxy_s21",
      customerId: `customer-${shopId}`,
    });
    const deliveryId = await ready(orderId);
    await eventually(async () => (await messagesOf(orderId)).length === 1);
    expect(await ship(deliveryId)).toMatchObject({
      code: Code.OK,
      response: { status: DeliveryStatus.DELIVERY_STATUS_STARTED, shopId, eqpSernum: 1n },
    });
    await untilQuiet();
    expect(await pageOf(orderId)).toMatchObject({ eqpStatus: EqpStatus.EQP_STATUS_DELIVERY_STARTED, deliveryId });
    expect(await phonesOf(shopId)).toMatchObject([{ eqpStatus: EqpStatus.EQP_STATUS_DELIVERY_STARTED }]);
    const kinds = (await messagesOf(orderId)).map(({ kind, recipient }) => [kind, recipient]);
    expect(kinds).toEqual([
      [MessageKind.MESSAGE_KIND_DELIVERY_STARTED, `customer-${shopId}`],
      [MessageKind.MESSAGE_KIND_ORDERED, `customer-${shopId}`],
    ]);
    expect(await ship(deliveryId)).toMatchObject({ reason: "DELIVERY_ALREADY_STARTED" });
    expect(await cancel(orderId)).toMatchObject({ reason: "DELIVERY_ALREADY_STARTED" });
  });

  it("ends with a cancel, and begins again with another order", async () => {
    const shopId = await shopWith(1);
    const first = await take(shopId);
    const deliveryId = await ready(first);
    expect((await cancel(first)).code).toBe(Code.OK);
    expect(await ship(deliveryId)).toMatchObject({ reason: "DELIVERY_CANCELLED" });
    const second = await take(shopId);
    await untilQuiet();
    expect(await phonesOf(shopId)).toMatchObject([{ eqpStatus: EqpStatus.EQP_STATUS_ORDERED }]);
    expect(await pageOf(first)).toMatchObject({ eqpStatus: EqpStatus.EQP_STATUS_ORDER_CANCELLED });
    const { response } = await shop.caller.call(ShopServiceService.listShopOrders, { shopId });
    expect(response?.shopOrders.map(({ orderId, status }) => [orderId, status])).toEqual([
      [second, ShopOrderStatus.SHOP_ORDER_STATUS_ORDERED],
      [first, ShopOrderStatus.SHOP_ORDER_STATUS_CANCELLED],
    ]);
  });

  it("has exactly one winner when a customer cancels while staff ship", async () => {
    const shopId = await shopWith(15);
    const orders: bigint[] = [];
    for (let count = 0; count < 15; count += 1) {
      const wish = Order.fromPartial({ shopId, eqpNm: "galaxy_s21" });
      const { response } = await order.caller.call(OrderServiceService.createOrder, { order: wish });
      orders.push(response?.orderId ?? 0n);
    }
    const deliveries = await Promise.all(orders.map(ready));
    const outcomes = await Promise.all(
      orders.map(async (orderId, index) => {
        const [cancelled, shipped] = await Promise.all([cancel(orderId), ship(deliveries[index] ?? 0n)]);
        return [cancelled.code === Code.OK, shipped.code === Code.OK];
      }),
    );
    for (const [cancelled, shipped] of outcomes) expect(cancelled).toBe(!shipped);
    await untilQuiet();
  });

  it("begins while shop is away", async () => {
    const shopId = await shopWith(1);
    await shop.stop();
    const orderId = await take(shopId);
    shop = await startShop({ url: shop.url, settings: { natsUrl: servers.nats.url, ns: "tword" } });
    await untilQuiet();
    expect((await pageOf(orderId))?.eqpStatus).toBe(EqpStatus.EQP_STATUS_ORDERED);
  });

  it("is seen again after message and my page were away", async () => {
    const shopId = await shopWith(3);
    await message.stop();
    await mypage.stop();
    const orderId = await take(shopId);
    expect((await cancel(orderId)).code).toBe(Code.OK);
    const settings = { natsUrl: servers.nats.url, ns: "tword" };
    message = await startMessage({ url: message.url, settings });
    mypage = await startMypage({ settings });
    await untilQuiet();
    expect(await messagesOf(orderId)).toHaveLength(2);
  });
});

describe("shop", () => {
  it("refuses a serial number that the shop has", async () => {
    const shopId = await shopWith(1);
    const equipment = Equipment.fromPartial({ shopId, eqpNm: "iphone_12", eqpSernum: 1n });
    expect(await shop.caller.call(ShopServiceService.createEquipment, { equipment })).toMatchObject({
      code: Code.ALREADY_EXISTS,
      reason: "EQUIPMENT_ALREADY_REGISTERED",
      details: expect.arrayContaining(["ResourceInfo"]),
    });
  });

  it("registers one phone for a request that is repeated, one after the other and all at once", async () => {
    shops += 1n;
    const equipment = Equipment.fromPartial({ shopId: shops, eqpNm: "galaxy_s21", eqpSernum: 1n });
    const request = { equipment, requestId: randomUUID() };
    const send = () => shop.caller.call(ShopServiceService.createEquipment, request);
    const answers = await Promise.all(Array.from({ length: 6 }, send));
    answers.push(await send());
    for (const answer of answers) expect(answer).toMatchObject({ code: Code.OK, response: answers[0]?.response ?? {} });
    const other = { ...request, equipment: { ...equipment, eqpSernum: 2n } };
    expect(await shop.caller.call(ShopServiceService.createEquipment, other)).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      reason: "REQUEST_ID_REUSED",
    });
    expect(await phonesOf(shops)).toHaveLength(1);
  });

  it("counts what each shop can sell", async () => {
    const shopId = await shopWith(2);
    await take(shopId);
    await untilQuiet();
    const { response } = await shop.caller.call(ShopServiceService.listShops, { pageSize: 1000 });
    expect(response?.shops.find((one) => one.shopId === shopId)).toEqual({ shopId, availableCount: 1n });
    const pages = await shop.caller.call(ShopServiceService.listShops, { pageSize: 1 });
    const next = await shop.caller.call(ShopServiceService.listShops, {
      pageSize: 1,
      pageToken: pages.response?.nextPageToken ?? "",
    });
    expect([pages, next].map(({ response: page }) => page?.shops[0]?.shopId)).toEqual([1n, 2n]);
  });
});
