import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Order, OrderServiceService } from "#gen/proto/siren/order/v1/order.ts";
import {
  type CheckProductResponse,
  ProductServiceService,
  ProductStatus,
} from "#gen/proto/siren/product/v1/product.ts";
import { Code } from "#mesh/service/codes.ts";
import { implement } from "#mesh/service/handler.ts";
import { notFound, refusals, unavailable } from "#mesh/service/refusals.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import { startOrder, type WithSql } from "../in-process.ts";

const { PRODUCT_STATUS_AVAILABLE: AVAILABLE, PRODUCT_STATUS_SOLD_OUT: SOLD_OUT } = ProductStatus;
const { createOrder, listOrders } = OrderServiceService;
const productId = 7n;
const offer = { productId, price: 4500n, status: AVAILABLE };

/** What product answers when it is asked; each test sets it. */
let checkProduct: () => Promise<CheckProductResponse>;
let asked = 0;

let postgres: TestPostgres;
let product: TestService;
let service: WithSql;

beforeAll(async () => {
  postgres = await testPostgres();
  const catalogue = implement(
    { checkProduct: ProductServiceService.checkProduct },
    {
      checkProduct: () => {
        asked++;
        return checkProduct();
      },
    },
  );
  product = await testService({ name: "product.siren", services: [catalogue] });
  service = await startOrder({ url: postgres.freshUrl() }, product.target);
  await service.sql.query(
    `INSERT INTO product_snapshot (product_id, name, status, version)
     VALUES (7, 'Americano', 'AVAILABLE', 1), (8, 'Einspänner', 'SOLD_OUT', 1)`,
  );
});

afterAll(async () => {
  await service?.stop();
  await product?.stop();
  await postgres?.[Symbol.asyncDispose]();
});

/** Product's own way of saying no. */
const productRefuses = refusals({
  PRODUCT_NOT_FOUND: notFound("siren.product/Product", "There is no product {productId}."),
  STORAGE_UNAVAILABLE: unavailable("Not now."),
});

function order(id = productId, signal?: AbortSignal) {
  const request = { order: Order.fromPartial({ productId: id, customerId: "kim" }) };
  return service.caller.call(createOrder, request, signal ? { signal } : {});
}

async function kept(): Promise<number> {
  const { rows } = await service.sql.query<{ count: string }>(
    "SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM mesh.outbox) AS count",
  );
  return Number(rows[0]?.count);
}

describe("createOrder", () => {
  it("keeps the price that product told, and one event", async () => {
    checkProduct = async () => ({ ...offer, price: 4700n });
    const before = await kept();
    expect(await order()).toMatchObject({ code: Code.OK, response: { price: 4700n, customerId: "kim" } });
    expect(await kept()).toBe(before + 2);
  });

  it("asks nobody about what it knows to be sold out", async () => {
    const before = asked;
    expect(await order(8n)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "PRODUCT_SOLD_OUT" });
    expect(asked).toBe(before);
  });

  it.each<[string, () => Promise<CheckProductResponse>, bigint, number, string]>([
    [
      "has just sold out",
      async () => ({ ...offer, status: SOLD_OUT }),
      productId,
      Code.FAILED_PRECONDITION,
      "PRODUCT_SOLD_OUT",
    ],
    [
      "has no price",
      async () => ({ ...offer, price: 0n }),
      productId,
      Code.FAILED_PRECONDITION,
      "PRODUCT_NOT_FOR_SALE",
    ],
    [
      "is new to order",
      async () => ({ ...offer, productId: 9n }),
      9n,
      Code.FAILED_PRECONDITION,
      "PRODUCT_STATUS_UNKNOWN",
    ],
    [
      "does not exist",
      () => Promise.reject(productRefuses.PRODUCT_NOT_FOUND({ productId: 9n })),
      9n,
      Code.NOT_FOUND,
      "PRODUCT_NOT_FOUND",
    ],
    [
      "cannot be looked up",
      () => Promise.reject(productRefuses.STORAGE_UNAVAILABLE()),
      productId,
      Code.UNAVAILABLE,
      "PRODUCT_UNAVAILABLE",
    ],
    [
      "makes product stumble",
      () => Promise.reject(new Error("a bug")),
      productId,
      Code.UNAVAILABLE,
      "PRODUCT_UNAVAILABLE",
    ],
  ])("of a product that %s is refused, and nothing is kept", async (_, answer, id, code, reason) => {
    checkProduct = answer;
    const before = await kept();
    expect(await order(id)).toMatchObject({ code, reason, domain: "order.siren", response: undefined });
    expect(await kept()).toBe(before);
  });

  it("that nobody waits for any more keeps nothing", async () => {
    const [gone, late] = [new AbortController(), Promise.withResolvers<CheckProductResponse>()];
    checkProduct = () => {
      gone.abort();
      return late.promise;
    };
    const before = await kept();
    expect(await order(productId, gone.signal)).toMatchObject({ code: Code.CANCELLED });
    late.resolve(offer);
    await eventually(() => service.lines.find(({ msg, code }) => msg === "call" && code === "CANCELLED"));
    expect(await kept()).toBe(before);
  });

  it("is refused while product is down", async () => {
    const before = await kept();
    await product.stop();
    expect(await order()).toMatchObject({ code: Code.UNAVAILABLE, reason: "PRODUCT_UNAVAILABLE", retryAfterMs: 3000 });
    expect(await kept()).toBe(before);
    expect((await service.caller.call(listOrders, {})).code).toBe(Code.OK);
  });
});
