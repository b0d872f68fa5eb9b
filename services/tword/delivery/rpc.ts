import {
  type Delivery as DeliveryMessage,
  type DeliveryServiceService,
  DeliveryStatus,
} from "#gen/proto/tword/delivery/v1/delivery.ts";
import { DeliveryStarted } from "#gen/proto/tword/delivery/v1/events.ts";
import { EqpStatus } from "#gen/proto/tword/shop/v1/shop.ts";
import type { Database } from "#mesh/service/database.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { present } from "#mesh/service/present.ts";
import { cancel, type Delivery, refuseCancelled, start } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { DeliveryStore } from "./store.ts";

const deliveryStarted = event("tword.delivery.v1.DeliveryStarted", DeliveryStarted);

export interface Parts {
  readonly database: Database<DeliveryStore>;
}

export function rpc({ database }: Parts): Handlers<typeof DeliveryServiceService> {
  return {
    async createDelivery({ orderId, ...parcel }, call) {
      call.correlate(orderId);
      return database.transaction(call, async ({ store }) => {
        const held = await store.insert({ orderId, parcel, status: DeliveryStatus.DELIVERY_STATUS_HELD });
        if (held) return toMessage(held);
        const existing = present(await store.findByOrderForUpdate(orderId));
        refuseCancelled(existing);
        return toMessage(existing);
      });
    },

    async cancelDelivery({ orderId }, call) {
      call.correlate(orderId);
      return database.transaction(call, async ({ store }) => {
        const tombstone = await store.insert({ orderId, status: DeliveryStatus.DELIVERY_STATUS_CANCELLED });
        if (tombstone) return toMessage(tombstone);
        const existing = present(await store.findByOrderForUpdate(orderId));
        return toMessage(await store.move(existing, cancel(existing)));
      });
    },

    async startDelivery({ deliveryId }, call) {
      return database.answer(call, async (tx) => {
        const found = await tx.store.findForUpdate(deliveryId);
        if (!found) throw refuse.DELIVERY_NOT_FOUND({ deliveryId });
        call.correlate(found.orderId);
        const delivery = await tx.store.move(found, start(found));
        tx.publish(
          deliveryStarted,
          {
            ...present(delivery.parcel),
            orderId: delivery.orderId,
            deliveryId,
            eqpStatus: EqpStatus.EQP_STATUS_DELIVERY_STARTED,
          },
          { aggregateId: deliveryId, aggregateVersion: delivery.version, correlationId: delivery.orderId },
        );
        return toMessage(delivery);
      });
    },

    async getDelivery({ deliveryId }) {
      const delivery = await database.store.find(deliveryId);
      if (!delivery) throw refuse.DELIVERY_NOT_FOUND({ deliveryId });
      return toMessage(delivery);
    },

    async listDeliveries(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.orderId, request.shopId, request.status] },
        (before, size) => database.store.page(request, before, size),
        (delivery) => delivery.deliveryId,
      );
      return { deliveries: rows.map(toMessage), nextPageToken };
    },
  };
}

function toMessage({ parcel, version: _internal, ...delivery }: Delivery): DeliveryMessage {
  const { shopId, eqpNm, eqpSernum } = parcel ?? { shopId: 0n, eqpNm: "", eqpSernum: 0n };
  return { ...delivery, shopId, eqpNm, eqpSernum };
}
