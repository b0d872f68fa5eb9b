// The cancel saga: note that the reservation is to be cancelled (CANCEL_REQUESTED); payment hears of it and pays back; reservation
// hears of that, and it is over (CANCELLED); room hears of that, and is free. Events carry it, so nobody has to wait;
// recovery.ts ends a cancel whose events got lost.
import {
  type CancelReason,
  ReservationCancelled,
  ReservationCancelRequested,
} from "#gen/proto/bnb/reservation/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { present } from "#mesh/service/present.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { after } from "./domain.ts";
import type { KeptReservation, ReservationStore } from "./store.ts";

const cancelRequested = event("bnb.reservation.v1.ReservationCancelRequested", ReservationCancelRequested);
const reservationCancelled = event("bnb.reservation.v1.ReservationCancelled", ReservationCancelled);

type Tx = Transaction<ReservationStore>;

/** Step 1: the reservation is to be cancelled. One that does not stand stays as it is. */
export async function requestCancel(tx: Tx, found: KeptReservation, reason: CancelReason): Promise<KeptReservation> {
  const to = after(found.status, "cancelAsked");
  if (to === undefined) return found;
  const reservation = await tx.store.move(found.rsvId, to);
  tx.publish(cancelRequested, { ...reservation, reason }, identity(reservation));
  return reservation;
}

/** Step 2: the money is paid back, so the reservation is over. One that nobody wished to cancel stays as it is. */
export async function completeCancel(tx: Tx, rsvId: string): Promise<void> {
  const found = present(await tx.store.findForUpdate(rsvId));
  const to = after(found.status, "paidBack");
  if (to === undefined) return;
  const reservation = await tx.store.move(rsvId, to);
  tx.publish(reservationCancelled, reservation, identity(reservation));
}

function identity({ rsvId, version }: KeptReservation) {
  return { aggregateId: rsvId, aggregateVersion: version };
}
