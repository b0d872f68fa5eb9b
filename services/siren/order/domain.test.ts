import { describe, expect, it } from "vitest";
import { ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import { place, refuseSoldOut } from "./domain.ts";

const { PRODUCT_STATUS_AVAILABLE: AVAILABLE, PRODUCT_STATUS_SOLD_OUT: SOLD_OUT } = ProductStatus;
const productId = 7n;

describe("place", () => {
  it("takes the price that product tells", () => {
    expect(place({ productId, status: AVAILABLE }, { productId, price: 4500n, status: AVAILABLE }, "kim")).toEqual({
      productId,
      price: 4500n,
      customerId: "kim",
    });
  });

  it.each([
    // what the copy says, price and status that product says, reason
    [AVAILABLE, 0n, AVAILABLE, "PRODUCT_NOT_FOR_SALE"],
    [AVAILABLE, -1n, AVAILABLE, "PRODUCT_NOT_FOR_SALE"],
    [AVAILABLE, 4500n, SOLD_OUT, "PRODUCT_SOLD_OUT"],
    [SOLD_OUT, 4500n, AVAILABLE, "PRODUCT_SOLD_OUT"],
    [SOLD_OUT, 0n, SOLD_OUT, "PRODUCT_SOLD_OUT"],
    [AVAILABLE, 0n, SOLD_OUT, "PRODUCT_NOT_FOR_SALE"],
    [undefined, 4500n, AVAILABLE, "PRODUCT_STATUS_UNKNOWN"],
    [undefined, 4500n, SOLD_OUT, "PRODUCT_SOLD_OUT"],
    [undefined, 0n, AVAILABLE, "PRODUCT_NOT_FOR_SALE"],
  ])("copy %s, price %s, status %s: %s", (known, price, status, reason) => {
    const copy = known && { productId, status: known };
    expect(() => place(copy, { productId, price, status }, "kim")).toThrow(
      expect.objectContaining({ reason, metadata: { productId: "7" } }),
    );
  });
});

describe("refuseSoldOut", () => {
  it("needs nobody to say no to what is known to be sold out", () => {
    expect(() => refuseSoldOut({ productId, status: SOLD_OUT })).toThrow(
      expect.objectContaining({ reason: "PRODUCT_SOLD_OUT" }),
    );
  });

  it.each([undefined, { productId, status: AVAILABLE }])("lets %o pass", (known) => {
    expect(() => refuseSoldOut(known)).not.toThrow();
  });
});
