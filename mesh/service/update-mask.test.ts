import { describe, expect, it } from "vitest";
import { camelCase, maskedFields } from "./update-mask.ts";

const product = { productId: 1n, name: "", price: 0n, status: 2, tags: ["hot"] };

describe("maskedFields", () => {
  it.each([
    ["an empty mask: what is populated", [], { status: 2, tags: ["hot"] }],
    ["no mask: the same", undefined, { status: 2, tags: ["hot"] }],
    ["named fields, also to their default", ["price", "name"], { name: "", price: 0n }],
    ["a nested path: the field that holds it", ["tags.0"], { tags: ["hot"] }],
    ["a star: all", ["*"], { name: "", price: 0n, status: 2, tags: ["hot"] }],
    ["a field that may not change: nothing", ["product_id"], {}],
  ])("takes with %s", (_, mask, changes) => {
    expect(maskedFields(product, mask, ["name", "price", "status", "tags"])).toEqual(changes);
  });
});

it.each([
  ["product_id", "productId"],
  ["a", "a"],
  ["create_time_2", "createTime2"],
])("%s is %s in TypeScript", (name, property) => {
  expect(camelCase(name)).toBe(property);
});
