// The order saga: take a phone (PENDING), ask delivery to hold a place, let the order stand (ORDERED) or give the phone back
// (REJECTED). Each step is one transaction; recovery.ts finishes what was left between two of them.
import type { DeliveryServiceService } from "#gen/proto/tword/delivery/v1/delivery.ts";
import { Ordered } from "#gen/proto/tword/order/v1/events.ts";
import { OrderStatus } from "#gen/proto/tword/order/v1/order.ts";
import { requestIdReused } from "#mesh/service/answers.ts";
import type { Context, IdempotencyKey } from "#mesh/service/call.ts";
import type { Client } from "#mesh/service/client.ts";
import type { Database } from "#mesh/service/database.ts";
import { isRefusal } from "#mesh/service/errors.ts";
import { event } from "#mesh/service/event.ts";
import { present } from "#mesh/service/present.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { after, choose, eqpStatusOf, refuseTooMany, type Wish } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { KeptOrder, OrderStore } from "./store.ts";

const ordered = event("tword.order.v1.Ordered", Ordered);

/** What the sagas of order work with. */
export interface SagaParts {
  readonly database: Database<OrderStore>;
  readonly delivery: Client<typeof DeliveryServiceService>;
}

export interface OpenOptions {
  /** Open orders that one customer may have. */
  readonly limit: number;
  /** The request, if it has an id: its repeat goes on with the order that the first one opened. */
  readonly key: IdempotencyKey | undefined;
}

/** Step 1: takes a phone for a new order. */
export async function openOrder(store: OrderStore, wish: Wish, { limit, key }: OpenOptions): Promise<KeptOrder> {
  if (key) {
    await store.lock(`request ${key.requestId}`);
    const begun = await store.findByRequest(key.requestId);
    if (begun && !key.fingerprint.equals(begun.requestHash)) throw requestIdReused();
    if (begun) return begun;
  }
  await store.lock(`customer ${wish.customerId}`);
  refuseTooMany(wish.customerId, await store.countOpen(wish.customerId), limit);
  const order = await store.insert(wish, await lockPhone(store, wish), key);
  await store.allocate(order);
  return order;
}

/** Step 2: asks delivery to hold a place. A "no", or no answer, ends the order. The repeat of a request may find it done. */
export async function holdDelivery(
  order: KeptOrder,
  { database, delivery }: SagaParts,
  context: Context,
): Promise<void> {
  if (order.status !== OrderStatus.ORDER_STATUS_PENDING) return;
  try {
    const { orderId, shopId, eqpNm, eqpSernum, allocationSeq } = order;
    await delivery.createDelivery({ orderId, shopId, eqpNm, eqpSernum, allocationSeq }, context);
  } catch (error) {
    const deliveryOpen = !isRefusal(error, "DELIVERY_REFUSED");
    await database.transaction(context, ({ store }) => rejectOrder(store, order.orderId, deliveryOpen));
    throw error;
  }
}

/** Step 3: the order stands. */
export async function completeOrder(tx: Transaction<OrderStore>, orderId: bigint): Promise<KeptOrder> {
  const found = present(await tx.store.findForUpdate(orderId));
  if (found.status === OrderStatus.ORDER_STATUS_REJECTED) throw refuse.DELIVERY_UNAVAILABLE({ orderId });
  const to = after(found.status, "deliveryHeld");
  if (to === undefined) return found; // A repeat of the request was faster.
  const order = await tx.store.move(orderId, to);
  tx.publish(ordered, toEvent(order), { aggregateId: orderId, aggregateVersion: order.version });
  return order;
}

/** Instead of step 3: gives the phone back. @param deliveryOpen whether delivery may hold a place that must be cancelled */
export async function rejectOrder(store: OrderStore, orderId: bigint, deliveryOpen: boolean): Promise<void> {
  const found = present(await store.findForUpdate(orderId));
  const to = after(found.status, "deliveryNotHeld");
  if (to === undefined) return;
  await store.move(orderId, to, { deliveryOpen, requestId: null, requestHash: null });
  await store.free(orderId);
}

/** What events tell of an order. */
export function toEvent(order: KeptOrder) {
  return { ...order, eqpStatus: eqpStatusOf(order.status) };
}

async function lockPhone(store: OrderStore, wish: Wish) {
  const isNumbered = wish.eqpSernum !== 0n;
  const found = isNumbered ? await store.lockPhone(wish.shopId, wish.eqpSernum) : await store.lockFreePhone(wish);
  return choose(wish, found, found !== undefined || (await store.isKnownModel(wish)));
}
