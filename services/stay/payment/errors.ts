import type { CalleeFailures } from "#mesh/service/callee-failure.ts";
import { alreadyExists, failedPrecondition, notFound, refusals, unavailable } from "#mesh/service/refusals.ts";

/** Every "no" of payment, besides what the run time answers for every service. */
export const refuse = refusals({
  PAYMENT_NOT_FOUND: notFound(
    "stay.payment/Payment",
    "There is no payment {paymentId}; list the payments to see what exists.",
  ),
  PAYMENT_DECLINED: failedPrecondition("The payment of reservation {reservationNumber} was declined."),
  PAYMENT_CANCELLED: failedPrecondition("The payment of reservation {reservationNumber} was cancelled."),
  PAYMENT_NOT_COMPLETED: failedPrecondition("Payment {paymentId} is not paid, so there is no promotion for it."),
  PROMOTION_ALREADY_GRANTED: alreadyExists(
    "stay.promotion/Promotion",
    "Payment {paymentId} has its promotion already.",
  ),
  PROMOTION_UNAVAILABLE: unavailable(
    "Promotions are busy. Try again in a moment; a promotion that is due is not lost.",
  ),
});

/** What payment answers when promotion fails or refuses. */
export const promotionFailures: CalleeFailures = {
  unavailable: refuse.PROMOTION_UNAVAILABLE,
  refusals: {
    PAYMENT_NOT_COMPLETED: refuse.PAYMENT_NOT_COMPLETED,
    PAYMENT_CANCELLED: refuse.PAYMENT_NOT_COMPLETED,
  },
};
