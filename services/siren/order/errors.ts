import type { CalleeFailures } from "#mesh/service/callee-failure.ts";
import { failedPrecondition, notFound, refusals, unavailable } from "#mesh/service/refusals.ts";

/** Every "no" of order, besides what the run time answers for every service. */
export const refuse = refusals({
  ORDER_NOT_FOUND: notFound("siren.order/Order", "There is no order {orderId}."),
  PRODUCT_SNAPSHOT_NOT_FOUND: notFound(
    "siren.order/ProductSnapshot",
    "Order has not heard of product {productId} yet; its registration arrives by an event.",
  ),
  PRODUCT_NOT_FOUND: notFound(
    "siren.product/Product",
    "There is no product {productId}; list the products to see what exists.",
  ),
  PRODUCT_SOLD_OUT: failedPrecondition("Product {productId} is sold out; choose another."),
  PRODUCT_NOT_FOR_SALE: failedPrecondition("Product {productId} has no price and is not for sale."),
  PRODUCT_STATUS_UNKNOWN: failedPrecondition(
    "Product {productId} was registered a moment ago and order has not heard of it yet. Try again in a second.",
    { retryAfterMs: 1000 },
  ),
  PRODUCT_UNAVAILABLE: unavailable("The catalogue does not answer, so nothing was ordered. Try again in a moment."),
});

/** What order answers when product fails or refuses. */
export const productFailures: CalleeFailures = {
  unavailable: refuse.PRODUCT_UNAVAILABLE,
  refusals: { PRODUCT_NOT_FOUND: refuse.PRODUCT_NOT_FOUND },
};
