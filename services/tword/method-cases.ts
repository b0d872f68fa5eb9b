// Every method's success and every refusal, once by gRPC and once by REST. tword.e2e.test.ts runs them on the whole system.
import { randomUUID } from "node:crypto";
import { DeliveryServiceService as delivery } from "#gen/proto/tword/delivery/v1/delivery.ts";
import { MessageServiceService as message } from "#gen/proto/tword/message/v1/message.ts";
import { MypageServiceService as mypage } from "#gen/proto/tword/mypage/v1/mypage.ts";
import { Order, OrderStatus, OrderServiceService as order } from "#gen/proto/tword/order/v1/order.ts";
import { EqpStatus, Equipment, ShopOrderStatus, ShopServiceService as shop } from "#gen/proto/tword/shop/v1/shop.ts";
import {
  badPages,
  failedPrecondition,
  invalid,
  type MethodCase,
  methodCase,
  notFound,
  repeatable,
} from "#mesh/testing/method-case.ts";

/** What the cases find. Everything is at shop 1 and of the model galaxy_s22 unless said. */
export interface World {
  /** Registered phones, and the highest serial number among them. */
  readonly phone: { readonly id: bigint; readonly serial: bigint };
  /** A phone that an order has. */
  readonly takenSerial: bigint;
  /** Serial numbers that no phone has; each is given once. */
  fresh(): bigint;
  /** A shop with one phone of the model iphone_12, which is taken. */
  readonly soldOutShop: bigint;
  /** An order that stands, its delivery READY. */
  readonly orderId: bigint;
  /** The delivery of an order that does not stand yet. */
  readonly heldDelivery: bigint;
  readonly cancelled: { readonly orderId: bigint; readonly deliveryId: bigint };
  readonly shipped: { readonly orderId: bigint; readonly deliveryId: bigint };
  /** An order that was rejected. */
  readonly rejected: bigint;
  /** Open orders that may be cancelled, and deliveries that may be started; each is given once. */
  openOrder(): bigint;
  readyDelivery(): bigint;
  /** Has ten open orders. */
  readonly hoarder: string;
  readonly messageId: bigint;
  /** An id that nothing has. */
  readonly nowhere: bigint;
  /** UUIDs that were used for registering a phone and for ordering one. */
  readonly usedForPhone: string;
  readonly usedForOrder: string;
}

const model = "galaxy_s22";
const long = "가".repeat(101);
const phone = (fields: Partial<Equipment>) => Equipment.fromPartial({ shopId: 1n, eqpNm: model, ...fields });
const wish = (fields: Partial<Order>) => Order.fromPartial({ shopId: 1n, eqpNm: model, ...fields });
const list = (field: string, item: object) => ({ [field]: [item] });

const shopCases: MethodCase<World>[] = [
  methodCase(
    shop.createEquipment,
    "registers a phone",
    (world) => ({ equipment: phone({ eqpSernum: world.fresh() }) }),
    {
      rest: (world) => ["POST", "/shops", { shopId: "1", eqpNm: model, eqpSernum: `${world.fresh()}` }],
      code: "OK",
      answer: () => ({ shopId: "1", eqpNm: model, eqpStatus: "EQP_STATUS_ORDER_AVAILABLE" }),
    },
  ),
  methodCase(
    shop.createEquipment,
    "assigns id, status and times itself",
    (world) => ({
      equipment: phone({ id: -5n, eqpSernum: world.fresh(), eqpStatus: EqpStatus.EQP_STATUS_DELIVERY_STARTED }),
    }),
    {
      rest: (world) => [
        "POST",
        "/v1/equipments",
        { shopId: 1, eqpNm: model, eqpSernum: `${world.fresh()}`, id: "-5", eqpStatus: 3, unknown: {} },
      ],
      code: "OK",
      answer: () => ({ eqpStatus: "EQP_STATUS_ORDER_AVAILABLE" }),
    },
  ),
  methodCase(
    shop.createEquipment,
    "refuses a serial number that the shop has",
    (world) => ({ equipment: phone({ eqpSernum: world.phone.serial }) }),
    {
      rest: (world) => ["POST", "/v1/equipments", { shopId: 1, eqpNm: model, eqpSernum: `${world.phone.serial}` }],
      code: "ALREADY_EXISTS",
      reason: "EQUIPMENT_ALREADY_REGISTERED",
      details: ["ResourceInfo"],
    },
  ),
  methodCase(shop.createEquipment, "demands a phone", () => ({}), invalid("equipment", "REQUIRED")),
  methodCase(
    shop.createEquipment,
    "tells all violations at once",
    () => ({ equipment: Equipment.fromPartial({ eqpNm: long, eqpSernum: -1n }), requestId: "no" }),
    {
      rest: () => ["POST", "/v1/equipments?requestId=no", { eqpNm: long, eqpSernum: -1 }],
      code: "INVALID_ARGUMENT",
      reason: "INVALID_REQUEST",
      violations: [
        "equipment.shop_id INVALID_ID",
        "equipment.eqp_nm TOO_LONG",
        "equipment.eqp_sernum OUT_OF_RANGE",
        "request_id INVALID_REQUEST_ID",
      ],
    },
  ),
  methodCase(
    shop.createEquipment,
    "refuses a request_id with another body",
    (world) => ({ equipment: phone({ eqpSernum: 1n, eqpNm: "other" }), requestId: world.usedForPhone }),
    {
      rest: (world) => [
        "POST",
        `/v1/equipments?requestId=${world.usedForPhone}`,
        { shopId: 1, eqpNm: "other", eqpSernum: 1 },
      ],
      ...invalid("request_id", "REQUEST_ID_REUSED"),
    },
  ),
  methodCase(shop.getEquipment, "returns a phone", (world) => ({ id: world.phone.id }), {
    rest: (world) => ["GET", `/shops/${world.phone.id}`],
    code: "OK",
    answer: (world) => ({ id: `${world.phone.id}`, eqpSernum: `${world.phone.serial}` }),
  }),
  methodCase(shop.getEquipment, "knows no such phone", (world) => ({ id: world.nowhere }), {
    rest: (world) => ["GET", `/v1/equipments/${world.nowhere}`],
    ...notFound("EQUIPMENT_NOT_FOUND"),
  }),
  methodCase(shop.getEquipment, "demands an id", () => ({}), {
    rest: () => ["GET", "/v1/equipments/0"],
    ...invalid("id", "INVALID_ID"),
  }),
  methodCase(
    shop.listEquipments,
    "lists by shop, model and status",
    (world) => ({
      shopId: world.soldOutShop,
      eqpNm: "iphone_12",
      eqpStatus: EqpStatus.EQP_STATUS_ORDERED,
      pageSize: 1,
    }),
    {
      rest: (world) => [
        "GET",
        `/shops?shopId=${world.soldOutShop}&eqpNm=iphone_12&eqpStatus=EQP_STATUS_ORDERED&pageSize=1&utm_source=x`,
      ],
      code: "OK",
      answer: () => list("equipments", { eqpNm: "iphone_12", eqpStatus: "EQP_STATUS_ORDERED" }),
    },
  ),
  methodCase(shop.listEquipments, "refuses a status that does not exist", () => ({ eqpStatus: 99 as EqpStatus }), {
    ...invalid("eqp_status", "INVALID_ENUM"),
  }),
  methodCase(shop.listEquipments, "refuses a negative shop", () => ({ shopId: -1n }), {
    rest: () => ["GET", "/v1/equipments?shopId=-1"],
    ...invalid("shop_id", "OUT_OF_RANGE"),
  }),
  ...badPages<World, typeof shop.listEquipments>(shop.listEquipments, "/v1/equipments"),
  methodCase(shop.listShops, "lists shops by number", () => ({ pageSize: 1 }), {
    rest: () => ["GET", "/v1/shops?pageSize=1"],
    code: "OK",
    answer: () => list("shops", { shopId: "1" }),
  }),
  ...badPages<World, typeof shop.listShops>(shop.listShops, "/v1/shops"),
  methodCase(
    shop.listShopOrders,
    "lists by shop and status",
    (world) => ({ shopId: world.soldOutShop, status: ShopOrderStatus.SHOP_ORDER_STATUS_ORDERED }),
    {
      rest: (world) => ["GET", `/v1/shopOrders?shopId=${world.soldOutShop}&status=SHOP_ORDER_STATUS_ORDERED`],
      code: "OK",
      answer: () => list("shopOrders", { eqpNm: "iphone_12", status: "SHOP_ORDER_STATUS_ORDERED" }),
    },
  ),
  ...badPages<World, typeof shop.listShopOrders>(shop.listShopOrders, "/v1/shopOrders"),
];

const createOrderCases: MethodCase<World>[] = [
  methodCase(order.createOrder, "orders any free phone of the model", () => ({ order: wish({}) }), {
    rest: () => ["POST", "/orders", { shopId: "1", eqpNm: model, orderId: "1" }],
    code: "OK",
    answer: () => ({ shopId: "1", eqpNm: model, status: "ORDER_STATUS_ORDERED", eqpStatus: "EQP_STATUS_ORDERED" }),
  }),
  methodCase(order.createOrder, "demands an order", () => ({}), invalid("order", "REQUIRED")),
  methodCase(
    order.createOrder,
    "tells all violations at once",
    () => ({ order: Order.fromPartial({ eqpSernum: -1n, customerId: "가".repeat(256) }) }),
    {
      rest: () => ["POST", "/v1/orders", { eqpSernum: -1, customerId: "가".repeat(256) }],
      code: "INVALID_ARGUMENT",
      reason: "INVALID_REQUEST",
      violations: [
        "order.shop_id INVALID_ID",
        "order.eqp_nm REQUIRED",
        "order.eqp_sernum OUT_OF_RANGE",
        "order.customer_id TOO_LONG",
      ],
    },
  ),
  methodCase(order.createOrder, "knows no such phone", (world) => ({ order: wish({ eqpSernum: world.nowhere }) }), {
    rest: (world) => ["POST", "/v1/orders", { shopId: 1, eqpNm: model, eqpSernum: `${world.nowhere}` }],
    ...notFound("EQUIPMENT_NOT_FOUND"),
  }),
  methodCase(
    order.createOrder,
    "refuses a phone that is taken",
    (world) => ({ order: wish({ eqpSernum: world.takenSerial }) }),
    {
      rest: (world) => ["POST", "/v1/orders", { shopId: 1, eqpNm: model, eqpSernum: `${world.takenSerial}` }],
      ...failedPrecondition("EQUIPMENT_ALREADY_ORDERED"),
    },
  ),
  methodCase(
    order.createOrder,
    "refuses a model that is sold out",
    (world) => ({ order: wish({ shopId: world.soldOutShop, eqpNm: "iphone_12" }) }),
    {
      rest: (world) => ["POST", "/v1/orders", { shopId: `${world.soldOutShop}`, eqpNm: "iphone_12" }],
      ...failedPrecondition("EQUIPMENT_SOLD_OUT"),
    },
  ),
  methodCase(
    order.createOrder,
    "refuses the eleventh open order",
    (world) => ({ order: wish({ customerId: world.hoarder }) }),
    {
      rest: (world) => ["POST", "/v1/orders", { shopId: 1, eqpNm: model, customerId: world.hoarder }],
      code: "RESOURCE_EXHAUSTED",
      reason: "MAX_ORDERS_PER_PERSON",
      details: ["QuotaFailure"],
    },
  ),
  methodCase(
    order.createOrder,
    "refuses a request_id with another body",
    (world) => ({ order: wish({ customerId: "other" }), requestId: world.usedForOrder }),
    {
      rest: (world) => [
        "POST",
        `/v1/orders?requestId=${world.usedForOrder}`,
        { shopId: 1, eqpNm: model, customerId: "other" },
      ],
      ...invalid("request_id", "REQUEST_ID_REUSED"),
    },
  ),
];

const orderCases: MethodCase<World>[] = [
  methodCase(order.getOrder, "returns an order", (world) => ({ orderId: world.shipped.orderId }), {
    rest: (world) => ["GET", `/orders/${world.shipped.orderId}`],
    code: "OK",
    answer: () => ({ status: "ORDER_STATUS_DELIVERY_STARTED", eqpStatus: "EQP_STATUS_DELIVERY_STARTED" }),
  }),
  methodCase(order.getOrder, "knows no such order", (world) => ({ orderId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/orders/${world.nowhere}`],
    ...notFound("ORDER_NOT_FOUND"),
  }),
  methodCase(order.getOrder, "demands an id", () => ({}), {
    rest: () => ["GET", "/v1/orders/0"],
    ...invalid("order_id", "INVALID_ID"),
  }),
  methodCase(
    order.listOrders,
    "lists by customer and status",
    (world) => ({ customerId: world.hoarder, status: OrderStatus.ORDER_STATUS_ORDERED, pageSize: 1 }),
    {
      rest: (world) => ["GET", `/orders?customerId=${world.hoarder}&status=ORDER_STATUS_ORDERED&pageSize=1`],
      code: "OK",
      answer: (world) => list("orders", { customerId: world.hoarder }),
    },
  ),
  ...badPages<World, typeof order.listOrders>(order.listOrders, "/v1/orders"),
  methodCase(order.cancelOrder, "cancels an order", (world) => repeatable({ orderId: world.openOrder() }), {
    rest: (world) => ["POST", `/v1/orders/${world.openOrder()}:cancel`, repeatable({})],
    code: "OK",
    answer: () => ({ status: "ORDER_STATUS_CANCELLED", eqpStatus: "EQP_STATUS_ORDER_CANCELLED" }),
  }),
  methodCase(
    order.cancelOrder,
    "cancels an order, as the document does",
    (world) => repeatable({ orderId: world.openOrder() }),
    {
      rest: (world) => ["DELETE", `/orders/${world.openOrder()}?requestId=${randomUUID()}`],
      code: "OK",
      answer: () => ({ status: "ORDER_STATUS_CANCELLED" }),
    },
  ),
  methodCase(order.cancelOrder, "refuses to cancel twice", (world) => ({ orderId: world.cancelled.orderId }), {
    rest: (world) => ["DELETE", `/v1/orders/${world.cancelled.orderId}`],
    ...failedPrecondition("ORDER_ALREADY_CANCELLED"),
  }),
  methodCase(order.cancelOrder, "refuses after shipping", (world) => ({ orderId: world.shipped.orderId }), {
    rest: (world) => ["POST", `/v1/orders/${world.shipped.orderId}:cancel`, {}],
    ...failedPrecondition("DELIVERY_ALREADY_STARTED"),
  }),
  methodCase(order.cancelOrder, "refuses an order that does not stand", (world) => ({ orderId: world.rejected }), {
    rest: (world) => ["POST", `/v1/orders/${world.rejected}:cancel`, {}],
    ...failedPrecondition("ORDER_NOT_PLACED"),
  }),
  methodCase(order.cancelOrder, "knows no such order", (world) => ({ orderId: world.nowhere }), {
    rest: (world) => ["POST", `/v1/orders/${world.nowhere}:cancel`, {}],
    ...notFound("ORDER_NOT_FOUND"),
  }),
  methodCase(order.cancelOrder, "demands a UUID", (world) => ({ orderId: world.orderId, requestId: "7" }), {
    rest: (world) => ["POST", `/v1/orders/${world.orderId}:cancel`, { requestId: "7" }],
    ...invalid("request_id", "INVALID_REQUEST_ID"),
  }),
  methodCase(order.listOrderableEquipments, "lists what is free", () => ({ shopId: 1n, eqpNm: model, pageSize: 1 }), {
    rest: () => ["GET", `/v1/orderableEquipments?shopId=1&eqpNm=${model}&pageSize=1`],
    code: "OK",
    answer: () => list("orderableEquipments", { eqpNm: model, state: "ALLOCATION_STATE_FREE", orderId: "0" }),
  }),
  ...badPages<World, typeof order.listOrderableEquipments>(order.listOrderableEquipments, "/v1/orderableEquipments"),
];

const deliveryCases: MethodCase<World>[] = [
  methodCase(delivery.startDelivery, "ships", (world) => ({ deliveryId: world.readyDelivery() }), {
    rest: (world) => ["POST", `/v1/deliveries/${world.readyDelivery()}:start`, {}],
    code: "OK",
    answer: () => ({ status: "DELIVERY_STATUS_STARTED" }),
  }),
  methodCase(delivery.startDelivery, "waits for the order", (world) => ({ deliveryId: world.heldDelivery }), {
    rest: (world) => ["POST", `/v1/deliveries/${world.heldDelivery}:start`, {}],
    ...failedPrecondition("ORDER_NOT_COMPLETED"),
  }),
  methodCase(
    delivery.startDelivery,
    "refuses after a cancel",
    (world) => ({ deliveryId: world.cancelled.deliveryId }),
    {
      rest: (world) => ["POST", `/v1/deliveries/${world.cancelled.deliveryId}:start`, {}],
      ...failedPrecondition("DELIVERY_CANCELLED"),
    },
  ),
  methodCase(delivery.startDelivery, "refuses to ship twice", (world) => ({ deliveryId: world.shipped.deliveryId }), {
    rest: (world) => ["POST", `/v1/deliveries/${world.shipped.deliveryId}:start`, {}],
    ...failedPrecondition("DELIVERY_ALREADY_STARTED"),
  }),
  methodCase(delivery.startDelivery, "knows no such delivery", (world) => ({ deliveryId: world.nowhere }), {
    rest: (world) => ["POST", `/v1/deliveries/${world.nowhere}:start`, {}],
    ...notFound("DELIVERY_NOT_FOUND"),
  }),
  methodCase(delivery.getDelivery, "returns a delivery", (world) => ({ deliveryId: world.shipped.deliveryId }), {
    rest: (world) => ["GET", `/deliveries/${world.shipped.deliveryId}`],
    code: "OK",
    answer: (world) => ({ orderId: `${world.shipped.orderId}`, status: "DELIVERY_STATUS_STARTED" }),
  }),
  methodCase(delivery.getDelivery, "knows no such delivery", (world) => ({ deliveryId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/deliveries/${world.nowhere}`],
    ...notFound("DELIVERY_NOT_FOUND"),
  }),
  methodCase(delivery.listDeliveries, "lists by order", (world) => ({ orderId: world.shipped.orderId }), {
    rest: (world) => ["GET", `/deliveries?orderId=${world.shipped.orderId}&shopId=1&status=DELIVERY_STATUS_STARTED`],
    code: "OK",
    answer: (world) => list("deliveries", { deliveryId: `${world.shipped.deliveryId}` }),
  }),
  ...badPages<World, typeof delivery.listDeliveries>(delivery.listDeliveries, "/v1/deliveries"),
];

const readerCases: MethodCase<World>[] = [
  methodCase(message.getMessage, "returns a message", (world) => ({ messageId: world.messageId }), {
    rest: (world) => ["GET", `/messages/${world.messageId}`],
    code: "OK",
    answer: (world) => ({ messageId: `${world.messageId}` }),
  }),
  methodCase(message.getMessage, "knows no such message", (world) => ({ messageId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/messages/${world.nowhere}`],
    ...notFound("MESSAGE_NOT_FOUND"),
  }),
  methodCase(message.listMessages, "lists an order's messages", (world) => ({ orderId: world.cancelled.orderId }), {
    rest: (world) => ["GET", `/messages?orderId=${world.cancelled.orderId}`],
    code: "OK",
    answer: () => ({
      messages: [{ kind: "MESSAGE_KIND_ORDER_CANCELLED" }, { kind: "MESSAGE_KIND_ORDERED" }],
    }),
  }),
  ...badPages<World, typeof message.listMessages>(message.listMessages, "/v1/messages"),
  methodCase(mypage.getMypage, "returns an order's page", (world) => ({ orderId: world.shipped.orderId }), {
    rest: (world) => ["GET", `/mypages/${world.shipped.orderId}`],
    code: "OK",
    answer: (world) => ({ eqpStatus: "EQP_STATUS_DELIVERY_STARTED", deliveryId: `${world.shipped.deliveryId}` }),
  }),
  methodCase(mypage.getMypage, "has no such page", (world) => ({ orderId: world.nowhere }), {
    rest: (world) => ["GET", `/v1/mypages/${world.nowhere}`],
    ...notFound("MYPAGE_NOT_FOUND"),
  }),
  methodCase(mypage.getMypage, "demands an id", () => ({ orderId: -1n }), {
    rest: () => ["GET", "/v1/mypages/-1"],
    ...invalid("order_id", "INVALID_ID"),
  }),
  methodCase(mypage.listMypages, "lists a customer's pages", (world) => ({ customerId: world.hoarder, pageSize: 1 }), {
    rest: (world) => ["GET", `/mypages?customerId=${world.hoarder}&pageSize=1`],
    code: "OK",
    answer: (world) => list("mypages", { customerId: world.hoarder }),
  }),
  ...badPages<World, typeof mypage.listMypages>(mypage.listMypages, "/v1/mypages"),
];

export const methodCases: readonly MethodCase<World>[] = [
  ...shopCases,
  ...createOrderCases,
  ...orderCases,
  ...deliveryCases,
  ...readerCases,
];
