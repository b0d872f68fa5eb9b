import type { CalleeFailures } from "#mesh/service/callee-failure.ts";
import { exhausted, failedPrecondition, notFound, refusals, unavailable } from "#mesh/service/refusals.ts";

/** Every "no" of order, besides what the run time answers for every service. */
export const refuse = refusals({
  ORDER_NOT_FOUND: notFound("tword.order/Order", "There is no order {orderId}; list the orders to see what exists."),
  EQUIPMENT_NOT_FOUND: notFound(
    "tword.shop/Equipment",
    "Shop {shopId} has no such {eqpNm}; list the orderable phones to see what it has.",
  ),
  EQUIPMENT_ALREADY_ORDERED: failedPrecondition(
    "The {eqpNm} with serial number {eqpSernum} of shop {shopId} is taken; choose another, or leave the number out.",
  ),
  EQUIPMENT_SOLD_OUT: failedPrecondition("Shop {shopId} has no {eqpNm} left; try another shop or model."),
  MAX_ORDERS_PER_PERSON: exhausted(
    "Customer {customerId} has {limit} open orders already, and more are not allowed; wait until one is shipped, or cancel one.",
  ),
  ORDER_ALREADY_CANCELLED: failedPrecondition("Order {orderId} is cancelled already."),
  ORDER_NOT_PLACED: failedPrecondition("Order {orderId} does not stand, so there is nothing to cancel."),
  DELIVERY_ALREADY_STARTED: failedPrecondition("The phone of order {orderId} is on its way already."),
  DELIVERY_REFUSED: failedPrecondition("Delivery does not take order {orderId}, so nothing was ordered. Order again."),
  DELIVERY_UNAVAILABLE: unavailable("Delivery does not answer. Try again in a moment."),
});

/** What order answers when delivery fails or refuses. */
export const deliveryFailures: CalleeFailures = {
  unavailable: refuse.DELIVERY_UNAVAILABLE,
  refusals: {
    DELIVERY_CANCELLED: refuse.DELIVERY_REFUSED,
    DELIVERY_ALREADY_STARTED: refuse.DELIVERY_ALREADY_STARTED,
  },
};
