// The cancel saga: note that the customer cancels (CANCEL_REQUESTED), ask pay, whose row decides between the customer and a seller who
// confirms the deposit, and store what it said: CANCELED, or PLACED again. Each step is one transaction; recovery.ts finishes what was
// left between two of them.
import { OrderCanceled } from "#gen/proto/mall/order/v1/events.ts";
import { CancelCause, OrderStatus } from "#gen/proto/mall/order/v1/order.ts";
import type { PayServiceService } from "#gen/proto/mall/pay/v1/pay.ts";
import type { Context } from "#mesh/service/call.ts";
import type { Client } from "#mesh/service/client.ts";
import type { Database } from "#mesh/service/database.ts";
import { isRefusal } from "#mesh/service/errors.ts";
import { event } from "#mesh/service/event.ts";
import { present } from "#mesh/service/present.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { after, askCancel } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { KeptOrder, OrderStore } from "./store.ts";

const orderCanceled = event("mall.order.v1.OrderCanceled", OrderCanceled);

/** What the saga of order works with. */
export interface SagaParts {
  readonly database: Database<OrderStore>;
  readonly pay: Client<typeof PayServiceService>;
}

/** Step 1: notes that the customer cancels. @param requestId the repeat of a request may find its own cancel done */
export async function requestCancel(store: OrderStore, orderId: bigint, requestId: string): Promise<KeptOrder> {
  const found = await store.findForUpdate(orderId);
  if (!found) throw refuse.ORDER_NOT_FOUND({ orderId });
  const to = isOwnCancel(found, requestId) ? undefined : askCancel(found);
  return to === undefined ? found : store.move(orderId, to, { cancelRequestId: requestId });
}

/**
 * Step 2: asks pay, which is final. When it says no, the order is as before. The repeat of a request may find it done.
 *
 * @returns why the deposit is not waited for: perhaps there was no stock, before the customer came
 */
export async function cancelPay(
  order: KeptOrder,
  { database, pay }: SagaParts,
  context: Context,
): Promise<CancelCause> {
  const { orderId, status, cancelCause } = order;
  if (status === OrderStatus.ORDER_STATUS_CANCELED) return cancelCause;
  try {
    return (await pay.cancelPay({ orderId }, context)).cancelCause;
  } catch (error) {
    if (!isNo(error)) throw error;
    await database.transaction(context, ({ store }) => giveUpCancel(store, orderId));
    throw error;
  }
}

/** Step 3: the order is cancelled. When there was no stock, pay has told everybody already. */
export async function completeCancel(
  tx: Transaction<OrderStore>,
  { orderId, cancelRequestId: requestId }: Pick<KeptOrder, "orderId" | "cancelRequestId">,
  cause: CancelCause,
): Promise<KeptOrder> {
  const found = present(await tx.store.findForUpdate(orderId));
  const to = after(found.status, "payCanceled");
  if (to === undefined) {
    const isMine = isOwnCancel(found, requestId) || found.cancelCause !== CancelCause.CANCEL_CAUSE_ORDER_CANCELED;
    if (isMine) return found;
    throw refuse.ORDER_ALREADY_CANCELED({ orderId }); // Another cancel was faster.
  }
  const order = await tx.store.move(orderId, to, { cancelCause: cause });
  if (cause === CancelCause.CANCEL_CAUSE_ORDER_CANCELED) {
    const message = { orderId, orderStatus: "ORDER_CANCELED", cause };
    tx.publish(orderCanceled, message, { aggregateId: orderId, aggregateVersion: order.version });
  }
  return order;
}

/** Whether pay has decided against the customer. */
export function isNo(error: unknown): boolean {
  return isRefusal(error, "PAYMENT_ALREADY_CHECKED") || isRefusal(error, "PAYMENT_CHECK_IN_PROGRESS");
}

/** Instead of step 3: the seller was faster. */
async function giveUpCancel(store: OrderStore, orderId: bigint): Promise<void> {
  const found = present(await store.findForUpdate(orderId));
  const to = after(found.status, "cancelRefused");
  if (to !== undefined) await store.move(orderId, to, { cancelRequestId: "" });
}

function isOwnCancel({ status, cancelRequestId }: KeptOrder, requestId: string): boolean {
  return status === OrderStatus.ORDER_STATUS_CANCELED && requestId !== "" && cancelRequestId === requestId;
}
