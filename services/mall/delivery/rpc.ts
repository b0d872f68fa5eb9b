import type { Delivery as DeliveryMessage, DeliveryServiceService } from "#gen/proto/mall/delivery/v1/delivery.ts";
import type { Database } from "#mesh/service/database.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import type { Delivery } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { DeliveryStore } from "./store.ts";

export interface Parts {
  readonly database: Database<DeliveryStore>;
}

export function rpc({ database }: Parts): Handlers<typeof DeliveryServiceService> {
  return {
    async getDelivery({ deliveryId }) {
      const delivery = await database.store.find(deliveryId);
      if (!delivery) throw refuse.DELIVERY_NOT_FOUND({ deliveryId });
      return toMessage(delivery);
    },

    async listDeliveries(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.orderId] },
        (before, size) => database.store.page(request.orderId, before, size),
        (delivery) => delivery.deliveryId,
      );
      return { deliveries: rows.map(toMessage), nextPageToken };
    },
  };
}

function toMessage({ version: _internal, ...delivery }: Delivery): DeliveryMessage {
  return delivery;
}
