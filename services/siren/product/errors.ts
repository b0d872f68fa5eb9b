import { notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of product, besides what the run time answers for every service. */
export const refuse = refusals({
  PRODUCT_NOT_FOUND: notFound(
    "siren.product/Product",
    "There is no product {productId}; list the products to see what exists.",
  ),
});
