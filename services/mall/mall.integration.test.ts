// The five services in one process, on a real PostgreSQL and NATS, without proxies between them.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeliveryServiceService } from "#gen/proto/mall/delivery/v1/delivery.ts";
import { CancelCause, Order, OrderServiceService, OrderStatus } from "#gen/proto/mall/order/v1/order.ts";
import { OrderStatusServiceService, OrderStatus as Screen } from "#gen/proto/mall/orderstatus/v1/orderstatus.ts";
import { PayServiceService, PayStatus } from "#gen/proto/mall/pay/v1/pay.ts";
import { Product, ProductServiceService } from "#gen/proto/mall/product/v1/product.ts";
import { Code } from "#mesh/service/codes.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { onceStale } from "#mesh/testing/placed-service.ts";
import type { TestService } from "#mesh/testing/test-service.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { startDelivery, startOrder, startOrderstatus, startPay, startProduct, type WithSql } from "./in-process.ts";
import { type ShownStatus, violations } from "./invariants.ts";

const servers = useServers();
let order: WithSql;
let pay: WithSql;
let product: WithSql;
let delivery: WithSql;
let orderstatus: TestService;

beforeAll(async () => {
  const place = () => servers.place("mall");
  product = await startProduct(place());
  pay = await startPay(place(), product.target);
  order = await startOrder(place(), pay.target);
  [delivery, orderstatus] = await Promise.all([startDelivery(place()), startOrderstatus(place())]);
});

afterAll(async () => {
  for (const service of [order, pay, product, delivery, orderstatus]) await service?.stop();
});

const productService = ProductServiceService;
const orderService = OrderServiceService;
const payService = PayServiceService;

/** A product with so many units, of which order has heard. */
async function productWith(qty: number): Promise<bigint> {
  const tv = Product.fromPartial({ name: "TV", price: 100n, qty });
  const { response } = await product.caller.call(productService.createProduct, { product: tv });
  const productId = response?.productId ?? 0n;
  await eventually(async () => {
    const { rowCount } = await order.sql.query("SELECT 1 FROM product_copy WHERE product_id = $1", [productId]);
    return rowCount === 1;
  });
  return productId;
}

async function place(productId: bigint, qty = 1): Promise<bigint> {
  const wish = Order.fromPartial({ productId, qty, address: "Seoul", customerId: `customer-${productId}` });
  const { response, reason } = await order.caller.call(orderService.createOrder, { order: wish });
  if (!response) throw new Error(`the order was refused: ${reason}`);
  return response.orderId;
}

/** The deposit of an order, once pay waits for it. */
async function payOf(orderId: bigint): Promise<bigint> {
  const found = await eventually(async () => {
    const { response } = await pay.caller.call(payService.listPays, { orderId });
    return response?.pays[0];
  });
  return found.payId;
}

const check = (payId: bigint) => pay.caller.call(payService.checkPay, { payId });
const cancel = (orderId: bigint) => order.caller.call(orderService.cancelOrder, { orderId });
const receive = (orderId: bigint) => order.caller.call(orderService.confirmReceipt, { orderId });
const orderOf = async (orderId: bigint) => (await order.caller.call(orderService.getOrder, { orderId })).response;
const stockOf = async (productId: bigint) =>
  (await product.caller.call(productService.getProduct, { productId })).response?.qty;
const textOf = async (orderId: bigint) =>
  (await orderstatus.caller.call(OrderStatusServiceService.getOrderStatus, { orderId })).response?.orderStatusText;

const untilShown = (orderId: bigint, text: string) => eventually(async () => (await textOf(orderId)) === text);

/** Waits until M1 to M4 and M6 hold. */
async function untilQuiet(): Promise<void> {
  await eventually(async () => {
    const { response } = await orderstatus.caller.call(OrderStatusServiceService.listOrderStatuses, { pageSize: 1000 });
    const shown = (response?.orderStatuses ?? []).map((row) => Screen.toJSON(row) as ShownStatus);
    const databases = { order: order.sql, pay: pay.sql, product: product.sql, delivery: delivery.sql };
    expect(await violations(databases, shown)).toEqual([]);
    return true;
  });
}

describe("an order's way", () => {
  it("goes from the order to the receipt, and the customer watches it", async () => {
    const productId = await productWith(10_000);
    const orderId = await place(productId, 3);
    const payId = await payOf(orderId);
    await untilShown(orderId, "입금확인대기");
    expect((await check(payId)).response).toMatchObject({ status: PayStatus.PAY_STATUS_CHECKED, amount: 300n });
    expect(await stockOf(productId)).toBe(9_997);
    await untilShown(orderId, "배송중");
    await eventually(async () => (await orderOf(orderId))?.status === OrderStatus.ORDER_STATUS_DELIVERING);
    const parcels = await delivery.caller.call(DeliveryServiceService.listDeliveries, { orderId });
    expect(parcels.response?.deliveries).toMatchObject([{ productId, productName: "TV", qty: 3, address: "Seoul" }]);
    expect((await receive(orderId)).response?.status).toBe(OrderStatus.ORDER_STATUS_CLOSED);
    await untilShown(orderId, "수령확인");
    await untilQuiet();
    // What is shown is where the order is; the screen may hear of the steps before it later.
    const { response } = await eventually(async () => {
      const answer = await orderstatus.caller.call(OrderStatusServiceService.getOrderStatus, { orderId });
      return answer.response?.history.length === 6 && answer;
    });
    expect(response).toMatchObject({ productName: "TV", qty: 3, price: 100n, customerId: `customer-${productId}` });
    expect(response?.history.map(({ status }) => status).sort()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await cancel(orderId)).toMatchObject({ reason: "ORDER_CLOSED" });
    expect(await receive(orderId)).toMatchObject({ reason: "ORDER_ALREADY_CLOSED" });
  });

  it("ends with the customer's cancel, before the deposit is confirmed", async () => {
    const productId = await productWith(5);
    const orderId = await place(productId);
    const payId = await payOf(orderId);
    expect((await cancel(orderId)).response).toMatchObject({ status: OrderStatus.ORDER_STATUS_CANCELED });
    expect(await check(payId)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "PAYMENT_CANCELED" });
    await untilShown(orderId, "주문취소");
    await untilQuiet();
    expect(await stockOf(productId)).toBe(5);
  });

  it("ends when there is no stock, and the order says why", async () => {
    const productId = await productWith(1);
    const orderId = await place(productId, 2);
    const cause = CancelCause.CANCEL_CAUSE_OUT_OF_STOCK;
    const answer = await check(await payOf(orderId));
    expect(answer).toMatchObject({ code: 0, response: { status: PayStatus.PAY_STATUS_CANCELED, cancelCause: cause } });
    await untilShown(orderId, "결제취소");
    await untilQuiet();
    expect(await orderOf(orderId)).toMatchObject({ cancelCause: cause });
    expect(await stockOf(productId)).toBe(1);
    expect(await cancel(orderId)).toMatchObject({ reason: "ORDER_ALREADY_CANCELED" });
  });

  it("cannot be cancelled once the deposit is confirmed", async () => {
    const orderId = await place(await productWith(5));
    await check(await payOf(orderId));
    expect(await cancel(orderId)).toMatchObject({ reason: "PAYMENT_ALREADY_CHECKED" });
    await untilQuiet();
    expect((await orderOf(orderId))?.status).toBe(OrderStatus.ORDER_STATUS_DELIVERING);
  });
});

describe("races", () => {
  it("gives the last unit to exactly one of fifty checks", async () => {
    const productId = await productWith(1);
    const orders = await Promise.all(Array.from({ length: 50 }, () => place(productId)));
    const pays = await Promise.all(orders.map(payOf));
    const answers = await Promise.all(pays.map(check));
    const statuses = answers.map(({ response }) => response?.status);
    expect(statuses.filter((status) => status === PayStatus.PAY_STATUS_CHECKED)).toHaveLength(1);
    expect(statuses.filter((status) => status === PayStatus.PAY_STATUS_CANCELED)).toHaveLength(49);
    await untilQuiet();
    expect(await stockOf(productId)).toBe(0);
  });

  it("has exactly one winner when a customer cancels while the seller confirms", async () => {
    const productId = await productWith(1_000);
    const orders = await Promise.all(Array.from({ length: 15 }, () => place(productId)));
    const pays = await Promise.all(orders.map(payOf));
    const outcomes = await Promise.all(
      orders.map(async (orderId, index) => {
        const [cancelled, checked] = await Promise.all([cancel(orderId), check(pays[index] ?? 0n)]);
        return [cancelled.code === Code.OK, checked.code === Code.OK];
      }),
    );
    for (const [cancelled, checked] of outcomes) expect(cancelled).toBe(!checked);
    await untilQuiet();
    expect(await stockOf(productId)).toBe(1_000 - outcomes.filter(([, checked]) => checked).length);
  });

  it("lets several sellers confirm one deposit at once, with one effect", async () => {
    const productId = await productWith(5);
    const payId = await payOf(await place(productId));
    const answers = await Promise.all(Array.from({ length: 8 }, () => check(payId)));
    expect(answers.some(({ code }) => code === Code.OK)).toBe(true);
    for (const { code, reason } of answers) if (code !== Code.OK) expect(reason).toBe("PAYMENT_ALREADY_CHECKED");
    await untilQuiet();
    expect(await stockOf(productId)).toBe(4);
  });
});

describe("services that are away", () => {
  const settings = () => ({ natsUrl: servers.nats.url, ns: "mall" });

  it("do not keep orders from being taken, and catch up", async () => {
    const productId = await productWith(5);
    for (const service of [pay, product, delivery]) await service.stop();
    const orderId = await place(productId);
    await untilShown(orderId, "주문접수");
    expect(await cancel(orderId)).toMatchObject({ code: Code.UNAVAILABLE, reason: "PAY_UNAVAILABLE" });
    // At the addresses where the others know them.
    product = await startProduct({ url: product.url, settings: { ...settings(), listen: product.target } });
    pay = await startPay({ url: pay.url, settings: { ...settings(), listen: pay.target } }, product.target);
    delivery = await startDelivery({ url: delivery.url, settings: settings() });
    // The worker finishes the cancel.
    await onceStale(order, ["orders", "order_id", orderId], async () => (await textOf(orderId)) === "주문취소");
    const next = await place(productId);
    expect((await check(await payOf(next))).response?.status).toBe(PayStatus.PAY_STATUS_CHECKED);
    await untilQuiet();
  });

  it("are shown in the end when the status screen was away", async () => {
    const productId = await productWith(5);
    await orderstatus.stop();
    const orderId = await place(productId);
    await check(await payOf(orderId));
    orderstatus = await startOrderstatus({ settings: settings() });
    await untilShown(orderId, "배송중");
    await untilQuiet();
  });
});

describe("confirming by itself", () => {
  it("confirms every deposit when pay is told to", async () => {
    const productId = await productWith(2);
    const settings = { natsUrl: servers.nats.url, ns: "mall", listen: pay.target };
    await pay.stop();
    pay = await startPay({ url: pay.url, settings }, product.target, { autoCheck: true });
    const orders = [await place(productId), await place(productId), await place(productId)];
    await eventually(async () => {
      const found = await Promise.all(orders.map(orderOf));
      return (
        found
          .map((one) => one?.status)
          .sort()
          .join() === "3,4,4"
      );
    });
    await untilQuiet();
    expect(await stockOf(productId)).toBe(0);
  });
});
