import type { OrderStatus } from "#gen/proto/siren/order/v1/order.ts";
import { ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import { refuse } from "./errors.ts";

/** An order that was taken. A refused one is never kept. */
export interface Order {
  readonly orderId: bigint;
  readonly productId: bigint;
  readonly price: bigint;
  readonly status: OrderStatus;
  readonly customerId: string;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** What order knows of a product from its events. */
export interface Snapshot {
  readonly productId: bigint;
  readonly name: string;
  readonly status: ProductStatus;
  readonly version: bigint;
}

/** What product says when it is asked. */
export interface Offer {
  readonly productId: bigint;
  readonly price: bigint;
  readonly status: ProductStatus;
}

/** Refuses what is known to be sold out, before anybody is asked. */
export function refuseSoldOut(known: Pick<Snapshot, "productId" | "status"> | undefined): void {
  if (known?.status === ProductStatus.PRODUCT_STATUS_SOLD_OUT) {
    throw refuse.PRODUCT_SOLD_OUT({ productId: known.productId });
  }
}

/**
 * The order to keep, at the price that product tells now. Both must call it available: the copy, which may be behind, and the
 * answer, which may know better.
 */
export function place(known: Pick<Snapshot, "productId" | "status"> | undefined, offer: Offer, customerId: string) {
  const { productId, price } = offer;
  refuseSoldOut(known);
  if (price <= 0n) throw refuse.PRODUCT_NOT_FOR_SALE({ productId });
  refuseSoldOut(offer);
  if (!known) throw refuse.PRODUCT_STATUS_UNKNOWN({ productId });
  return { productId, price, customerId };
}
