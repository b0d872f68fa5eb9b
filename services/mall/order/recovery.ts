import { recovery } from "#mesh/service/recovery.ts";
import { cancelPay, completeCancel, isNo, type SagaParts } from "./cancelling.ts";

/** Finishes cancels that were left between two steps. */
export function finishCancels(parts: SagaParts) {
  return recovery(
    "finish-cancels",
    async (context) => {
      const { olderThan } = context;
      const order = await parts.database.transaction(context, ({ store }) => store.claimUnfinished(olderThan));
      if (!order) return false;
      const { orderId } = order;
      context.correlate(orderId);
      context.log.info({ orderId }, "finishing a cancel");
      try {
        const cause = await cancelPay(order, parts, context);
        await parts.database.transaction(context, (tx) => completeCancel(tx, order, cause));
      } catch (error) {
        if (!isNo(error)) throw error; // A "no" is an end too: the order is as before.
      }
      return true;
    },
    { unfinished: () => parts.database.store.countUnfinished() },
  );
}
