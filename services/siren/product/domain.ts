import type { ProductStatus } from "#gen/proto/siren/product/v1/product.ts";

/** What a clerk decides about a product. A price of 0 won means "not for sale". */
export interface Offer {
  readonly name: string;
  readonly price: bigint;
  readonly status: ProductStatus;
}

/** A drink on the menu. Its version grows by one with every change, so that readers can tell newer from older. */
export interface Product extends Offer {
  readonly productId: bigint;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** The product after a change of some of its fields. */
export function revise(product: Product, change: Partial<Offer>): Product {
  return { ...product, ...change, version: product.version + 1n };
}
