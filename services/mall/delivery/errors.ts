import { notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of delivery, besides what the run time answers for every service. */
export const refuse = refusals({
  DELIVERY_NOT_FOUND: notFound(
    "mall.delivery/Delivery",
    "There is no delivery {deliveryId}; list the deliveries to see what exists.",
  ),
});
