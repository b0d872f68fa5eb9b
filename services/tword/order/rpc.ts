import type { Order as OrderMessage, OrderServiceService } from "#gen/proto/tword/order/v1/order.ts";
import { crashPoint } from "#mesh/service/crash-point.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { present } from "#mesh/service/present.ts";
import { cancelDelivery, completeCancel, requestCancel } from "./cancelling.ts";
import { eqpStatusOf } from "./domain.ts";
import { refuse } from "./errors.ts";
import { completeOrder, holdDelivery, openOrder, type SagaParts } from "./ordering.ts";
import type { KeptOrder } from "./store.ts";

export interface Parts extends SagaParts {
  /** Open orders that one customer may have. */
  readonly limit: number;
}

export function rpc({ limit, ...parts }: Parts): Handlers<typeof OrderServiceService> {
  const { database } = parts;
  return {
    async createOrder(request, call) {
      const wish = present(request.order);
      const options = { limit, key: call.idempotency };
      const order = await database.transaction(call, ({ store }) => openOrder(store, wish, options));
      const { orderId } = order;
      call.correlate(orderId);
      crashPoint("create-order/opened");
      await holdDelivery(order, parts, call);
      crashPoint("create-order/held");
      const answer = await database.answer(call, async (tx) => toMessage(await completeOrder(tx, orderId)));
      crashPoint("create-order/completed");
      return answer;
    },

    async getOrder({ orderId }) {
      const order = await database.store.find(orderId);
      if (!order) throw refuse.ORDER_NOT_FOUND({ orderId });
      return toMessage(order);
    },

    async listOrders(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.customerId, request.status] },
        (before, size) => database.store.page(request, before, size),
        (order) => order.orderId,
      );
      return { orders: rows.map(toMessage), nextPageToken };
    },

    async cancelOrder({ orderId, requestId }, call) {
      call.correlate(orderId);
      const order = await database.transaction(call, ({ store }) => requestCancel(store, orderId, requestId));
      crashPoint("cancel-order/requested");
      await cancelDelivery(order, parts, call);
      crashPoint("cancel-order/asked");
      const answer = await database.answer(call, async (tx) => toMessage(await completeCancel(tx, orderId, requestId)));
      crashPoint("cancel-order/completed");
      return answer;
    },

    async listOrderableEquipments(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.shopId, request.eqpNm] },
        (before, size) => database.store.pageFree(request, before, size),
        (phone) => phone.pageKey,
      );
      return { orderableEquipments: rows.map(({ pageKey: _pageKey, ...phone }) => phone), nextPageToken };
    },
  };
}

function toMessage(order: KeptOrder): OrderMessage {
  const { orderId, shopId, eqpNm, eqpSernum, customerId, status, createTime, updateTime } = order;
  const eqpStatus = eqpStatusOf(status);
  return { orderId, shopId, eqpNm, eqpSernum, customerId, status, eqpStatus, createTime, updateTime };
}
