import { recovery } from "#mesh/service/recovery.ts";
import { type GrantParts, grantPending } from "./granting.ts";

/** @param everyMs how often promotions that were not reached are asked for again; olderThanMs is how long they may wait for it */
export function finishGrants(parts: GrantParts, options: { everyMs?: number; olderThanMs?: number } = {}) {
  return recovery(
    "finish-grants",
    async (context) => {
      const { olderThan } = context;
      const payment = await parts.database.transaction(context, ({ store }) => store.claimPending(olderThan));
      if (!payment) return false;
      context.correlate(payment.reservationNumber);
      await grantPending(payment, parts, context);
      return true;
    },
    options,
  );
}
