// The payment saga: note that the customer pays (PAYMENT_REQUESTED), ask payment, which pays once for a reservation however often it is
// asked, and store what it said. Each step is one transaction; recovery.ts finishes what was left between two of them.
import { type Payment, type PaymentServiceService, PromotionState } from "#gen/proto/stay/payment/v1/payment.ts";
import { ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import { requestIdReused } from "#mesh/service/answers.ts";
import type { Context } from "#mesh/service/call.ts";
import type { Client } from "#mesh/service/client.ts";
import type { Database } from "#mesh/service/database.ts";
import { isRefusal } from "#mesh/service/errors.ts";
import { present } from "#mesh/service/present.ts";
import { after, refusePay } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { KeptReservation, ReservationStore } from "./store.ts";

/** What the sagas of reservation work with. */
export interface SagaParts {
  readonly database: Database<ReservationStore>;
  readonly payment: Client<typeof PaymentServiceService>;
}

/** Step 1: notes that the customer pays. @param requestId the repeat of a request may find its own payment done */
export async function requestPayment(
  store: ReservationStore,
  reservationNumber: bigint,
  requestId: string,
): Promise<KeptReservation> {
  const found = await store.findForUpdate(reservationNumber);
  if (!found) throw refuse.RESERVATION_NOT_FOUND({ reservationNumber });
  if (isOwnPayment(found, requestId)) return found;
  if (requestId !== "" && (await store.isOfAnother(reservationNumber, { payRequestId: requestId })))
    throw requestIdReused();
  refusePay(found);
  const to = after(found.reserveStatus, "paymentAsked");
  if (to === undefined) return found; // It was asked for before.
  return store.update(reservationNumber, to, { payRequestId: requestId });
}

/** Step 2: asks payment, whose answer is final. A "no" gives the reservation back to be paid again. */
export async function completePayment(
  reservation: KeptReservation,
  { database, payment }: SagaParts,
  context: Context,
): Promise<Payment> {
  const { reservationNumber, customerId, customerName, paymentPrice } = reservation;
  try {
    return await payment.completePayment({ reservationNumber, customerId, customerName, paymentPrice }, context);
  } catch (error) {
    if (isDefiniteNo(error))
      await database.transaction(context, ({ store }) => giveUpPayment(store, reservationNumber));
    throw error;
  }
}

/** Step 3: the reservation is paid. Its promotion may have told so already. */
export async function settlePayment(
  store: ReservationStore,
  reservationNumber: bigint,
  { paymentId, promotionState }: Payment,
): Promise<KeptReservation> {
  const found = present(await store.findForUpdate(reservationNumber));
  const to = after(found.reserveStatus, "paid");
  if (to === undefined) return found; // The promotion's event, a repeat or the worker was faster.
  const promotionDeferred = promotionState === PromotionState.PROMOTION_STATE_PENDING;
  return store.update(reservationNumber, to, { paymentId, promotionDeferred });
}

/** Whether payment has refused, so that asking again would not help. */
export function isDefiniteNo(error: unknown): boolean {
  return isRefusal(error, "PAYMENT_DECLINED") || isRefusal(error, "RESERVATION_CANCELLED");
}

/** Instead of step 3: payment said no. A newer attempt that is paid is not undone: it settles from here, too. */
async function giveUpPayment(store: ReservationStore, reservationNumber: bigint): Promise<void> {
  const found = present(await store.findForUpdate(reservationNumber));
  const to = after(found.reserveStatus, "declined");
  if (to !== undefined) await store.update(reservationNumber, to, { payRequestId: "" });
}

function isOwnPayment({ reserveStatus, payRequestId }: KeptReservation, requestId: string): boolean {
  const isPaid = reserveStatus === ReserveStatus.RESERVE_STATUS_PAYMENT_COMPLETED;
  return isPaid && requestId !== "" && payRequestId === requestId;
}
