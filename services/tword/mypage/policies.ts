import { DeliveryStarted } from "#gen/proto/tword/delivery/v1/events.ts";
import { OrderCancelled, Ordered } from "#gen/proto/tword/order/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Delivery, type Policy, project } from "#mesh/service/policy.ts";
import { type News, pageAfter } from "./domain.ts";
import type { MypageStore } from "./store.ts";

const ordered = event("tword.order.v1.Ordered", Ordered);
const orderCancelled = event("tword.order.v1.OrderCancelled", OrderCancelled);
const deliveryStarted = event("tword.delivery.v1.DeliveryStarted", DeliveryStarted);

/** The pages are made of events alone, and come out the same when all of them are read again. */
export function policies(store: MypageStore): Policy[] {
  const learn = (news: News, { event }: Delivery) =>
    store.update(news.orderId, (known) => pageAfter(known, news, event.time));
  return [project(ordered, learn), project(orderCancelled, learn), project(deliveryStarted, learn)];
}
