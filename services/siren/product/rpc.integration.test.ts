import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Product, ProductServiceService, ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import { Code } from "#mesh/service/codes.ts";
import { rowsOf } from "#mesh/testing/placed-service.ts";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { startProduct, type WithSql } from "../in-process.ts";

const { createProduct, getProduct, updateProduct, listProducts } = ProductServiceService;
const latte = Product.fromPartial({ name: "Latte", price: 5000n, status: ProductStatus.PRODUCT_STATUS_AVAILABLE });

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

const outbox = () => rowsOf(service, "SELECT * FROM mesh.outbox ORDER BY 1");

describe("createProduct", () => {
  it("stores the product and its event in one go", async () => {
    const before = (await outbox()).length;
    const { response } = await service.caller.call(createProduct, { product: latte });
    const events = (await outbox()).slice(before);
    expect(events).toHaveLength(1);
    expect(JSON.stringify(events[0])).toContain("ProductRegistered");
    expect(JSON.stringify(events[0])).toContain(`${response?.productId}`);
  });

  it("answers a request_id sent ten times at once with one product and one event", async () => {
    const before = (await outbox()).length;
    const request = { product: latte, requestId: randomUUID() };
    const answers = await Promise.all(Array.from({ length: 10 }, () => service.caller.call(createProduct, request)));
    expect(new Set(answers.map(({ code, response }) => `${code} ${response?.productId}`)).size).toBe(1);
    expect(answers[0]?.code).toBe(Code.OK);
    expect(await outbox()).toHaveLength(before + 1);
  });

  it("stores neither product nor event when it refuses", async () => {
    const before = (await outbox()).length;
    const { response } = await service.caller.call(listProducts, { pageSize: 1 });
    expect(await service.caller.call(createProduct, { product: { ...latte, price: -1n } })).toMatchObject({
      reason: "OUT_OF_RANGE",
    });
    expect((await service.caller.call(listProducts, { pageSize: 1 })).response).toEqual(response);
    expect(await outbox()).toHaveLength(before);
  });
});

describe("updateProduct", () => {
  it("makes one event for each change, in the order of the versions", async () => {
    const { response } = await service.caller.call(createProduct, { product: latte });
    const productId = response?.productId ?? 0n;
    const before = (await outbox()).length;
    const changes = [6000n, 6500n, 7000n, 7500n].map((price) => ({ ...Product.fromPartial({ productId, price }) }));
    const answers = await Promise.all(changes.map((product) => service.caller.call(updateProduct, { product })));
    const done = answers.filter(({ code }) => code === Code.OK);
    expect(done.length).toBeGreaterThan(0);
    for (const { code, reason } of answers) {
      if (code !== Code.OK) expect({ code, reason }).toEqual({ code: Code.ABORTED, reason: "CONCURRENT_UPDATE" });
    }
    expect(await outbox()).toHaveLength(before + done.length);
  });
});

describe("without its database", () => {
  it("says STORAGE_UNAVAILABLE, and works again when the database is back", async () => {
    const { response } = await service.caller.call(createProduct, { product: latte });
    const productId = response?.productId ?? 0n;
    await postgres.kill();
    for (const answer of [
      await service.caller.call(getProduct, { productId }),
      await service.caller.call(createProduct, { product: latte, requestId: randomUUID() }),
    ]) {
      expect(answer).toMatchObject({ code: Code.UNAVAILABLE, reason: "STORAGE_UNAVAILABLE", retryAfterMs: 3000 });
    }
    await postgres.restart();
    expect(await service.caller.call(getProduct, { productId })).toMatchObject({ code: Code.OK, response });
  });
});
