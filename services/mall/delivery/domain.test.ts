import { expect, test } from "vitest";
import { pack } from "./domain.ts";

test("what leaves the stock is what is delivered, and nothing else of it", () => {
  const taken = { orderId: 7n, productId: 1n, name: "TV", qty: 3, address: "Seoul", remainingQty: 9997, price: 100n };
  expect(pack(taken)).toEqual({ orderId: 7n, productId: 1n, productName: "TV", qty: 3, address: "Seoul" });
});
