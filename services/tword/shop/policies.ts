import { DeliveryStarted } from "#gen/proto/tword/delivery/v1/events.ts";
import { OrderCancelled, Ordered } from "#gen/proto/tword/order/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import type { EventTransaction } from "#mesh/service/transaction.ts";
import { type News, phoneAfter, shopOrderAfter } from "./domain.ts";
import type { ShopStore } from "./store.ts";

const ordered = event("tword.order.v1.Ordered", Ordered);
const orderCancelled = event("tword.order.v1.OrderCancelled", OrderCancelled);
const deliveryStarted = event("tword.delivery.v1.DeliveryStarted", DeliveryStarted);

/** What becomes of the phones and of the orders that staff see is decided elsewhere; shop follows. */
export const policies: Policy<ShopStore>[] = [
  whenever(ordered, (order, tx) => learn({ ...order, what: "ordered" }, tx)),
  whenever(orderCancelled, (order, tx) => learn({ ...order, what: "cancelled" }, tx)),
  whenever(deliveryStarted, (delivery, tx) => learn({ ...delivery, what: "deliveryStarted" }, tx)),
];

async function learn(news: News, { store, event }: EventTransaction<ShopStore>): Promise<void> {
  await store.lockOrder(news.orderId);
  await store.saveOrder(shopOrderAfter(await store.findOrder(news.orderId), news, event.time));
  const phone = await store.findForUpdate(news.shopId, news.eqpSernum);
  const change = phone && phoneAfter(phone, news);
  if (change) await store.update(phone.id, change);
}
