import { failedPrecondition, notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of delivery, besides what the run time answers for every service. */
export const refuse = refusals({
  DELIVERY_NOT_FOUND: notFound(
    "tword.delivery/Delivery",
    "There is no delivery {deliveryId}; list the deliveries to see what exists.",
  ),
  ORDER_NOT_COMPLETED: failedPrecondition("Order {orderId} does not stand yet, so its phone cannot be shipped.", {
    retryAfterMs: 1000,
  }),
  DELIVERY_CANCELLED: failedPrecondition("The delivery of order {orderId} was cancelled."),
  DELIVERY_ALREADY_STARTED: failedPrecondition("The phone of order {orderId} is on its way already."),
});
