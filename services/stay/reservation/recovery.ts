import { ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import type { Context } from "#mesh/service/call.ts";
import { recovery } from "#mesh/service/recovery.ts";
import { completeCancel } from "./cancelling.ts";
import { completePayment, isDefiniteNo, type SagaParts, settlePayment } from "./paying.ts";
import type { KeptReservation } from "./store.ts";

/** Finishes payments and cancels that were left between two steps. */
export function finishReservations(parts: SagaParts) {
  return recovery("finish-reservations", async (context) => {
    const { olderThan } = context;
    const reservation = await parts.database.transaction(context, ({ store }) => store.claimUnfinished(olderThan));
    if (!reservation) return false;
    const { reservationNumber, reserveStatus } = reservation;
    context.correlate(reservationNumber);
    context.log.info({ reservationNumber, reserveStatus }, "finishing a reservation");
    if (reserveStatus === ReserveStatus.RESERVE_STATUS_CANCEL_REQUESTED)
      await finishCancel(reservation, parts, context);
    else await finishPayment(reservation, parts, context);
    return true;
  });
}

async function finishPayment(reservation: KeptReservation, parts: SagaParts, context: Context): Promise<void> {
  const { reservationNumber } = reservation;
  try {
    const payment = await completePayment(reservation, parts, context);
    await parts.database.transaction(context, ({ store }) => settlePayment(store, reservationNumber, payment));
  } catch (error) {
    if (!isDefiniteNo(error)) throw error; // A "no" is an end too: it may be paid again.
  }
}

async function finishCancel(reservation: KeptReservation, parts: SagaParts, context: Context): Promise<void> {
  const { reservationNumber, cancelRequestId } = reservation;
  await parts.payment.cancelPayment({ reservationNumber }, context);
  await parts.database.transaction(context, (tx) => completeCancel(tx, reservationNumber, cancelRequestId));
}
