import { DeliveryStarted } from "#gen/proto/mall/delivery/v1/events.ts";
import { CancelCause } from "#gen/proto/mall/order/v1/order.ts";
import { PayCanceled } from "#gen/proto/mall/pay/v1/events.ts";
import { ProductRegistered, ProductUpdated } from "#gen/proto/mall/product/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import { after, type Trigger } from "./domain.ts";
import type { OrderStore, Outcome } from "./store.ts";

const productRegistered = event("mall.product.v1.ProductRegistered", ProductRegistered);
const productUpdated = event("mall.product.v1.ProductUpdated", ProductUpdated);
const payCanceled = event("mall.pay.v1.PayCanceled", PayCanceled);
const deliveryStarted = event("mall.delivery.v1.DeliveryStarted", DeliveryStarted);

/** Order keeps its own copy of the catalogue, so that it can sell while product is away, and learns how its orders fare. */
export const policies: Policy<OrderStore>[] = [
  whenever(productRegistered, (product, { store }) => store.learn(product)),
  whenever(productUpdated, (product, { store }) => store.learn(product)),
  whenever(payCanceled, async ({ orderId, cause }, { store }) => {
    if (cause === CancelCause.CANCEL_CAUSE_ORDER_CANCELED) return; // Order asked for that itself.
    await follow(store, orderId, "noStock", { cancelCause: cause });
  }),
  whenever(deliveryStarted, ({ orderId }, { store }) => follow(store, orderId, "deliveryStarted")),
];

async function follow(store: OrderStore, orderId: bigint, trigger: Trigger, outcome: Outcome = {}): Promise<void> {
  const order = await store.findForUpdate(orderId);
  const to = order && after(order.status, trigger);
  if (to !== undefined) await store.move(orderId, to, outcome);
}
