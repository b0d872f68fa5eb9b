import { DeliveryStatus } from "#gen/proto/tword/delivery/v1/delivery.ts";
import { Ordered } from "#gen/proto/tword/order/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import { present } from "#mesh/service/present.ts";
import { afterOrdered } from "./domain.ts";
import type { DeliveryStore } from "./store.ts";

const ordered = event("tword.order.v1.Ordered", Ordered);

/** A held delivery may be shipped once its order stands. */
export const policies: Policy<DeliveryStore>[] = [
  whenever(ordered, async ({ orderId, shopId, eqpNm, eqpSernum, allocationSeq }, { store, event }) => {
    const parcel = { shopId, eqpNm, eqpSernum, allocationSeq };
    const status = DeliveryStatus.DELIVERY_STATUS_READY;
    if (await store.insert({ orderId, parcel, status, orderedTime: event.time })) return;
    const held = present(await store.findByOrderForUpdate(orderId));
    await store.move(held, afterOrdered(held), event.time);
  }),
];
