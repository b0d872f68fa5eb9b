import type { OrderStatus } from "#gen/proto/siren/order/v1/order.ts";
import type { ProductStatus } from "#gen/proto/siren/product/v1/product.ts";

/** What people read, in the languages of the shop. */
export interface Label {
  readonly ko: string;
  readonly en: string;
}

/** By the name that JSON carries. */
export const productStatusLabels: Readonly<Record<Stored<typeof ProductStatus>, Label>> = {
  PRODUCT_STATUS_AVAILABLE: { ko: "판매중", en: "Available" },
  PRODUCT_STATUS_SOLD_OUT: { ko: "품절", en: "Sold out" },
};

export const orderStatusLabels: Readonly<Record<Stored<typeof OrderStatus>, Label>> = {
  ORDER_STATUS_ORDERED: { ko: "주문완료", en: "Ordered" },
};

/** The values of an enum that are ever stored: a new one without a label does not compile. */
type Stored<Enum> = Exclude<keyof Enum & string, `${string}_UNSPECIFIED` | "UNRECOGNIZED">;
