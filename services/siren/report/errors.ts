import { notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of report, besides what the run time answers for every service. */
export const refuse = refusals({
  REPORT_NOT_FOUND: notFound(
    "siren.report/Report",
    "Report has not heard of product {productId}; its registration arrives by an event.",
  ),
});
