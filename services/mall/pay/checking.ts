// The check saga: note that the seller has seen the money (CHECKING), ask product for the units, store what it said (CHECKED, or
// CANCELED with a cause). Each step is one transaction; recovery.ts finishes what was left between two of them. Product answers an
// order for good, so that everybody who asks again, a worker or a second seller, hears the same.
import { CancelCause } from "#gen/proto/mall/order/v1/order.ts";
import { PayChecked } from "#gen/proto/mall/pay/v1/events.ts";
import { PayStatus } from "#gen/proto/mall/pay/v1/pay.ts";
import type { ProductServiceService } from "#gen/proto/mall/product/v1/product.ts";
import type { Context } from "#mesh/service/call.ts";
import type { Client } from "#mesh/service/client.ts";
import type { Database } from "#mesh/service/database.ts";
import { isRefusal } from "#mesh/service/errors.ts";
import { event } from "#mesh/service/event.ts";
import { present } from "#mesh/service/present.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { publishCancelled } from "./cancelling.ts";
import { finishCheck, isOwnCheck, type Pay, type StockAnswer, startCheck } from "./domain.ts";
import { refuse } from "./errors.ts";
import { identity, toGoods } from "./message.ts";
import type { PayStore } from "./store.ts";

const payChecked = event("mall.pay.v1.PayChecked", PayChecked);

/** What the saga of pay works with. */
export interface SagaParts {
  readonly database: Database<PayStore>;
  readonly product: Client<typeof ProductServiceService>;
}

/** Step 1: notes that the seller has seen the money. @param requestId the repeat of a request may find its own check done */
export async function openCheck(store: PayStore, payId: bigint, requestId: string): Promise<Pay> {
  const found = await store.findForUpdate(payId);
  if (!found) throw refuse.PAY_NOT_FOUND({ payId });
  if (isOwnCheck(found, requestId)) return found;
  return store.move(found, startCheck(found), { checkRequestId: requestId });
}

/** Step 2: asks product, until it has said yes or no. @throws ServiceError PRODUCT_UNAVAILABLE when it does neither */
export async function takeStock(pay: Pay, { product }: SagaParts, context: Context): Promise<StockAnswer> {
  const { productId, qty, productName, address } = present(pay.goods);
  try {
    const request = { orderId: pay.orderId, productId, qty, productName, address };
    const { remainingQty } = await product.decreaseQty(request, context);
    return { taken: true, remainingQty };
  } catch (error) {
    if (isRefusal(error, "INSUFFICIENT_STOCK")) return { taken: false, cause: CancelCause.CANCEL_CAUSE_OUT_OF_STOCK };
    if (isRefusal(error, "PRODUCT_NOT_FOUND")) return { taken: false, cause: CancelCause.CANCEL_CAUSE_PRODUCT_GONE };
    throw error;
  }
}

/** Step 3: the deposit is confirmed, or the order ends without one. Whoever joined a check finds what the first has stored. */
export async function completeCheck(tx: Transaction<PayStore>, payId: bigint, answer: StockAnswer): Promise<Pay> {
  const found = present(await tx.store.findForUpdate(payId));
  if (found.status !== PayStatus.PAY_STATUS_CHECKING) return found;
  const to = finishCheck(found, answer);
  if (!answer.taken) {
    const pay = await tx.store.move(found, to, { cancelCause: answer.cause });
    publishCancelled(tx, pay);
    return pay;
  }
  const pay = await tx.store.move(found, to, { remainingQty: answer.remainingQty });
  const { orderId } = pay;
  tx.publish(payChecked, { ...toGoods(pay), orderId, payId, orderStatus: "DEPOSIT_CONFIRMED" }, identity(pay));
  return pay;
}

/** Steps 2 and 3, for the workers. */
export async function finish(pay: Pay, parts: SagaParts, context: Context): Promise<void> {
  const { payId, orderId } = pay;
  context.correlate(orderId);
  const answer = await takeStock(pay, parts, context);
  await parts.database.transaction(context, (tx) => completeCheck(tx, payId, answer));
}
