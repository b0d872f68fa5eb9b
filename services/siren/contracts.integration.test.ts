// What each consumer relies on, checked against what the provider really does: events as they lie in the provider's outbox, and
// product's answers to order. A field that a provider stops filling, or a refusal that it adds, fails here and not in production.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Order, OrderServiceService } from "#gen/proto/siren/order/v1/order.ts";
import { Product, ProductServiceService, ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import { Code } from "#mesh/service/codes.ts";
import { anId, eventContracts } from "#mesh/testing/event-contracts.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { published, rowsOf } from "#mesh/testing/placed-service.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { startOrder, startProduct, type WithSql } from "./in-process.ts";
import { productFailures } from "./order/errors.ts";
import { policies as orderPolicies } from "./order/policies.ts";
import { policies as productPolicies } from "./product/policies.ts";
import { policies as reportPolicies } from "./report/policies.ts";

const { PRODUCT_STATUS_AVAILABLE, PRODUCT_STATUS_SOLD_OUT } = ProductStatus;
const { createProduct, updateProduct, checkProduct } = ProductServiceService;

const servers = useServers();
let product: WithSql;
let order: WithSql;
let productId: bigint;

/** A drink is registered, ordered, and sold out. */
beforeAll(async () => {
  product = await startProduct(servers.place("siren"));
  order = await startOrder(servers.place("siren"), product.target);
  const latte = Product.fromPartial({ name: "Latte", price: 5000n, status: PRODUCT_STATUS_AVAILABLE });
  productId = (await product.caller.call(createProduct, { product: latte })).response?.productId ?? 0n;
  const wish = Order.fromPartial({ productId, customerId: "kim" });
  await eventually(async () => {
    const answer = await order.caller.call(OrderServiceService.createOrder, { order: wish });
    return answer.code === Code.OK;
  });
  const soldOut = Product.fromPartial({ productId, status: PRODUCT_STATUS_SOLD_OUT });
  await product.caller.call(updateProduct, { product: soldOut, updateMask: ["status"] });
});

afterAll(async () => {
  for (const service of [order, product]) await service?.stop();
});

const latte = { productId: anId, name: "Latte", price: "5000", version: anId };
const onSale = { ...latte, status: "PRODUCT_STATUS_AVAILABLE" };
const soldOut = { ...latte, status: "PRODUCT_STATUS_SOLD_OUT" };

eventContracts({
  providers: () => ({ product, order }),
  consumers: { product: productPolicies, order: orderPolicies, report: reportPolicies },
  expectations: [
    ["order", "product", "ProductRegistered", onSale],
    ["order", "product", "UpdatedProductStatus", soldOut],
    ["report", "product", "ProductRegistered", onSale],
    ["report", "product", "UpdatedProductStatus", soldOut],
  ],
});

describe("events", () => {
  it("tell an order once, with what was paid", async () => {
    const whole = { orderId: anId, productId: String(productId), price: "5000", customerId: "kim" };
    expect(await published(order, "Ordered")).toEqual([whole]);
  });

  it("carry their own id as correlation id, and rising versions", async () => {
    const query = "SELECT aggregate_version, correlation_id = aggregate_id FROM mesh.outbox ORDER BY position";
    expect(await rowsOf(product, query)).toEqual([
      ["1", true],
      ["2", true],
    ]);
    expect(await rowsOf(order, query)).toEqual([["1", true]]);
  });
});

describe("order relies on product", () => {
  it("to tell price and state as they are now", async () => {
    const answer = await product.caller.call(checkProduct, { productId });
    expect(answer.response).toEqual({ productId, price: 5000n, status: PRODUCT_STATUS_SOLD_OUT });
  });

  it("to refuse by reasons that order knows", async () => {
    const answer = await product.caller.call(checkProduct, { productId: 999n });
    expect(answer.code).toBe(Code.NOT_FOUND);
    expect([answer.reason]).toEqual(Object.keys(productFailures.refusals ?? {}));
  });
});
