import type { CalleeFailures } from "#mesh/service/callee-failure.ts";
import { failedPrecondition, notFound, refusals, unavailable } from "#mesh/service/refusals.ts";

/** Every "no" of order, besides what the run time answers for every service. */
export const refuse = refusals({
  ORDER_NOT_FOUND: notFound("mall.order/Order", "There is no order {orderId}; list the orders to see what exists."),
  PRODUCT_NOT_FOUND: notFound(
    "mall.product/Product",
    "Order has not heard of a product {productId}; list the products to see what exists.",
  ),
  PRICE_CHANGED: failedPrecondition(
    "Product {productId} costs {price} won now; order again at that price, or without one.",
  ),
  PAYMENT_ALREADY_CHECKED: failedPrecondition(
    "The deposit of order {orderId} is confirmed, so it cannot be cancelled.",
  ),
  PAYMENT_CHECK_IN_PROGRESS: failedPrecondition(
    "The deposit of order {orderId} is being confirmed; look again in a moment what became of it.",
    { retryAfterMs: 1000 },
  ),
  ORDER_ALREADY_CANCELED: failedPrecondition("Order {orderId} is cancelled already."),
  ORDER_CLOSED: failedPrecondition("Order {orderId} was received, so it cannot be cancelled."),
  ORDER_ALREADY_CLOSED: failedPrecondition("Order {orderId} was received already."),
  NOT_IN_DELIVERY: failedPrecondition("Order {orderId} is not on its way yet, so it cannot be received."),
  PAY_UNAVAILABLE: unavailable(
    "Pay does not answer. The order is cancelled as soon as it does; ask again in a moment.",
  ),
});

/** What order answers when pay fails or refuses. */
export const payFailures: CalleeFailures = {
  unavailable: refuse.PAY_UNAVAILABLE,
  refusals: {
    PAYMENT_ALREADY_CHECKED: refuse.PAYMENT_ALREADY_CHECKED,
    PAYMENT_CHECK_IN_PROGRESS: refuse.PAYMENT_CHECK_IN_PROGRESS,
  },
};
