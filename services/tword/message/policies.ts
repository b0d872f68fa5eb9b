import { DeliveryStarted } from "#gen/proto/tword/delivery/v1/events.ts";
import { MessageKind } from "#gen/proto/tword/message/v1/message.ts";
import { OrderCancelled, Ordered } from "#gen/proto/tword/order/v1/events.ts";
import type { Context } from "#mesh/service/call.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import type { EventTransaction } from "#mesh/service/transaction.ts";
import { compose, type Draft } from "./domain.ts";
import type { MessageStore } from "./store.ts";

const ordered = event("tword.order.v1.Ordered", Ordered);
const orderCancelled = event("tword.order.v1.OrderCancelled", OrderCancelled);
const deliveryStarted = event("tword.delivery.v1.DeliveryStarted", DeliveryStarted);

/** One message for every change of an order. The channel is the log: nothing leaves the house. */
export const policies: Policy<MessageStore>[] = [
  whenever(ordered, async (order, tx, context) => {
    await tx.store.address(order.orderId, order.customerId);
    await send(compose(MessageKind.MESSAGE_KIND_ORDERED, order, tx.event.id), tx, context);
  }),
  whenever(orderCancelled, async (order, tx, context) => {
    await tx.store.address(order.orderId, order.customerId);
    await send(compose(MessageKind.MESSAGE_KIND_ORDER_CANCELLED, order, tx.event.id), tx, context);
  }),
  whenever(deliveryStarted, (delivery, tx, context) =>
    send(compose(MessageKind.MESSAGE_KIND_DELIVERY_STARTED, delivery, tx.event.id), tx, context),
  ),
];

async function send(draft: Draft, { store }: EventTransaction<MessageStore>, context: Context): Promise<void> {
  if (await store.insert(draft)) context.log.info({ orderId: draft.orderId, content: draft.content }, "message sent");
}
