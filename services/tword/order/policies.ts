import { DeliveryStarted } from "#gen/proto/tword/delivery/v1/events.ts";
import { EquipmentRegistered } from "#gen/proto/tword/shop/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import { after } from "./domain.ts";
import type { OrderStore } from "./store.ts";

const equipmentRegistered = event("tword.shop.v1.EquipmentRegistered", EquipmentRegistered);
const deliveryStarted = event("tword.delivery.v1.DeliveryStarted", DeliveryStarted);

/** Order keeps its own list of phones, so that it can sell them while shop is away, and learns when one is shipped. */
export const policies: Policy<OrderStore>[] = [
  whenever(equipmentRegistered, (phone, tx) => tx.store.learn(phone)),
  whenever(deliveryStarted, async ({ orderId }, { store }) => {
    const order = await store.findForUpdate(orderId);
    const to = order && after(order.status, "deliveryStarted");
    if (to !== undefined) await store.move(orderId, to);
  }),
];
