import { PaymentCancelled } from "#gen/proto/stay/payment/v1/events.ts";
import { PromotionRevoked } from "#gen/proto/stay/promotion/v1/events.ts";
import { GrantState } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import type { PromotionStore } from "./store.ts";

const paymentCancelled = event("stay.payment.v1.PaymentCancelled", PaymentCancelled);
const promotionRevoked = event("stay.promotion.v1.PromotionRevoked", PromotionRevoked);

/** A cancelled payment takes its promotion back; one that has none yet never gets one. */
export const policies: Policy<PromotionStore>[] = [
  whenever(paymentCancelled, async (payment, { store, publish }) => {
    const found = await store.findByPayment(payment.paymentId);
    if (!found) return store.bury(payment);
    if (found.state === GrantState.GRANT_STATE_REVOKED) return;
    const revoked = await store.revoke(found.couponId);
    publish(promotionRevoked, revoked, {
      aggregateId: revoked.couponId,
      aggregateVersion: revoked.version,
      correlationId: revoked.reservationNumber,
    });
  }),
];
