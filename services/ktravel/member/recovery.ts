import { isRefusal } from "#mesh/service/errors.ts";
import { recovery, type Worker } from "#mesh/service/recovery.ts";
import { bookCharge, type ChargeParts, payCharge } from "./charging.ts";

/** Longer than a charge may take: younger ones are still somebody's. */
const chargeMs = 15_000;

/** Finishes charges whose caller went away, or that the payment provider did not answer: they are paid and booked, or declined. */
export function finishCharges(parts: ChargeParts, olderThanMs = chargeMs): Worker {
  return recovery(
    "finish-charges",
    async (context) => {
      const { olderThan } = context;
      const charge = await parts.database.transaction(context, ({ store }) => store.claimCharge(olderThan));
      if (!charge) return false;
      context.correlate(charge.requestId);
      context.log.info({ requestId: charge.requestId }, "finishing a charge");
      try {
        await payCharge(charge, parts, context);
      } catch (error) {
        if (isRefusal(error, "PAYMENT_DECLINED")) return true;
        throw error;
      }
      await parts.database.transaction(context, (tx) => bookCharge(tx, charge));
      return true;
    },
    { olderThanMs },
  );
}
