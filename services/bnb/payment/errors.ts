import { failedPrecondition, notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of payment, besides what the run time answers for every service. */
export const refuse = refusals({
  PAYMENT_NOT_FOUND: notFound(
    "bnb.payment/Payment",
    "There is no payment {payId}; list the payments to see what exists.",
  ),
  PAYMENT_DECLINED: failedPrecondition("The card has not enough for reservation {rsvId}."),
  PAYMENT_CANCELLED: failedPrecondition("The payment of reservation {rsvId} was cancelled."),
});
