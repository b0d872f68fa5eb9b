// The reserve saga: keep the room (PENDING_PAYMENT), ask room whether it can be had and for how much, ask payment to take the money,
// let the reservation stand (CONFIRMED). Each step is one transaction or one call. A room that cannot be had, or a card that is
// declined, ends it (REJECTED). When nobody knows whether the money was taken, or the process died, it is given up: recovery.ts has the
// money paid back first, and rejects it then.

import type { PaymentServiceService } from "#gen/proto/bnb/payment/v1/payment.ts";
import { ReservationConfirmed } from "#gen/proto/bnb/reservation/v1/events.ts";
import { ReservationStatus } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import type { RoomServiceService } from "#gen/proto/bnb/room/v1/room.ts";
import { requestIdReused } from "#mesh/service/answers.ts";
import type { Context, IdempotencyKey } from "#mesh/service/call.ts";
import type { Client } from "#mesh/service/client.ts";
import type { Database } from "#mesh/service/database.ts";
import { isRefusal } from "#mesh/service/errors.ts";
import { event } from "#mesh/service/event.ts";
import { present } from "#mesh/service/present.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { after, priceOf, refuseTooMany, type Wish } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { KeptReservation, ReservationStore } from "./store.ts";

const { RESERVATION_STATUS_PENDING_PAYMENT, RESERVATION_STATUS_REJECTED } = ReservationStatus;
const reservationConfirmed = event("bnb.reservation.v1.ReservationConfirmed", ReservationConfirmed);

/** What the sagas of reservation work with. */
export interface SagaParts {
  readonly database: Database<ReservationStore>;
  readonly room: Client<typeof RoomServiceService>;
  readonly payment: Client<typeof PaymentServiceService>;
}

export interface OpenOptions {
  /** Reservations that one guest may have. */
  readonly limit: number;
  /** The request, if it has an id: its repeat goes on with the reservation that the first one opened. */
  readonly key: IdempotencyKey | undefined;
}

/** What payment has taken. */
export interface Paid {
  readonly payId: string;
  /** In won. */
  readonly price: bigint;
}

/** Step 1: keeps the room. */
export async function openReservation(
  store: ReservationStore,
  wish: Wish,
  { limit, key }: OpenOptions,
): Promise<KeptReservation> {
  const { roomId, guestId } = wish;
  const begun = key && (await findBegun(store, key));
  if (begun) return begun;
  await store.lock(`guest ${guestId}`);
  refuseTooMany(guestId, await store.countOpen(guestId), limit);
  await store.lock(`room ${roomId}`);
  if (await store.isTaken(roomId)) throw refuse.ROOM_NOT_AVAILABLE({ roomId });
  return store.insert(wish, key);
}

async function findBegun(store: ReservationStore, key: IdempotencyKey): Promise<KeptReservation | undefined> {
  await store.lock(`request ${key.requestId}`);
  const begun = await store.findByRequest(key.requestId);
  if (!begun) return undefined;
  if (!key.fingerprint.equals(begun.requestHash)) throw requestIdReused();
  if (begun.givenUp) throw refuse.PAYMENT_UNAVAILABLE({ rsvId: begun.rsvId });
  return store.note(begun.rsvId, { repeated: true });
}

/** Step 2: asks room. A "no", or no answer, ends the reservation. @returns what is to be paid, in won */
export async function checkRoom(reservation: KeptReservation, parts: SagaParts, context: Context): Promise<bigint> {
  const { rsvId, roomId } = reservation;
  if (!isPending(reservation)) return reservation.price; // The repeat of a request finds it done.
  try {
    return priceOf(roomId, await parts.room.checkRoom({ roomId }, context));
  } catch (error) {
    const left = await parts.database.transaction(context, ({ store }) => leave(store, rsvId));
    if (left.payId === "") throw error;
    return left.price; // Another attempt at the same request was faster.
  }
}

/** Step 3: asks payment, which has one payment a reservation. */
export async function approvePayment(
  reservation: KeptReservation,
  amount: bigint,
  { database, payment }: SagaParts,
  context: Context,
): Promise<Paid> {
  const { rsvId, roomId, guestId, payId, price } = reservation;
  if (!isPending(reservation)) return { payId, price };
  try {
    const paid = await payment.approvePayment({ rsvId, roomId, guestId, amount }, context);
    return { payId: paid.payId, price: paid.amount };
  } catch (error) {
    const isDeclined = isRefusal(error, "PAYMENT_DECLINED");
    const left = await database.transaction(context, ({ store }) =>
      isDeclined ? rejectReservation(store, rsvId) : giveUp(store, rsvId),
    );
    if (left.payId === "") throw error;
    return { payId: left.payId, price: left.price }; // Another attempt at the same request was faster.
  }
}

/** Step 4: the reservation stands. */
export async function completeReservation(
  tx: Transaction<ReservationStore>,
  rsvId: string,
  { payId, price }: Paid,
): Promise<KeptReservation> {
  const found = present(await tx.store.findForUpdate(rsvId));
  if (found.givenUp || found.status === RESERVATION_STATUS_REJECTED) throw refuse.PAYMENT_UNAVAILABLE({ rsvId });
  const to = after(found.status, "paid");
  if (to === undefined) return found; // Another attempt at the same request was faster.
  const reservation = await tx.store.move(rsvId, to, { payId, price });
  tx.publish(reservationConfirmed, reservation, { aggregateId: rsvId, aggregateVersion: reservation.version });
  return reservation;
}

/** Instead of step 4: nothing is paid, and the room is free. Its request may be tried again. */
export async function rejectReservation(store: ReservationStore, rsvId: string): Promise<KeptReservation> {
  const found = present(await store.findForUpdate(rsvId));
  const to = after(found.status, "notPaid");
  return to === undefined ? found : store.move(rsvId, to, { requestId: null, requestHash: null });
}

/** This attempt ends before it has paid. Another attempt at the same request may have. */
async function leave(store: ReservationStore, rsvId: string): Promise<KeptReservation> {
  const found = present(await store.findForUpdate(rsvId));
  return found.repeated ? giveUp(store, rsvId) : rejectReservation(store, rsvId);
}

/** Nobody knows whether it is paid. The worker takes it up at its next round. */
async function giveUp(store: ReservationStore, rsvId: string): Promise<KeptReservation> {
  const found = present(await store.findForUpdate(rsvId));
  return isPending(found) ? store.note(rsvId, { givenUp: true, stepTime: new Date(0) }) : found;
}

function isPending({ status }: KeptReservation): boolean {
  return status === RESERVATION_STATUS_PENDING_PAYMENT;
}
