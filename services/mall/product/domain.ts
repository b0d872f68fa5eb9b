import { refuse } from "./errors.ts";

/** What a seller decides about a product. The price is of one unit, in won. */
export interface Offer {
  readonly name: string;
  readonly price: bigint;
}

/** Something on sale. Its version grows by one with every change, so that readers can tell newer from older. */
export interface Product extends Offer {
  readonly productId: bigint;
  /** Units in stock. */
  readonly qty: number;
  /** Counts the changes of the stock. */
  readonly stockSeq: bigint;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** What product answers to an order that wants units: for good, whatever happens to the stock later. */
export type StockAnswer =
  | { readonly taken: true; readonly remainingQty: number; readonly price: bigint }
  | { readonly taken: false; readonly reason: StockRefusalReason };

export type StockRefusalReason = "INSUFFICIENT_STOCK" | "PRODUCT_NOT_FOUND";

/** Units of one product: as many as the contract lets a seller begin with. */
const maxQty = 1_000_000_000;

/** The product after a change of some of its fields. */
export function revise(product: Product, change: Partial<Offer>): Product {
  return { ...product, ...change, version: product.version + 1n };
}

/** The product after units have come or, below 0, gone. */
export function move(product: Product, change: number): Product {
  const { productId, qty, stockSeq, version } = product;
  if (qty + change < 0) throw refuse.INSUFFICIENT_STOCK({ productId });
  if (qty + change > maxQty) throw refuse.STOCK_TOO_LARGE({ productId, limit: maxQty });
  return { ...product, qty: qty + change, stockSeq: stockSeq + 1n, version: version + 1n };
}

/** What an order that wants so many units gets. */
export function answer(product: Product | undefined, qty: number): StockAnswer {
  if (!product) return { taken: false, reason: "PRODUCT_NOT_FOUND" };
  if (product.qty < qty) return { taken: false, reason: "INSUFFICIENT_STOCK" };
  return { taken: true, remainingQty: product.qty - qty, price: product.price };
}
