import { failedPrecondition, notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of promotion, besides what the run time answers for every service. */
export const refuse = refusals({
  PROMOTION_NOT_FOUND: notFound(
    "stay.promotion/Promotion",
    "There is no promotion {couponId}; list the promotions to see what exists.",
  ),
  PAYMENT_NOT_COMPLETED: failedPrecondition("Payment {paymentId} is not paid, so there is no promotion for it."),
  PAYMENT_CANCELLED: failedPrecondition("Payment {paymentId} was cancelled, so there is no promotion for it."),
});
