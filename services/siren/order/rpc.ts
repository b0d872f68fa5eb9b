import { Ordered } from "#gen/proto/siren/order/v1/events.ts";
import type { OrderServiceService } from "#gen/proto/siren/order/v1/order.ts";
import type { ProductServiceService } from "#gen/proto/siren/product/v1/product.ts";
import type { Client } from "#mesh/service/client.ts";
import type { Database } from "#mesh/service/database.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { present } from "#mesh/service/present.ts";
import { place, refuseSoldOut } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { OrderStore } from "./store.ts";

const ordered = event("siren.order.v1.Ordered", Ordered);

export interface Parts {
  readonly database: Database<OrderStore>;
  readonly product: Client<typeof ProductServiceService>;
}

export function rpc({ database, product }: Parts): Handlers<typeof OrderServiceService> {
  return {
    async createOrder(request, call) {
      const { productId, customerId } = present(request.order);
      const known = await database.store.findSnapshot(productId);
      refuseSoldOut(known);
      const offer = await product.checkProduct({ productId }, call);
      const draft = place(known, offer, customerId);
      return database.answer(call, async (tx) => {
        const order = await tx.store.insert(draft);
        call.correlate(order.orderId);
        tx.publish(ordered, order, { aggregateId: order.orderId, aggregateVersion: 1n });
        return order;
      });
    },

    async getOrder({ orderId }) {
      const order = await database.store.find(orderId);
      if (!order) throw refuse.ORDER_NOT_FOUND({ orderId });
      return order;
    },

    async listOrders(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.customerId, request.productId] },
        (before, size) => database.store.page(request, before, size),
        (order) => order.orderId,
      );
      return { orders: rows, nextPageToken };
    },

    async getProductSnapshot({ productId }) {
      const snapshot = await database.store.findSnapshot(productId);
      if (!snapshot) throw refuse.PRODUCT_SNAPSHOT_NOT_FOUND({ productId });
      return snapshot;
    },

    async listProductSnapshots(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.status] },
        (before, size) => database.store.pageSnapshots(request.status, before, size),
        (snapshot) => snapshot.productId,
      );
      return { productSnapshots: rows, nextPageToken };
    },
  };
}
