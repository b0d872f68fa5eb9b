import { DeliveryStarted } from "#gen/proto/mall/delivery/v1/events.ts";
import { QtyDecreased } from "#gen/proto/mall/product/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import { pack } from "./domain.ts";
import type { DeliveryStore } from "./store.ts";

const qtyDecreased = event("mall.product.v1.QtyDecreased", QtyDecreased);
const deliveryStarted = event("mall.delivery.v1.DeliveryStarted", DeliveryStarted);

/** What has left the stock is delivered. */
export const policies: Policy<DeliveryStore>[] = [
  whenever(qtyDecreased, async (goods, tx) => {
    const delivery = await tx.store.insert(pack(goods));
    if (!delivery) return; // It is on its way already.
    const { deliveryId, orderId, productId, qty, address, version } = delivery;
    tx.publish(
      deliveryStarted,
      { orderId, orderStatus: "IN_DELIVERY", deliveryId, productId, qty, address },
      { aggregateId: deliveryId, aggregateVersion: version, correlationId: orderId },
    );
  }),
];
