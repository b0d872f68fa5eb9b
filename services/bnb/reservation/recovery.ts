import { ReservationStatus } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import { recovery } from "#mesh/service/recovery.ts";
import { completeCancel } from "./cancelling.ts";
import { rejectReservation, type SagaParts } from "./reserving.ts";

/** Ends what was given up, left between two steps, or lost the events of its cancel: whatever was paid is paid back before the room is free. */
export function finishReservations({ database, payment }: Pick<SagaParts, "database" | "payment">) {
  return recovery("finish-reservations", async (context) => {
    const { olderThan } = context;
    const reservation = await database.transaction(context, ({ store }) => store.claimUnfinished(olderThan));
    if (!reservation) return false;
    const { rsvId, status } = reservation;
    context.correlate(rsvId);
    context.log.info({ rsvId, status }, "ending a reservation");
    await payment.cancelPayment({ rsvId }, context);
    await database.transaction<unknown>(context, (tx) =>
      status === ReservationStatus.RESERVATION_STATUS_CANCEL_REQUESTED
        ? completeCancel(tx, rsvId)
        : rejectReservation(tx.store, rsvId),
    );
    return true;
  });
}
