// What each consumer relies on, checked against what the provider really does: events as they lie in the provider's outbox, product's
// answers to pay, and pay's to order. A field that a provider stops filling, or a refusal that it adds, fails here and not in production.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CancelCause, Order, OrderServiceService } from "#gen/proto/mall/order/v1/order.ts";
import { PayServiceService, PayStatus } from "#gen/proto/mall/pay/v1/pay.ts";
import { Product, ProductServiceService } from "#gen/proto/mall/product/v1/product.ts";
import { Code } from "#mesh/service/codes.ts";
import { anId, eventContracts } from "#mesh/testing/event-contracts.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { rowsOf, type WithSql } from "#mesh/testing/placed-service.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { policies as deliveryPolicies } from "./delivery/policies.ts";
import { startDelivery, startOrder, startPay, startProduct } from "./in-process.ts";
import { payFailures } from "./order/errors.ts";
import { policies as orderPolicies } from "./order/policies.ts";
import { policies as orderstatusPolicies } from "./orderstatus/policies.ts";
import { OrderStatusStore } from "./orderstatus/store.ts";
import { productFailures } from "./pay/errors.ts";
import { policies as payPolicies } from "./pay/policies.ts";
import { policies as productPolicies } from "./product/policies.ts";

const servers = useServers();
let product: WithSql;
let pay: WithSql;
let order: WithSql;
let delivery: WithSql;
/** The orders of beforeAll. */
let received: bigint;
let cancelled: bigint;
let dry: bigint;

/** Of a product with four units, three are ordered, paid and received; three more have no stock; another order is cancelled. */
beforeAll(async () => {
  const place = () => servers.place("mall");
  product = await startProduct(place());
  pay = await startPay(place(), product.target);
  order = await startOrder(place(), pay.target);
  delivery = await startDelivery(place());
  const { createProduct, updateProduct } = ProductServiceService;
  const tv = Product.fromPartial({ name: "TV", price: 100n, qty: 4 });
  const { productId } = (await product.caller.call(createProduct, { product: tv })).response ?? { productId: 0n };
  const change = { product: Product.fromPartial({ productId, price: 200n }), updateMask: ["price"] };
  expect((await product.caller.call(updateProduct, change)).code).toBe(Code.OK);
  await eventually(async () => (await rowsOf(order, "SELECT 1 FROM product_copy WHERE price = 200")).length === 1);

  received = await ordered(productId);
  expect(await checked(received)).toBe(PayStatus.PAY_STATUS_CHECKED);
  await eventually(async () => {
    const { confirmReceipt } = OrderServiceService;
    return (await order.caller.call(confirmReceipt, { orderId: received })).code === Code.OK;
  });
  dry = await ordered(productId);
  expect(await checked(dry)).toBe(PayStatus.PAY_STATUS_CANCELED);
  cancelled = await ordered(productId);
  await payOf(cancelled);
  expect((await order.caller.call(OrderServiceService.cancelOrder, { orderId: cancelled })).code).toBe(Code.OK);
});

afterAll(async () => {
  for (const service of [order, pay, product, delivery]) await service?.stop();
});

async function ordered(productId: bigint): Promise<bigint> {
  const wish = Order.fromPartial({ productId, qty: 3, address: "Seoul", customerId: "kim" });
  const { response } = await order.caller.call(OrderServiceService.createOrder, { order: wish });
  return response?.orderId ?? 0n;
}

async function payOf(orderId: bigint): Promise<bigint> {
  return eventually(async () => {
    const { response } = await pay.caller.call(PayServiceService.listPays, { orderId });
    return response?.pays[0]?.payId;
  });
}

async function checked(orderId: bigint): Promise<PayStatus | undefined> {
  const payId = await payOf(orderId);
  return (await pay.caller.call(PayServiceService.checkPay, { payId })).response?.status;
}

const goods = { orderId: anId, productId: anId, productName: "TV", qty: 3, price: "200", address: "Seoul" };
const taken = { orderId: anId, productId: anId, name: "TV", qty: 3, address: "Seoul" };
const news = { productId: anId, name: "TV", price: expect.stringMatching(/^[12]00$/), version: anId };

eventContracts({
  providers: () => ({ product, pay, order, delivery }),
  consumers: {
    product: productPolicies,
    pay: payPolicies,
    order: orderPolicies,
    delivery: deliveryPolicies,
    orderstatus: orderstatusPolicies(new OrderStatusStore()),
  },
  expectations: [
    ["order", "product", "ProductRegistered", news],
    ["order", "product", "ProductUpdated", { ...news, price: "200" }],
    ["pay", "order", "OrderPlaced", goods],
    ["pay", "order", "OrderCanceled", { orderId: anId }],
    ["order", "pay", "PayCanceled", { orderId: anId, cause: expect.stringMatching(/^CANCEL_CAUSE_O/) }],
    ["delivery", "product", "QtyDecreased", taken],
    ["order", "delivery", "DeliveryStarted", { orderId: anId }],
    ["orderstatus", "order", "OrderPlaced", { ...goods, customerId: "kim", orderStatus: "ORDER_RECEIVED" }],
    ["orderstatus", "pay", "PayPlaced", { ...goods, payId: anId, amount: "600", orderStatus: "AWAITING_DEPOSIT" }],
    ["orderstatus", "pay", "PayChecked", { ...goods, payId: anId, amount: "600", orderStatus: "DEPOSIT_CONFIRMED" }],
    ["orderstatus", "pay", "PayCanceled", { orderId: anId, cause: expect.stringMatching(/^CANCEL_CAUSE_O/) }],
    ["orderstatus", "product", "QtyDecreased", { ...taken, remainingQty: 1, orderStatus: "GOODS_READY" }],
    ["orderstatus", "delivery", "DeliveryStarted", { orderId: anId, productId: anId, qty: 3, address: "Seoul" }],
    ["orderstatus", "order", "OrderCanceled", { orderId: anId, orderStatus: "ORDER_CANCELED" }],
    ["orderstatus", "order", "OrderClosed", { orderId: anId, orderStatus: "RECEIPT_CONFIRMED" }],
  ],
});

describe("events", () => {
  it("carry the order's id as correlation id, whoever tells them", async () => {
    const query = `SELECT DISTINCT correlation_id FROM mesh.outbox WHERE payload::json ->> 'orderId' IS NOT NULL ORDER BY 1`;
    const tellers = await Promise.all([order, pay, product, delivery].map((service) => rowsOf(service, query)));
    const [one, two, three] = [received, dry, cancelled].map((orderId) => [String(orderId)]);
    expect(tellers).toEqual([[one, two, three], [one, two, three], [one], [one]]);
  });
});

describe("pay relies on product", () => {
  const { createProduct, decreaseQty } = ProductServiceService;
  const parcel = { productName: "radio", address: "Seoul", qty: 2 };
  const take = (orderId: bigint, productId: bigint) =>
    product.caller.call(decreaseQty, { ...parcel, orderId, productId });

  it("to take the stock of an order once, and to refuse for good, by reasons that pay knows", async () => {
    const radio = Product.fromPartial({ name: "radio", price: 10n, qty: 3 });
    const { productId } = (await product.caller.call(createProduct, { product: radio })).response ?? { productId: 0n };
    const first = await take(1001n, productId);
    expect(first.response).toEqual({ remainingQty: 1, price: 10n });
    expect(await take(1001n, productId)).toEqual(first);

    const refused = [await take(1002n, productId), await take(1003n, 999n)];
    expect(refused.map(({ code }) => code)).toEqual([Code.FAILED_PRECONDITION, Code.NOT_FOUND]);
    expect(refused.map(({ reason }) => reason).sort()).toEqual(Object.keys(productFailures.refusals ?? {}).sort());
    await product.caller.call(ProductServiceService.adjustStock, { productId, delta: 5, requestId: randomUUID() });
    expect(await take(1002n, productId)).toMatchObject({ reason: "INSUFFICIENT_STOCK" });
  });
});

describe("order relies on pay", () => {
  const cancel = (orderId: bigint) => pay.caller.call(PayServiceService.cancelPay, { orderId });

  it("to cancel a deposit, also one that it has not heard of, and to tell the cause", async () => {
    const { CANCEL_CAUSE_ORDER_CANCELED, CANCEL_CAUSE_OUT_OF_STOCK } = CancelCause;
    const answers = [await cancel(2001n), await cancel(2001n), await cancel(cancelled), await cancel(dry)];
    const given = answers.map(({ response }) => [response?.status, response?.cancelCause]);
    const canceled = [PayStatus.PAY_STATUS_CANCELED, CANCEL_CAUSE_ORDER_CANCELED];
    const noStock = [PayStatus.PAY_STATUS_CANCELED, CANCEL_CAUSE_OUT_OF_STOCK];
    expect(given).toEqual([canceled, canceled, canceled, noStock]);
  });

  it("to refuse by reasons that order knows", async () => {
    const insert = `INSERT INTO pay (order_id, product_id, product_name, address, qty, price, status, step_time)
      VALUES (2002, 1, 'TV', 'Seoul', 3, 100, 'CHECKING', now() + interval '1 hour')`;
    await pay.sql.query(insert);
    const refused = [await cancel(2002n), await cancel(received)];
    for (const { code } of refused) expect(code).toBe(Code.FAILED_PRECONDITION);
    expect(refused.map(({ reason }) => reason).sort()).toEqual(Object.keys(payFailures.refusals ?? {}).sort());
  });
});
