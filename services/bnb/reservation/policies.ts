import { PaymentCancelled } from "#gen/proto/bnb/payment/v1/events.ts";
import { CancelReason } from "#gen/proto/bnb/reservation/v1/events.ts";
import { RoomReserveRejected } from "#gen/proto/bnb/room/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import { completeCancel, requestCancel } from "./cancelling.ts";
import type { ReservationStore } from "./store.ts";

const paymentCancelled = event("bnb.payment.v1.PaymentCancelled", PaymentCancelled);
const roomReserveRejected = event("bnb.room.v1.RoomReserveRejected", RoomReserveRejected);

/** Money that is paid back ends a cancel; a room that is gone begins one. */
export const policies: Policy<ReservationStore>[] = [
  whenever(paymentCancelled, async ({ rsvId }, tx) => {
    if (await tx.store.find(rsvId)) await completeCancel(tx, rsvId);
  }),
  whenever(roomReserveRejected, async ({ rsvId }, tx) => {
    const found = await tx.store.findForUpdate(rsvId);
    if (found) await requestCancel(tx, found, CancelReason.CANCEL_REASON_ROOM_REJECTED);
  }),
];
