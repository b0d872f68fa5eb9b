import { recovery } from "#mesh/service/recovery.ts";
import { finish, openCheck, type SagaParts } from "./checking.ts";

/** Finishes checks that were left between two steps. */
export function finishChecks(parts: SagaParts) {
  return recovery(
    "finish-checks",
    async (context) => {
      const { olderThan } = context;
      const pay = await parts.database.transaction(context, ({ store }) => store.claimUnfinished(olderThan));
      if (!pay) return false;
      context.log.info({ orderId: pay.orderId, payId: pay.payId }, "finishing a check");
      await finish(pay, parts, context);
      return true;
    },
    { unfinished: () => parts.database.store.countUnfinished() },
  );
}

/** Confirms every deposit at once, as if a seller stood by. For demonstrations: `PAY_AUTO_CHECK=true`. */
export function checkAll(parts: SagaParts) {
  return recovery(
    "check-all",
    async (context) => {
      const pay = await parts.database.transaction(context, async ({ store }) => {
        const placed = await store.lockPlaced();
        return placed && openCheck(store, placed.payId, "");
      });
      if (!pay) return false;
      await finish(pay, parts, context);
      return true;
    },
    { everyMs: 100, olderThanMs: 0 },
  );
}
