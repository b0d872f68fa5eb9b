import { Server, ServerCredentials, type sendUnaryData } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Order, OrderServiceService } from "#gen/proto/siren/order/v1/order.ts";
import { Product, ProductServiceService } from "#gen/proto/siren/product/v1/product.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import type { Call } from "./call.ts";
import { timedOut } from "./callee-failure.ts";
import { connect } from "./client.ts";
import { Code } from "./codes.ts";
import { implement } from "./handler.ts";
import { failedPrecondition, notFound, refusals, unavailable } from "./refusals.ts";

const productRefuses = refusals({
  PRODUCT_NOT_FOUND: notFound("siren.product/Product", "Product has no {productId}."),
  PRODUCT_ON_LEAVE: failedPrecondition("On leave."),
  STORE_AWAY: unavailable("Away."),
});
const orderRefuses = refusals({
  PRODUCT_NOT_FOUND: notFound("siren.product/Product", "Order knows no product {productId}."),
  PRODUCT_UNAVAILABLE: unavailable("Nothing was ordered."),
});

let answer: (call: Call) => Promise<void> = async () => {};
let seen: Call | undefined;
let thrown: unknown;
let product: TestService;
let order: TestService;

beforeAll(async () => {
  product = await testService({
    name: "product.siren",
    services: [
      implement(ProductServiceService, {
        async checkProduct({ productId }, call) {
          seen = call;
          await answer(call);
          return { productId, price: 1n, status: 1 };
        },
        createProduct: async () => Product.fromPartial({}),
        updateProduct: async () => Product.fromPartial({}),
        getProduct: async () => Product.fromPartial({}),
        listProducts: async () => ({ products: [], nextPageToken: "" }),
      }),
    ],
  });
  order = await orderCalling(product.target);
});
afterAll(async () => {
  await order[Symbol.asyncDispose]();
  await product[Symbol.asyncDispose]();
});

function orderCalling(target: string): Promise<TestService> {
  const failures = {
    unavailable: orderRefuses.PRODUCT_UNAVAILABLE,
    refusals: { PRODUCT_NOT_FOUND: orderRefuses.PRODUCT_NOT_FOUND },
  };
  const client = connect(ProductServiceService, target, failures, { headers: { "x-call": "check" } });
  return testService({
    name: "order.siren",
    services: [
      implement(OrderServiceService, {
        async getOrder({ orderId }, call) {
          call.correlate(orderId);
          try {
            await client.checkProduct({ productId: orderId }, call);
          } catch (error) {
            thrown = error;
            throw error;
          }
          return Order.fromPartial({ orderId });
        },
        createOrder: async () => Order.fromPartial({}),
        listOrders: async () => ({ orders: [], nextPageToken: "" }),
        getProductSnapshot: async () => {
          throw new Error("unused");
        },
        listProductSnapshots: async () => ({ productSnapshots: [], nextPageToken: "" }),
      }),
    ],
  });
}

const get = (options = {}, service = order) =>
  service.caller.call(OrderServiceService.getOrder, { orderId: 7n }, options);

describe("a call to another service", () => {
  it("passes on deadline, trace, request id and correlation id", async () => {
    answer = async () => {};
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const metadata = { traceparent: `00-${traceId}-b7ad6b7169203331-00`, "x-request-id": "r1" };
    expect((await get({ metadata, timeoutMs: 5_000 })).code).toBe(Code.OK);
    expect(seen).toMatchObject({ requestId: "r1", correlationId: "7" });
    expect(seen?.trace.traceId).toBe(traceId);
    expect(Math.abs((seen?.deadline ?? 0) - Date.now() - 5_000)).toBeLessThan(1_000);
  });

  it("carries the headers of its client, by which the mesh may route it", async () => {
    const { caller } = order;
    await caller.call(OrderServiceService.getOrder, { orderId: 9n });
    expect(seen?.metadata("x-call")).toBe("check");
  });

  it("is cancelled when the caller's caller hangs up", async () => {
    const cancelled = Promise.withResolvers<void>();
    answer = (call) => {
      call.signal.addEventListener("abort", () => cancelled.resolve());
      return cancelled.promise;
    };
    expect((await get({ timeoutMs: 100 })).code).toBe(Code.DEADLINE_EXCEEDED);
    await cancelled.promise;
  });

  it("turns the callee's refusal into its own, with the arguments", async () => {
    answer = async () => {
      throw productRefuses.PRODUCT_NOT_FOUND({ productId: 9n });
    };
    expect(await get()).toMatchObject({
      code: Code.NOT_FOUND,
      reason: "PRODUCT_NOT_FOUND",
      domain: "order.siren",
      message: "Order knows no product 9.",
    });
  });

  it("answers INTERNAL to a refusal that nobody mapped, and logs it", async () => {
    answer = async () => {
      throw productRefuses.PRODUCT_ON_LEAVE();
    };
    expect(await get()).toMatchObject({ code: Code.INTERNAL, message: "internal error" });
    expect(order.lines.some(({ err }) => JSON.stringify(err ?? "").includes("PRODUCT_ON_LEAVE"))).toBe(true);
  });

  it.each([
    ["says it is away", () => Promise.reject(productRefuses.STORE_AWAY())],
    ["breaks", () => Promise.reject(new Error("boom"))],
  ])("answers its own UNAVAILABLE when the callee %s", async (_, failing) => {
    answer = failing;
    expect(await get()).toMatchObject({ code: Code.UNAVAILABLE, reason: "PRODUCT_UNAVAILABLE", retryAfterMs: 3000 });
  });

  it("answers its own UNAVAILABLE when nobody listens", async () => {
    await using lonely = await orderCalling("127.0.0.1:1");
    expect(await get({}, lonely)).toMatchObject({ code: Code.UNAVAILABLE, reason: "PRODUCT_UNAVAILABLE" });
  });

  it("tells a timeout of the mesh, which comes as UNAVAILABLE, apart", async () => {
    const envoy = await serverAnswering({ code: Code.UNAVAILABLE, details: "upstream request timeout" });
    await using behind = await orderCalling(envoy.target);
    expect(await get({}, behind)).toMatchObject({ reason: "PRODUCT_UNAVAILABLE" });
    expect(timedOut(thrown)).toBe(true);
    envoy.close();
    const full = await serverAnswering({ code: Code.UNAVAILABLE, details: "no healthy upstream" });
    await using other = await orderCalling(full.target);
    await get({}, other);
    expect(timedOut(thrown)).toBe(false);
    full.close();
  });

  it("asks once, whatever the answer", async () => {
    let calls = 0;
    answer = async () => {
      calls += 1;
      throw productRefuses.STORE_AWAY();
    };
    await get();
    expect(calls).toBe(1);
  });
});

async function serverAnswering(status: { code: number; details: string }) {
  const server = new Server();
  const { checkProduct } = ProductServiceService;
  const refuse = (_: unknown, reply: sendUnaryData<unknown>) => reply(status);
  server.addService({ checkProduct }, { checkProduct: refuse });
  const port = await new Promise<number>((resolve) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (_, bound) => resolve(bound));
  });
  return { target: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}
