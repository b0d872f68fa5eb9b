import { OrderClosed, OrderPlaced } from "#gen/proto/mall/order/v1/events.ts";
import type { Order as OrderMessage, OrderServiceService } from "#gen/proto/mall/order/v1/order.ts";
import { crashPoint } from "#mesh/service/crash-point.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { present } from "#mesh/service/present.ts";
import { cancelPay, completeCancel, requestCancel, type SagaParts } from "./cancelling.ts";
import { place, receive } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { KeptOrder } from "./store.ts";

const orderPlaced = event("mall.order.v1.OrderPlaced", OrderPlaced);
const orderClosed = event("mall.order.v1.OrderClosed", OrderClosed);

export function rpc(parts: SagaParts): Handlers<typeof OrderServiceService> {
  const { database } = parts;
  return {
    async createOrder(request, call) {
      const wish = present(request.order);
      const answer = await database.answer(call, async (tx) => {
        const order = await tx.store.insert(place(wish, await tx.store.findProduct(wish.productId)));
        call.correlate(order.orderId);
        tx.publish(orderPlaced, { ...order, orderStatus: "ORDER_RECEIVED" }, identity(order));
        return toMessage(order);
      });
      crashPoint("create-order/placed");
      return answer;
    },

    async getOrder({ orderId }) {
      return toMessage(existing(await database.store.find(orderId), orderId));
    },

    async listOrders(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.customerId] },
        (before, size) => database.store.page(request.customerId, before, size),
        (order) => order.orderId,
      );
      return { orders: rows.map(toMessage), nextPageToken };
    },

    async cancelOrder({ orderId, requestId }, call) {
      call.correlate(orderId);
      const order = await database.transaction(call, ({ store }) => requestCancel(store, orderId, requestId));
      crashPoint("cancel-order/requested");
      const cause = await cancelPay(order, parts, call);
      crashPoint("cancel-order/asked");
      const own = { orderId, cancelRequestId: requestId };
      const answer = await database.answer(call, async (tx) => toMessage(await completeCancel(tx, own, cause)));
      crashPoint("cancel-order/completed");
      return answer;
    },

    async confirmReceipt({ orderId }, call) {
      call.correlate(orderId);
      const answer = await database.answer(call, async (tx) => {
        const found = existing(await tx.store.findForUpdate(orderId), orderId);
        const order = await tx.store.move(orderId, receive(found));
        tx.publish(orderClosed, { orderId, orderStatus: "RECEIPT_CONFIRMED" }, identity(order));
        return toMessage(order);
      });
      crashPoint("confirm-receipt/closed");
      return answer;
    },
  };
}

function existing(order: KeptOrder | undefined, orderId: bigint): KeptOrder {
  if (!order) throw refuse.ORDER_NOT_FOUND({ orderId });
  return order;
}

function identity({ orderId, version }: KeptOrder) {
  return { aggregateId: orderId, aggregateVersion: version };
}

function toMessage({ version: _version, cancelRequestId: _cancelRequestId, ...order }: KeptOrder): OrderMessage {
  return order;
}
