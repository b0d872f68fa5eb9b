// The cancel saga: note that the customer cancels (CANCEL_REQUESTED), ask delivery, whose row decides between the customer and
// staff who ship, and store what it said. Each step is one transaction; recovery.ts finishes what was left between two of them.
import { OrderCancelled } from "#gen/proto/tword/order/v1/events.ts";
import { OrderStatus } from "#gen/proto/tword/order/v1/order.ts";
import type { Context } from "#mesh/service/call.ts";
import { isRefusal } from "#mesh/service/errors.ts";
import { event } from "#mesh/service/event.ts";
import { present } from "#mesh/service/present.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { after, askCancel } from "./domain.ts";
import { refuse } from "./errors.ts";
import { type SagaParts, toEvent } from "./ordering.ts";
import type { KeptOrder, OrderStore } from "./store.ts";

const orderCancelled = event("tword.order.v1.OrderCancelled", OrderCancelled);

/** Step 1: notes that the customer cancels. @param requestId the repeat of a request may find its own cancel done */
export async function requestCancel(store: OrderStore, orderId: bigint, requestId: string): Promise<KeptOrder> {
  const found = await store.findForUpdate(orderId);
  if (!found) throw refuse.ORDER_NOT_FOUND({ orderId });
  const to = isOwnCancel(found, requestId) ? undefined : askCancel(found);
  return to === undefined ? found : store.move(orderId, to, { cancelRequestId: requestId || null });
}

/** Step 2: asks delivery, which is final. When the phone is on its way, the order is too. The repeat of a request may find it done. */
export async function cancelDelivery(order: KeptOrder, parts: SagaParts, context: Context): Promise<void> {
  const { orderId, status } = order;
  if (status === OrderStatus.ORDER_STATUS_CANCELLED) return;
  try {
    await parts.delivery.cancelDelivery({ orderId }, context);
  } catch (error) {
    if (isRefusal(error, "DELIVERY_ALREADY_STARTED")) {
      await parts.database.transaction(context, ({ store }) => giveUpCancel(store, orderId));
    }
    throw error;
  }
}

/** Step 3: the order is cancelled and its phone free. */
export async function completeCancel(
  tx: Transaction<OrderStore>,
  orderId: bigint,
  requestId: string,
): Promise<KeptOrder> {
  const found = present(await tx.store.findForUpdate(orderId));
  if (isOwnCancel(found, requestId)) return found;
  const to = after(found.status, "deliveryCancelled");
  if (to === undefined) throw refuse.ORDER_ALREADY_CANCELLED({ orderId }); // Another cancel was faster.
  const order = await tx.store.move(orderId, to);
  await tx.store.free(orderId);
  tx.publish(orderCancelled, toEvent(order), { aggregateId: orderId, aggregateVersion: order.version });
  return order;
}

/** Instead of step 3: delivery had started. */
async function giveUpCancel(store: OrderStore, orderId: bigint): Promise<void> {
  const found = present(await store.findForUpdate(orderId));
  const to = after(found.status, "cancelCameTooLate");
  if (to !== undefined) await store.move(orderId, to);
}

function isOwnCancel({ status, cancelRequestId }: KeptOrder, requestId: string): boolean {
  return status === OrderStatus.ORDER_STATUS_CANCELLED && requestId !== "" && cancelRequestId === requestId;
}
