import { describe, expect, it } from "vitest";
import { ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import { type Offer, type Product, revise } from "./domain.ts";

const { PRODUCT_STATUS_AVAILABLE: AVAILABLE, PRODUCT_STATUS_SOLD_OUT: SOLD_OUT } = ProductStatus;

const americano: Product = {
  productId: 7n,
  name: "Americano",
  price: 4500n,
  status: AVAILABLE,
  version: 3n,
  createTime: new Date(0),
  updateTime: new Date(0),
};

describe("revise", () => {
  it.each<[string, Partial<Offer>, Partial<Product>]>([
    ["a price alone", { price: 5000n }, { name: "Americano", price: 5000n, status: AVAILABLE }],
    ["a price of 0, which takes it off sale", { price: 0n }, { price: 0n, status: AVAILABLE }],
    ["everything", { name: "Latte", price: 1n, status: SOLD_OUT }, { name: "Latte", price: 1n, status: SOLD_OUT }],
    ["nothing", {}, { name: "Americano", price: 4500n, status: AVAILABLE }],
  ])("changes %s and raises the version by one", (_, change, expected) => {
    expect(revise(americano, change)).toMatchObject({ ...expected, productId: 7n, version: 4n });
  });

  it("leaves the product it was given alone", () => {
    revise(americano, { price: 1n });
    expect(americano).toMatchObject({ price: 4500n, version: 3n });
  });
});
