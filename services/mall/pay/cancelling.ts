// A customer cancels: pay's row decides between the customer and a seller who confirms the deposit at the same time.
import { CancelCause } from "#gen/proto/mall/order/v1/order.ts";
import { PayCanceled } from "#gen/proto/mall/pay/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { present } from "#mesh/service/present.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { cancel, type Pay, shownCancel } from "./domain.ts";
import { identity } from "./message.ts";
import type { PayStore } from "./store.ts";

const payCanceled = event("mall.pay.v1.PayCanceled", PayCanceled);

/** Cancels the deposit of an order, or remembers that there shall be none. */
export async function cancelPay(tx: Transaction<PayStore>, orderId: bigint): Promise<Pay> {
  const tombstone = await tx.store.insertCancelled(orderId);
  if (tombstone) {
    publishCancelled(tx, tombstone);
    return tombstone;
  }
  const found = present(await tx.store.findByOrderForUpdate(orderId));
  const cancelCause = CancelCause.CANCEL_CAUSE_ORDER_CANCELED;
  const pay = await tx.store.move(found, cancel(found), { cancelCause });
  if (pay.version !== found.version) publishCancelled(tx, pay);
  return pay;
}

export function publishCancelled(tx: Transaction<PayStore>, pay: Pay): void {
  const { orderId, payId, cancelCause: cause } = pay;
  tx.publish(payCanceled, { orderId, payId, cause, orderStatus: shownCancel(cause) }, identity(pay));
}
