// The cancel saga: note that the customer cancels (CANCEL_REQUESTED), have the payment cancelled, which takes the promotion back by
// its event, and free the room. Each step is one transaction; recovery.ts finishes what was left between two of them.
import { ReservationCancelled } from "#gen/proto/stay/reservation/v1/events.ts";
import { ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import { requestIdReused } from "#mesh/service/answers.ts";
import { event } from "#mesh/service/event.ts";
import { present } from "#mesh/service/present.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { after, refuseCancel } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { KeptReservation, ReservationStore } from "./store.ts";

const reservationCancelled = event("stay.reservation.v1.ReservationCancelled", ReservationCancelled);

/** Step 1: notes that the customer cancels. @param requestId the repeat of a request may find its own cancel done */
export async function requestCancel(
  store: ReservationStore,
  reservationNumber: bigint,
  requestId: string,
): Promise<KeptReservation> {
  const found = await store.findForUpdate(reservationNumber);
  if (!found) throw refuse.RESERVATION_NOT_FOUND({ reservationNumber });
  if (isOwnCancel(found, requestId)) return found;
  if (requestId !== "" && (await store.isOfAnother(reservationNumber, { cancelRequestId: requestId }))) {
    throw requestIdReused();
  }
  refuseCancel(found);
  const to = after(found.reserveStatus, "cancelAsked");
  if (to === undefined) return found; // It was asked for before.
  return store.update(reservationNumber, to, { cancelRequestId: requestId });
}

/** Step 3, once the payment is cancelled: the reservation is, its room is free, and what the promotion gave is gone. */
export async function completeCancel(
  tx: Transaction<ReservationStore>,
  reservationNumber: bigint,
  requestId: string,
): Promise<KeptReservation> {
  const found = present(await tx.store.findForUpdate(reservationNumber));
  if (isOwnCancel(found, requestId)) return found;
  const to = after(found.reserveStatus, "paymentCancelled");
  if (to === undefined) throw refuse.RESERVATION_CANCELLED({ reservationNumber }); // Another cancel was faster.
  const cancelled = await tx.store.update(reservationNumber, to, { gift: null, promotionDeferred: false });
  tx.publish(reservationCancelled, cancelled, {
    aggregateId: reservationNumber,
    aggregateVersion: cancelled.version,
  });
  return cancelled;
}

function isOwnCancel({ reserveStatus, cancelRequestId }: KeptReservation, requestId: string): boolean {
  const isCancelled = reserveStatus === ReserveStatus.RESERVE_STATUS_CANCELLED;
  return isCancelled && requestId !== "" && cancelRequestId === requestId;
}
