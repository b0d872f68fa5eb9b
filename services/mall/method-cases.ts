// Every method's success and its refusals, once by gRPC and once by REST. mall.e2e.test.ts runs them on the whole system.
import { randomUUID } from "node:crypto";
import { DeliveryServiceService as delivery } from "#gen/proto/mall/delivery/v1/delivery.ts";
import { Order, OrderServiceService as order } from "#gen/proto/mall/order/v1/order.ts";
import { OrderStatusServiceService as orderstatus } from "#gen/proto/mall/orderstatus/v1/orderstatus.ts";
import { PayStatus, PayServiceService as pay } from "#gen/proto/mall/pay/v1/pay.ts";
import { Product, ProductServiceService as product } from "#gen/proto/mall/product/v1/product.ts";
import {
  badPages,
  failedPrecondition,
  invalid,
  type MethodCase,
  methodCase,
  notFound,
  repeatable,
} from "#mesh/testing/method-case.ts";

/** What the cases find. */
export interface World {
  /** A product with units, of which order has heard. */
  readonly productId: bigint;
  /** An order of "placed" whose deposit is waited for. */
  readonly placed: { readonly orderId: bigint; readonly payId: bigint };
  readonly cancelled: { readonly orderId: bigint; readonly payId: bigint };
  /** An order on its way, and one that was received. */
  readonly delivering: { readonly orderId: bigint; readonly payId: bigint; readonly deliveryId: bigint };
  readonly closed: bigint;
  /** Orders that may be cancelled, deposits that may be confirmed, orders that may be received; each is given once. */
  openOrder(): bigint;
  openPay(): bigint;
  arriving(): bigint;
  /** An id that nothing has. */
  readonly nowhere: bigint;
}

const wish = (fields: Partial<Order>) => Order.fromPartial({ qty: 1, address: "Seoul", ...fields });
const list = (field: string, item: object) => ({ [field]: [item] });

const orderCases: MethodCase<World>[] = [
  methodCase(order.createOrder, "takes an order", (world) => ({ order: wish({ productId: world.productId }) }), {
    rest: (world) => [
      "POST",
      "/orders",
      { productId: `${world.productId}`, productName: "x", address: "Seoul", qty: 1 },
    ],
    code: "OK",
    answer: () => ({ productName: "TV", price: "100", status: "ORDER_STATUS_PLACED" }),
  }),
  methodCase(order.createOrder, "knows no such product", (world) => ({ order: wish({ productId: world.nowhere }) }), {
    rest: (world) => ["POST", "/v1/orders", { productId: `${world.nowhere}`, address: "Seoul", qty: 1 }],
    ...notFound("PRODUCT_NOT_FOUND"),
  }),
  methodCase(
    order.createOrder,
    "refuses another price",
    (world) => ({ order: wish({ productId: world.productId, price: 99n }) }),
    {
      rest: (world) => ["POST", "/v1/orders", { productId: `${world.productId}`, address: "Seoul", qty: 1, price: 99 }],
      ...failedPrecondition("PRICE_CHANGED"),
    },
  ),
  methodCase(
    order.createOrder,
    "tells all violations at once",
    () => ({ order: Order.fromPartial({ qty: 1001 }), requestId: "no" }),
    {
      rest: () => ["POST", "/v1/orders?requestId=no", { qty: 1001 }],
      code: "INVALID_ARGUMENT",
      reason: "INVALID_REQUEST",
      violations: [
        "order.product_id INVALID_ID",
        "order.qty OUT_OF_RANGE",
        "order.address REQUIRED",
        "request_id INVALID_REQUEST_ID",
      ],
    },
  ),
  methodCase(order.getOrder, "returns an order", (world) => ({ orderId: world.closed }), {
    rest: (world) => ["GET", `/orders/${world.closed}`],
    code: "OK",
    answer: () => ({ status: "ORDER_STATUS_CLOSED" }),
  }),
  methodCase(order.getOrder, "knows no such order", (world) => ({ orderId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/orders/${world.nowhere}`],
    ...notFound("ORDER_NOT_FOUND"),
  }),
  methodCase(order.listOrders, "lists by customer", () => ({ customerId: "placed", pageSize: 1 }), {
    rest: () => ["GET", "/orders?customerId=placed&pageSize=1&utm_source=x"],
    code: "OK",
    answer: () => list("orders", { customerId: "placed" }),
  }),
  ...badPages<World, typeof order.listOrders>(order.listOrders, "/v1/orders"),
  methodCase(order.cancelOrder, "cancels an order", (world) => repeatable({ orderId: world.openOrder() }), {
    rest: (world) => ["POST", `/v1/orders/${world.openOrder()}:cancel`, repeatable({})],
    code: "OK",
    answer: () => ({ status: "ORDER_STATUS_CANCELED", cancelCause: "CANCEL_CAUSE_ORDER_CANCELED" }),
  }),
  methodCase(order.cancelOrder, "refuses to cancel twice", (world) => ({ orderId: world.cancelled.orderId }), {
    rest: (world) => ["POST", `/v1/orders/${world.cancelled.orderId}:cancel`, {}],
    ...failedPrecondition("ORDER_ALREADY_CANCELED"),
  }),
  methodCase(order.cancelOrder, "refuses after the deposit", (world) => ({ orderId: world.delivering.orderId }), {
    rest: (world) => ["POST", `/v1/orders/${world.delivering.orderId}:cancel`, {}],
    ...failedPrecondition("PAYMENT_ALREADY_CHECKED"),
  }),
  methodCase(order.cancelOrder, "refuses after the receipt", (world) => ({ orderId: world.closed }), {
    rest: (world) => ["POST", `/v1/orders/${world.closed}:cancel`, {}],
    ...failedPrecondition("ORDER_CLOSED"),
  }),
  methodCase(order.confirmReceipt, "closes an order", (world) => ({ orderId: world.arriving() }), {
    rest: (world) => ["POST", `/v1/orders/${world.arriving()}:confirmReceipt`, {}],
    code: "OK",
    answer: () => ({ status: "ORDER_STATUS_CLOSED" }),
  }),
  methodCase(order.confirmReceipt, "waits for the delivery", (world) => ({ orderId: world.placed.orderId }), {
    rest: (world) => ["POST", `/v1/orders/${world.placed.orderId}:confirmReceipt`, {}],
    ...failedPrecondition("NOT_IN_DELIVERY"),
  }),
  methodCase(order.confirmReceipt, "refuses to close twice", (world) => ({ orderId: world.closed }), {
    rest: (world) => ["POST", `/v1/orders/${world.closed}:confirmReceipt`, {}],
    ...failedPrecondition("ORDER_ALREADY_CLOSED"),
  }),
  methodCase(order.confirmReceipt, "refuses what is cancelled", (world) => ({ orderId: world.cancelled.orderId }), {
    rest: (world) => ["POST", `/v1/orders/${world.cancelled.orderId}:confirmReceipt`, {}],
    ...failedPrecondition("ORDER_ALREADY_CANCELED"),
  }),
];

const payCases: MethodCase<World>[] = [
  methodCase(pay.getPay, "returns a deposit", (world) => ({ payId: world.placed.payId }), {
    rest: (world) => ["GET", `/pays/${world.placed.payId}`],
    code: "OK",
    answer: (world) => ({ orderId: `${world.placed.orderId}`, status: "PAY_STATUS_PLACED", amount: "100" }),
  }),
  methodCase(pay.getPay, "knows no such deposit", (world) => ({ payId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/pays/${world.nowhere}`],
    ...notFound("PAY_NOT_FOUND"),
  }),
  methodCase(
    pay.listPays,
    "lists by state and order",
    (world) => ({ status: PayStatus.PAY_STATUS_PLACED, orderId: world.placed.orderId }),
    {
      rest: (world) => ["GET", `/pays?status=PAY_STATUS_PLACED&orderId=${world.placed.orderId}`],
      code: "OK",
      answer: (world) => list("pays", { payId: `${world.placed.payId}` }),
    },
  ),
  ...badPages<World, typeof pay.listPays>(pay.listPays, "/v1/pays"),
  methodCase(pay.checkPay, "confirms a deposit", (world) => repeatable({ payId: world.openPay() }), {
    rest: (world) => ["POST", `/v1/pays/${world.openPay()}:check`, repeatable({})],
    code: "OK",
    answer: () => ({ status: "PAY_STATUS_CHECKED" }),
  }),
  methodCase(pay.checkPay, "refuses to confirm twice", (world) => ({ payId: world.delivering.payId }), {
    rest: (world) => ["POST", `/v1/pays/${world.delivering.payId}:check`, {}],
    ...failedPrecondition("PAYMENT_ALREADY_CHECKED"),
  }),
  methodCase(pay.checkPay, "refuses after a cancel", (world) => ({ payId: world.cancelled.payId }), {
    rest: (world) => ["POST", `/v1/pays/${world.cancelled.payId}:check`, {}],
    ...failedPrecondition("PAYMENT_CANCELED"),
  }),
];

const productCases: MethodCase<World>[] = [
  methodCase(
    product.createProduct,
    "registers a product",
    () => ({ product: Product.fromPartial({ name: "Lamp", price: 10n, qty: 1 }) }),
    {
      rest: () => ["POST", "/products", { name: "Lamp", price: 10, qty: 1 }],
      code: "OK",
      answer: () => ({ name: "Lamp", price: "10", qty: 1 }),
    },
  ),
  methodCase(
    product.createProduct,
    "tells all violations at once",
    () => ({ product: Product.fromPartial({ qty: -1 }) }),
    {
      rest: () => ["POST", "/v1/products", { qty: -1 }],
      code: "INVALID_ARGUMENT",
      reason: "INVALID_REQUEST",
      violations: ["product.name REQUIRED", "product.price OUT_OF_RANGE", "product.qty OUT_OF_RANGE"],
    },
  ),
  methodCase(product.getProduct, "returns a product", (world) => ({ productId: world.productId }), {
    rest: (world) => ["GET", `/products/${world.productId}`],
    code: "OK",
    answer: () => ({ name: "TV", price: "100" }),
  }),
  methodCase(product.getProduct, "knows no such product", (world) => ({ productId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/products/${world.nowhere}`],
    ...notFound("PRODUCT_NOT_FOUND"),
  }),
  methodCase(product.listProducts, "lists products", () => ({ pageSize: 1 }), {
    rest: () => ["GET", "/products?pageSize=1"],
    code: "OK",
    answer: () => list("products", {}),
  }),
  ...badPages<World, typeof product.listProducts>(product.listProducts, "/v1/products"),
  methodCase(
    product.updateProduct,
    "changes a name",
    (world) => ({ product: Product.fromPartial({ productId: world.productId, name: "TV" }) }),
    {
      rest: (world) => ["PATCH", `/products/${world.productId}`, { name: "TV" }],
      code: "OK",
      answer: () => ({ name: "TV", price: "100" }),
    },
  ),
  methodCase(
    product.updateProduct,
    "refuses to change the stock",
    (world) => ({ product: Product.fromPartial({ productId: world.productId, qty: 1 }), updateMask: ["qty"] }),
    {
      rest: (world) => ["PATCH", `/v1/products/${world.productId}?updateMask=qty`, { qty: 1 }],
      ...invalid("update_mask", "IMMUTABLE_FIELD"),
    },
  ),
  methodCase(
    product.adjustStock,
    "adds units",
    (world) => ({ productId: world.productId, delta: 5, requestId: randomUUID() }),
    {
      rest: (world) => ["POST", `/v1/products/${world.productId}:adjustStock`, { delta: 5, requestId: randomUUID() }],
      code: "OK",
      answer: (world) => ({ productId: `${world.productId}` }),
    },
  ),
  methodCase(
    product.adjustStock,
    "refuses to fall below zero",
    (world) => ({ productId: world.productId, delta: -1_000_000, requestId: randomUUID() }),
    {
      rest: (world) => [
        "POST",
        `/v1/products/${world.productId}:adjustStock`,
        { delta: -1_000_000, requestId: randomUUID() },
      ],
      ...failedPrecondition("INSUFFICIENT_STOCK"),
    },
  ),
];

const readerCases: MethodCase<World>[] = [
  methodCase(delivery.getDelivery, "returns a delivery", (world) => ({ deliveryId: world.delivering.deliveryId }), {
    rest: (world) => ["GET", `/deliveries/${world.delivering.deliveryId}`],
    code: "OK",
    answer: (world) => ({ orderId: `${world.delivering.orderId}`, status: "DELIVERY_STATUS_STARTED" }),
  }),
  methodCase(delivery.getDelivery, "knows no such delivery", (world) => ({ deliveryId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/deliveries/${world.nowhere}`],
    ...notFound("DELIVERY_NOT_FOUND"),
  }),
  methodCase(delivery.listDeliveries, "lists by order", (world) => ({ orderId: world.delivering.orderId }), {
    rest: (world) => ["GET", `/deliveries?orderId=${world.delivering.orderId}`],
    code: "OK",
    answer: (world) => list("deliveries", { deliveryId: `${world.delivering.deliveryId}` }),
  }),
  ...badPages<World, typeof delivery.listDeliveries>(delivery.listDeliveries, "/v1/deliveries"),
  methodCase(orderstatus.getOrderStatus, "returns a row", (world) => ({ orderId: world.placed.orderId }), {
    rest: (world) => ["GET", `/orderStatuses/${world.placed.orderId}`],
    code: "OK",
    answer: () => ({ orderStatus: "ORDER_STATUS_KIND_AWAITING_DEPOSIT", orderStatusText: "입금확인대기" }),
  }),
  methodCase(orderstatus.getOrderStatus, "has no such row", (world) => ({ orderId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/orderStatuses/${world.nowhere}`],
    ...notFound("ORDER_STATUS_NOT_FOUND"),
  }),
  methodCase(orderstatus.listOrderStatuses, "lists a customer's rows", () => ({ customerId: "placed" }), {
    rest: () => ["GET", "/orderStatuses?customerId=placed"],
    code: "OK",
    answer: () => list("orderStatuses", { orderStatusText: "입금확인대기" }),
  }),
  ...badPages<World, typeof orderstatus.listOrderStatuses>(orderstatus.listOrderStatuses, "/v1/orderStatuses"),
];

export const methodCases: readonly MethodCase<World>[] = [...orderCases, ...payCases, ...productCases, ...readerCases];
