import { recovery } from "#mesh/service/recovery.ts";
import { rejectReservation, type SagaParts } from "./reserving.ts";

/** Ends reservations that were given up, or left between two steps: whatever was paid is paid back before the room is free again. */
export function finishReservations({ database, payment }: Pick<SagaParts, "database" | "payment">) {
  return recovery("finish-reservations", async (context) => {
    const { olderThan } = context;
    const reservation = await database.transaction(context, ({ store }) => store.claimUnfinished(olderThan));
    if (!reservation) return false;
    const { rsvId } = reservation;
    context.correlate(rsvId);
    context.log.info({ rsvId }, "giving a reservation up");
    await payment.cancelPayment({ rsvId }, context);
    await database.transaction(context, ({ store }) => rejectReservation(store, rsvId));
    return true;
  });
}
