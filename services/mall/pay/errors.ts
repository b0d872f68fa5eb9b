import type { CalleeFailures } from "#mesh/service/callee-failure.ts";
import { failedPrecondition, notFound, refusals, unavailable } from "#mesh/service/refusals.ts";

/** Every "no" of pay, besides what the run time answers for every service. */
export const refuse = refusals({
  PAY_NOT_FOUND: notFound("mall.pay/Pay", "There is no deposit {payId}; list the deposits to see what exists."),
  PAYMENT_ALREADY_CHECKED: failedPrecondition("The deposit of order {orderId} is confirmed already."),
  PAYMENT_CHECK_IN_PROGRESS: failedPrecondition(
    "The deposit of order {orderId} is being confirmed; look again in a moment what became of it.",
    { retryAfterMs: 1000 },
  ),
  PAYMENT_CANCELED: failedPrecondition("The deposit of order {orderId} is not waited for any more."),
  INSUFFICIENT_STOCK: failedPrecondition("There are too few units in stock for order {orderId}."),
  PRODUCT_NOT_FOUND: failedPrecondition("The product of order {orderId} is gone."),
  PRODUCT_UNAVAILABLE: unavailable(
    "Product does not answer. The deposit stays noted and is confirmed as soon as product does; ask again in a moment.",
  ),
});

/** What pay answers, or understands, when product fails or refuses. */
export const productFailures: CalleeFailures = {
  unavailable: refuse.PRODUCT_UNAVAILABLE,
  refusals: {
    INSUFFICIENT_STOCK: refuse.INSUFFICIENT_STOCK,
    PRODUCT_NOT_FOUND: refuse.PRODUCT_NOT_FOUND,
  },
};
