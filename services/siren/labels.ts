import type { OrderStatus } from "#gen/proto/siren/order/v1/order.ts";
import type { ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import type { Labels } from "#mesh/service/label.ts";

/** By the name that JSON carries. */
export const productStatusLabels: Labels<typeof ProductStatus> = {
  PRODUCT_STATUS_AVAILABLE: { ko: "판매중", en: "Available" },
  PRODUCT_STATUS_SOLD_OUT: { ko: "품절", en: "Sold out" },
};

export const orderStatusLabels: Labels<typeof OrderStatus> = {
  ORDER_STATUS_ORDERED: { ko: "주문완료", en: "Ordered" },
};
