import { DeliveryStarted } from "#gen/proto/mall/delivery/v1/events.ts";
import { OrderCanceled, OrderClosed, OrderPlaced } from "#gen/proto/mall/order/v1/events.ts";
import { CancelCause } from "#gen/proto/mall/order/v1/order.ts";
import { OrderStatusKind } from "#gen/proto/mall/orderstatus/v1/orderstatus.ts";
import { PayCanceled, PayChecked, PayPlaced } from "#gen/proto/mall/pay/v1/events.ts";
import { QtyDecreased } from "#gen/proto/mall/product/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Delivery, type Policy, project } from "#mesh/service/policy.ts";
import { type News, statusAfter } from "./domain.ts";
import type { OrderStatusStore } from "./store.ts";

const orderPlaced = event("mall.order.v1.OrderPlaced", OrderPlaced);
const orderCanceled = event("mall.order.v1.OrderCanceled", OrderCanceled);
const orderClosed = event("mall.order.v1.OrderClosed", OrderClosed);
const payPlaced = event("mall.pay.v1.PayPlaced", PayPlaced);
const payChecked = event("mall.pay.v1.PayChecked", PayChecked);
const payCanceled = event("mall.pay.v1.PayCanceled", PayCanceled);
const qtyDecreased = event("mall.product.v1.QtyDecreased", QtyDecreased);
const deliveryStarted = event("mall.delivery.v1.DeliveryStarted", DeliveryStarted);

const kind = OrderStatusKind;

/** The rows are made of events alone, and come out the same when all of them are read again. */
export function policies(store: OrderStatusStore): Policy[] {
  const learn = (news: News, { event }: Delivery) =>
    store.update(news.orderId, (known) => statusAfter(known, news, event.time));
  return [
    project(orderPlaced, (order, delivery) =>
      learn({ ...order, kind: kind.ORDER_STATUS_KIND_ORDER_RECEIVED }, delivery),
    ),
    project(payPlaced, (pay, delivery) => learn({ ...pay, kind: kind.ORDER_STATUS_KIND_AWAITING_DEPOSIT }, delivery)),
    project(payChecked, (pay, delivery) => learn({ ...pay, kind: kind.ORDER_STATUS_KIND_DEPOSIT_CONFIRMED }, delivery)),
    // Its price is the catalogue's of that moment, not the order's.
    project(qtyDecreased, ({ orderId, productId, name: productName, qty, address }, delivery) =>
      learn({ orderId, productId, productName, qty, address, kind: kind.ORDER_STATUS_KIND_GOODS_READY }, delivery),
    ),
    project(deliveryStarted, ({ orderId, productId, qty, address }, delivery) =>
      learn({ orderId, productId, qty, address, kind: kind.ORDER_STATUS_KIND_IN_DELIVERY }, delivery),
    ),
    project(orderClosed, ({ orderId }, delivery) =>
      learn({ orderId, kind: kind.ORDER_STATUS_KIND_RECEIPT_CONFIRMED }, delivery),
    ),
    project(orderCanceled, ({ orderId }, delivery) =>
      learn({ orderId, kind: kind.ORDER_STATUS_KIND_ORDER_CANCELED }, delivery),
    ),
    project(payCanceled, async ({ orderId, cause }, delivery) => {
      if (cause === CancelCause.CANCEL_CAUSE_ORDER_CANCELED) return; // OrderCanceled says it.
      await learn({ orderId, kind: kind.ORDER_STATUS_KIND_PAYMENT_CANCELED }, delivery);
    }),
  ];
}
