import { notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of orderstatus, besides what the run time answers for every service. */
export const refuse = refusals({
  ORDER_STATUS_NOT_FOUND: notFound(
    "mall.orderstatus/OrderStatus",
    "There is no status of order {orderId}; an order's status arrives by an event a moment after the order.",
  ),
});
