import { describe, expect, test } from "vitest";
import { answer, move, type Product, revise } from "./domain.ts";

const tv: Product = {
  productId: 1n,
  name: "TV",
  price: 100n,
  qty: 10,
  stockSeq: 3n,
  version: 5n,
  createTime: new Date(0),
  updateTime: new Date(0),
};

describe("a product", () => {
  test("keeps what a change does not name, and counts it", () => {
    expect(revise(tv, { price: 200n })).toEqual({ ...tv, price: 200n, version: 6n });
  });

  test.each([
    [5, 15],
    [-10, 0],
    [999_999_990, 1_000_000_000],
  ])("has, after a movement of %i, %i units", (change, qty) => {
    expect(move(tv, change)).toEqual({ ...tv, qty, stockSeq: 4n, version: 6n });
  });

  test.each([
    [-11, "INSUFFICIENT_STOCK"],
    [999_999_991, "STOCK_TOO_LARGE"],
  ])("refuses a movement of %i with %s", (change, reason) => {
    expect(() => move(tv, change)).toThrow(expect.objectContaining({ reason }));
  });
});

describe("an order that wants units", () => {
  test.each([
    ["gets them", tv, 3, { taken: true, remainingQty: 7, price: 100n }],
    ["gets the last ones", tv, 10, { taken: true, remainingQty: 0, price: 100n }],
    ["gets none when there are too few", tv, 11, { taken: false, reason: "INSUFFICIENT_STOCK" }],
    ["gets none of a product that is gone", undefined, 1, { taken: false, reason: "PRODUCT_NOT_FOUND" }],
  ])("%s", (_, product, qty, expected) => {
    expect(answer(product, qty)).toEqual(expected);
  });
});
