import { join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PrismaClient } from "#gen/prisma/siren/order/client.ts";
import { ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import { migrate } from "#mesh/service/migrate.ts";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { OrderStore } from "./store.ts";

const { PRODUCT_STATUS_AVAILABLE: AVAILABLE, PRODUCT_STATUS_SOLD_OUT: SOLD_OUT } = ProductStatus;

let postgres: TestPostgres;
let client: PrismaClient;
let store: OrderStore;

beforeAll(async () => {
  postgres = await testPostgres();
  const connectionString = postgres.freshUrl();
  await migrate(connectionString, join(import.meta.dirname, "migrations"));
  client = new PrismaClient({ adapter: new PrismaPg({ connectionString }) });
  store = new OrderStore(client);
});

afterAll(async () => {
  await client?.$disconnect();
  await postgres?.[Symbol.asyncDispose]();
});

describe("learn", () => {
  const first = { name: "Americano", status: AVAILABLE, version: 1n };
  const second = { name: "Americano", status: SOLD_OUT, version: 2n };
  const third = { name: "Cold brew", status: AVAILABLE, version: 3n };

  it.each([
    ["in order", [first, second, third]],
    ["twice", [first, first, second, second, third, third]],
    ["in reverse", [third, second, first]],
    ["before their predecessors", [second, first, third, second]],
  ])("ends the same when events arrive %s", async (_, events) => {
    const productId = BigInt(1 + (await client.productSnapshot.count()));
    for (const event of events) await store.learn({ productId, ...event });
    expect(await store.findSnapshot(productId)).toMatchObject({ productId, ...third });
  });

  it("ends the same when replicas learn at the same time", async () => {
    const productId = 1_000n;
    await Promise.all([third, first, second, third].map((event) => store.learn({ productId, ...event })));
    expect(await store.findSnapshot(productId)).toMatchObject(third);
  });
});

describe("insert", () => {
  it.each([0n, -1n])("cannot keep an order for %s won, whatever the code above does", async (price) => {
    await expect(store.insert({ productId: 1n, price, customerId: "" })).rejects.toThrow();
  });
});

describe("page", () => {
  it("is newest first, of one customer and one product", async () => {
    for (const [productId, customerId] of [
      [1n, "kim"],
      [2n, "kim"],
      [1n, "lee"],
      [1n, "kim"],
    ] as const) {
      await store.insert({ productId, price: 4500n, customerId });
    }
    const all = await store.page({ customerId: "kim", productId: 1n }, undefined, 10);
    expect(all).toMatchObject([
      { productId: 1n, customerId: "kim" },
      { productId: 1n, customerId: "kim" },
    ]);
    expect((all[0]?.orderId ?? 0n) > (all[1]?.orderId ?? 0n)).toBe(true);
    expect(await store.page({ customerId: "kim", productId: 1n }, all[0]?.orderId, 10)).toEqual(all.slice(1));
  });
});
