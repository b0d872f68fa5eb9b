import { failedPrecondition, notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of product, besides what the run time answers for every service. */
export const refuse = refusals({
  PRODUCT_NOT_FOUND: notFound(
    "mall.product/Product",
    "There is no product {productId}; list the products to see what exists.",
  ),
  INSUFFICIENT_STOCK: failedPrecondition("Product {productId} has too few units in stock; ask for fewer, or add some."),
  STOCK_TOO_LARGE: failedPrecondition("Product {productId} would have more than {limit} units in stock; add fewer."),
});
