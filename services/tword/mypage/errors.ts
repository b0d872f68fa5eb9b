import { notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of mypage, besides what the run time answers for every service. */
export const refuse = refusals({
  MYPAGE_NOT_FOUND: notFound(
    "tword.mypage/Mypage",
    "There is no page of order {orderId}; an order's page arrives by an event a moment after the order.",
  ),
});
