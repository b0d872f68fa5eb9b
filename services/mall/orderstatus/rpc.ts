import type {
  OrderStatus as OrderStatusMessage,
  OrderStatusServiceService,
} from "#gen/proto/mall/orderstatus/v1/orderstatus.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import type { OrderStatus } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { OrderStatusStore } from "./store.ts";

export interface Parts {
  readonly store: OrderStatusStore;
}

export function rpc({ store }: Parts): Handlers<typeof OrderStatusServiceService> {
  return {
    async getOrderStatus({ orderId }) {
      const row = store.find(orderId);
      if (!row) throw refuse.ORDER_STATUS_NOT_FOUND({ orderId });
      return toMessage(row);
    },

    async listOrderStatuses(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.customerId] },
        async (before, size) => store.page(request.customerId, before, size),
        (row) => row.orderId,
      );
      return { orderStatuses: rows.map(toMessage), nextPageToken };
    },
  };
}

function toMessage(row: OrderStatus): OrderStatusMessage {
  return { ...row, history: [...row.history] };
}
