import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Product, ProductServiceService } from "#gen/proto/mall/product/v1/product.ts";
import { Code } from "#mesh/service/codes.ts";
import { rowsOf } from "#mesh/testing/placed-service.ts";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { startProduct, type WithSql } from "../in-process.ts";

const { createProduct, getProduct, listProducts, updateProduct, adjustStock, decreaseQty } = ProductServiceService;

let postgres: TestPostgres;
let service: WithSql;
beforeAll(async () => {
  postgres = await testPostgres();
  service = await startProduct({ url: postgres.freshUrl() });
});
afterAll(async () => {
  await service?.stop();
  await postgres?.[Symbol.asyncDispose]();
});

let orders = 0n;

function create(fields: Partial<Product> = {}, requestId = "") {
  const product = Product.fromPartial({ name: "TV", price: 100n, qty: 10, ...fields });
  return service.caller.call(createProduct, { product, requestId });
}

async function created(qty = 10): Promise<bigint> {
  return (await create({ qty })).response?.productId ?? 0n;
}

const update = (product: Partial<Product>, updateMask?: string[]) =>
  service.caller.call(updateProduct, { product: Product.fromPartial(product), updateMask });
const adjust = (productId: bigint, delta: number, requestId: string = randomUUID()) =>
  service.caller.call(adjustStock, { productId, delta, requestId });
const decrease = (productId: bigint, qty: number, orderId = ++orders) =>
  service.caller.call(decreaseQty, { orderId, productId, qty, productName: "TV", address: "Seoul" });
const find = async (productId: bigint) => (await service.caller.call(getProduct, { productId })).response;

/** What was published about a product, oldest first. */
async function eventsOf(productId: bigint) {
  const sql = `SELECT subject, aggregate_version::int FROM mesh.outbox
    WHERE payload::json ->> 'productId' = $1 ORDER BY position`;
  return rowsOf(service, sql, [String(productId)]);
}

describe("the catalogue", () => {
  it("registers and changes products, and counts the changes", async () => {
    const productId = await created();
    expect((await update({ productId, price: 120n })).response).toMatchObject({ name: "TV", price: 120n, qty: 10 });
    expect((await update({ productId, name: "Radio", price: 1n }, ["name"])).response).toMatchObject({
      name: "Radio",
      price: 120n,
    });
    await adjust(productId, 5);
    await decrease(productId, 3);
    expect(await find(productId)).toMatchObject({ name: "Radio", price: 120n, qty: 12 });
    expect(await eventsOf(productId)).toEqual([
      ["product.ProductRegistered", 1],
      ["product.ProductUpdated", 2],
      ["product.ProductUpdated", 3],
      ["product.QtyDecreased", 5],
    ]);
  });

  it.each<[string, Partial<Product>, readonly string[]]>([
    ["no name", { name: "" }, ["product.name REQUIRED"]],
    ["a price of 0", { price: 0n }, ["product.price OUT_OF_RANGE"]],
    ["negative stock", { qty: -1 }, ["product.qty OUT_OF_RANGE"]],
    ["a long name", { name: "가".repeat(101) }, ["product.name TOO_LONG"]],
  ])("refuses %s", async (_, fields, violations) => {
    expect(await create(fields)).toMatchObject({ code: Code.INVALID_ARGUMENT, violations });
  });

  it.each([
    ["qty", "IMMUTABLE_FIELD"],
    ["product_id", "IMMUTABLE_FIELD"],
    ["colour", "INVALID_FIELD_MASK"],
  ])("refuses to change %s", async (path, reason) => {
    expect(await update({ productId: await created(), qty: 99 }, [path])).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      reason,
    });
  });

  it("leaves the stock alone when a whole product is sent without a mask", async () => {
    const productId = await created();
    expect((await update({ productId, name: "TV", price: 90n, qty: 99 })).response).toMatchObject({
      price: 90n,
      qty: 10,
    });
  });

  it("has one effect and one answer for a repeated request", async () => {
    const requestId = randomUUID();
    const name = "Repeated";
    const answers = await Promise.all(Array.from({ length: 6 }, () => create({ name }, requestId)));
    for (const answer of answers) expect(answer).toMatchObject({ code: 0, response: answers[0]?.response ?? {} });
    expect(await rowsOf(service, "SELECT 1 FROM product WHERE name = 'Repeated'")).toHaveLength(1);
    expect(await create({ name: "Other" }, requestId)).toMatchObject({ reason: "REQUEST_ID_REUSED" });
  });

  it("changes a product once for a repeated request, one after the other and all at once", async () => {
    const productId = await created();
    const request = { product: Product.fromPartial({ productId, price: 70n }), requestId: randomUUID() };
    const answers = await Promise.all(Array.from({ length: 6 }, () => service.caller.call(updateProduct, request)));
    answers.push(await service.caller.call(updateProduct, request));
    for (const answer of answers) expect(answer).toMatchObject({ code: 0, response: answers[0]?.response ?? {} });
    const events = "SELECT 1 FROM mesh.outbox WHERE subject = 'product.ProductUpdated' AND aggregate_id = $1";
    expect(await rowsOf(service, events, [String(productId)])).toHaveLength(1);
  });

  it("lists newest first, and knows what does not exist", async () => {
    const ids = [await created(), await created()];
    const { response } = await service.caller.call(listProducts, { pageSize: 2 });
    expect(response?.products.map(({ productId }) => productId)).toEqual(ids.reverse());
    const missing = { code: Code.NOT_FOUND, reason: "PRODUCT_NOT_FOUND", resource: "987654" };
    expect(await service.caller.call(getProduct, { productId: 987_654n })).toMatchObject(missing);
    expect(await update({ productId: 987_654n, price: 1n })).toMatchObject(missing);
    expect(await adjust(987_654n, 1)).toMatchObject(missing);
  });
});

describe("adjustStock", () => {
  it("adds and takes, once for a repeated request", async () => {
    const productId = await created();
    const requestId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 5 }, () => adjust(productId, -4, requestId)));
    for (const { response } of answers) expect(response?.qty).toBe(6);
    expect((await adjust(productId, 10)).response?.qty).toBe(16);
  });

  it.each([
    [-11, Code.FAILED_PRECONDITION, "INSUFFICIENT_STOCK"],
    [1_000_000_000, Code.FAILED_PRECONDITION, "STOCK_TOO_LARGE"],
    [0, Code.INVALID_ARGUMENT, "REQUIRED"],
  ])("refuses %i of a product with 10 units", async (delta, code, reason) => {
    expect(await adjust(await created(), delta)).toMatchObject({ code, reason });
  });

  it("demands a request id", async () => {
    const refused = { code: Code.INVALID_ARGUMENT, violations: ["request_id REQUIRED"] };
    expect(await adjust(await created(), 1, "")).toMatchObject(refused);
  });
});

describe("decreaseQty", () => {
  it("answers an order the same, however often and at once it is asked, and takes the units once", async () => {
    const productId = await created();
    const orderId = ++orders;
    const answers = await Promise.all(Array.from({ length: 8 }, () => decrease(productId, 3, orderId)));
    await update({ productId, price: 999n });
    answers.push(await decrease(productId, 3, orderId));
    for (const { response } of answers) expect(response).toEqual({ remainingQty: 7, price: 100n });
    expect(await find(productId)).toMatchObject({ qty: 7 });
  });

  it("stays with its no when units have come since: somebody may have acted on it", async () => {
    const productId = await created(1);
    const orderId = ++orders;
    const refused = { code: Code.FAILED_PRECONDITION, reason: "INSUFFICIENT_STOCK", domain: "product.mall" };
    expect(await decrease(productId, 2, orderId)).toMatchObject(refused);
    await adjust(productId, 10);
    expect(await decrease(productId, 2, orderId)).toMatchObject(refused);
    expect((await decrease(productId, 2)).response?.remainingQty).toBe(9);
  });

  it("knows no such product, for good", async () => {
    const orderId = ++orders;
    const refused = { code: Code.NOT_FOUND, reason: "PRODUCT_NOT_FOUND" };
    expect(await decrease(987_654n, 1, orderId)).toMatchObject(refused);
    expect(await decrease(await created(), 1, orderId)).toMatchObject(refused);
  });

  it("gives the last unit to exactly one of fifty orders", async () => {
    const productId = await created(1);
    const answers = await Promise.all(Array.from({ length: 50 }, () => decrease(productId, 1)));
    expect(answers.filter(({ code }) => code === Code.OK)).toHaveLength(1);
    const reasons = new Set(answers.filter(({ code }) => code !== Code.OK).map(({ reason }) => reason));
    expect([...reasons]).toEqual(["INSUFFICIENT_STOCK"]);
  });
});

describe("the database alone", () => {
  it("lets no stock differ from what its movements left, nor fall below zero", async () => {
    const productId = await created(2);
    const run = (sql: string) => service.sql.query(sql, [productId]);
    await expect(run("UPDATE product SET qty = 1 WHERE product_id = $1")).rejects.toThrow("left_by_a_movement");
    await expect(run("UPDATE product SET qty = -1 WHERE product_id = $1")).rejects.toThrow("qty_not_negative");
    const insert = "INSERT INTO stock_movement (product_id, seq, change, former_qty, remaining_qty, order_id, price)";
    await expect(run(`${insert} VALUES ($1, 2, -3, 2, -1, 900, 1)`)).rejects.toThrow("adds_up");
    await expect(run(`${insert} VALUES ($1, 2, -1, 9, 8, 900, 1)`)).rejects.toThrow("continues_the_former");
    await expect(run(`${insert} VALUES ($1, 2, 1, 2, 3, 900, 1)`)).rejects.toThrow("of_an_order");
    const orderId = ++orders;
    await decrease(productId, 1, orderId);
    const twice = service.sql.query(`${insert} VALUES ($1, 3, -1, 1, 0, $2, 1)`, [productId, orderId]);
    await expect(twice).rejects.toThrow("stock_movement_order_id_key");
  });
});
