import { OrderStatus } from "#gen/proto/tword/order/v1/order.ts";
import type { Context } from "#mesh/service/call.ts";
import { isRefusal } from "#mesh/service/errors.ts";
import { recovery } from "#mesh/service/recovery.ts";
import { cancelDelivery, completeCancel } from "./cancelling.ts";
import { rejectOrder, type SagaParts } from "./ordering.ts";
import type { KeptOrder } from "./store.ts";

/** Finishes orders and cancels that were left between two steps. */
export function finishOrders(parts: SagaParts) {
  return recovery(
    "finish-orders",
    async (context) => {
      const { olderThan } = context;
      const order = await parts.database.transaction(context, ({ store }) => store.claimUnfinished(olderThan));
      if (!order) return false;
      context.correlate(order.orderId);
      await finish(order, parts, context);
      return true;
    },
    { unfinished: () => parts.database.store.countUnfinished() },
  );
}

async function finish(order: KeptOrder, parts: SagaParts, context: Context): Promise<void> {
  const { orderId, status } = order;
  const { database } = parts;
  context.log.info({ orderId, status }, "finishing an order");
  if (status === OrderStatus.ORDER_STATUS_PENDING) {
    await database.transaction(context, ({ store }) => rejectOrder(store, orderId, true));
  }
  if (status === OrderStatus.ORDER_STATUS_CANCEL_REQUESTED) return finishCancel(order, parts, context);
  await parts.delivery.cancelDelivery({ orderId }, context);
  await database.transaction(context, ({ store }) => store.closeDelivery(orderId));
}

async function finishCancel(order: KeptOrder, parts: SagaParts, context: Context): Promise<void> {
  try {
    await cancelDelivery(order, parts, context);
  } catch (error) {
    if (isRefusal(error, "DELIVERY_ALREADY_STARTED")) return; // Also an end: the order is on its way.
    throw error;
  }
  await parts.database.transaction(context, (tx) => completeCancel(tx, order.orderId, order.cancelRequestId));
}
