import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type CreateProductRequest,
  Product,
  ProductServiceService,
  ProductStatus,
  type UpdateProductRequest,
} from "#gen/proto/siren/product/v1/product.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import type { Call } from "./call.ts";
import { Code } from "./codes.ts";
import { implement } from "./handler.ts";
import { failedPrecondition, notFound, refusals, unavailable } from "./refusals.ts";

const refuse = refusals({
  PRODUCT_NOT_FOUND: notFound("siren.product/Product", "There is no product {productId}."),
  PRODUCT_TIRED: failedPrecondition("Product {productId} is tired.", { retryAfterMs: 1500 }),
  OTHER_UNAVAILABLE: unavailable("Other is away."),
});

let seen: { request: unknown; call: Call };
let behave: (productId: bigint, call: Call) => Promise<void> = async () => {};
let service: TestService;

beforeAll(async () => {
  const answer = async (request: { product?: Product | undefined; productId?: bigint }, call: Call) => {
    seen = { request, call };
    await behave(request.productId ?? 0n, call);
    return Product.fromPartial({ productId: 7n, ...request.product });
  };
  service = await testService({
    name: "product.siren",
    services: [
      implement(ProductServiceService, {
        createProduct: answer,
        getProduct: answer,
        updateProduct: answer,
        listProducts: async () => ({ products: [], nextPageToken: "" }),
        checkProduct: async ({ productId }) => ({ productId, price: 1n, status: 1 }),
      }),
    ],
  });
});
afterAll(() => service[Symbol.asyncDispose]());

const americano = { name: "Americano", price: 4500n, status: ProductStatus.PRODUCT_STATUS_AVAILABLE };
const create = (request: Partial<CreateProductRequest>) =>
  service.caller.call(ProductServiceService.createProduct, request);
const update = (request: Partial<UpdateProductRequest>) =>
  service.caller.call(ProductServiceService.updateProduct, request);
const get = (productId: bigint, options = {}) =>
  service.caller.call(ProductServiceService.getProduct, { productId }, options);
const getPath = ProductServiceService.getProduct.path;

describe("validation", () => {
  it("lets a good request through, and clears what only the server may set", async () => {
    const product = Product.fromPartial({ ...americano, productId: 99n, createTime: new Date(0) });
    expect((await create({ product })).code).toBe(Code.OK);
    expect(seen.request).toMatchObject({ product: { ...americano, productId: 0n, createTime: undefined } });
  });

  it.each([
    ["no product", {}, ["product REQUIRED"]],
    [
      "a negative price",
      { product: Product.fromPartial({ ...americano, price: -1n }) },
      ["product.price OUT_OF_RANGE"],
    ],
    ["no status", { product: Product.fromPartial({ ...americano, status: 0 }) }, ["product.status INVALID_ENUM"]],
    [
      "a status of tomorrow",
      { product: Product.fromPartial({ ...americano, status: 7 as never }) },
      ["product.status INVALID_ENUM"],
    ],
    [
      "a long name",
      { product: Product.fromPartial({ ...americano, name: "x".repeat(101) }) },
      ["product.name TOO_LONG"],
    ],
    [
      "a name with U+0000",
      { product: Product.fromPartial({ ...americano, name: "a\0b" }) },
      ["product.name INVALID_FORMAT"],
    ],
    [
      "a request id that is no UUID",
      { product: Product.fromPartial(americano), requestId: "1" },
      ["request_id INVALID_REQUEST_ID"],
    ],
    [
      "many things",
      { product: Product.fromPartial({ name: "x".repeat(300), price: -5n }), requestId: "?" },
      [
        "product.name TOO_LONG",
        "product.price OUT_OF_RANGE",
        "product.status INVALID_ENUM",
        "request_id INVALID_REQUEST_ID",
      ],
    ],
  ])("refuses %s, with every violation at once", async (_, request, violations) => {
    const answer = await create(request);
    expect(answer).toMatchObject({ code: Code.INVALID_ARGUMENT, domain: "product.siren", violations });
  });

  it("counts characters, not UTF-16 units", async () => {
    expect((await create({ product: Product.fromPartial({ ...americano, name: "😀".repeat(100) }) })).code).toBe(
      Code.OK,
    );
  });

  it.each([0n, -1n, -9_223_372_036_854_775_808n])("refuses the id %s", async (productId) => {
    expect(await get(productId)).toMatchObject({ reason: "INVALID_ID", violations: ["product_id INVALID_ID"] });
  });

  it("refuses a negative page size", async () => {
    const answer = await service.caller.call(ProductServiceService.listProducts, { pageSize: -1 });
    expect(answer).toMatchObject({ reason: "INVALID_PAGE_SIZE", violations: ["page_size INVALID_PAGE_SIZE"] });
  });

  it("demands of an update only what its mask names, and keeps the id", async () => {
    const product = Product.fromPartial({ productId: 3n, price: 1n });
    expect((await update({ product, updateMask: ["price"] })).code).toBe(Code.OK);
    expect((await update({ product })).code).toBe(Code.OK);
    expect(seen.request).toMatchObject({ product: { productId: 3n, price: 1n } });
    expect((await update({ product, updateMask: ["status"] })).violations).toEqual(["product.status INVALID_ENUM"]);
    expect((await update({ product: Product.fromPartial({ price: 1n }) })).violations).toEqual([
      "product.product_id INVALID_ID",
    ]);
  });

  it.each([
    ["nose", "INVALID_FIELD_MASK"],
    ["price.won", "INVALID_FIELD_MASK"],
    ["product_id", "IMMUTABLE_FIELD"],
    ["create_time", "IMMUTABLE_FIELD"],
  ])("refuses the mask %s with %s", async (path, reason) => {
    const product = Product.fromPartial({ productId: 3n, ...americano });
    expect(await update({ product, updateMask: [path] })).toMatchObject({
      reason,
      violations: [`update_mask ${reason}`],
    });
  });

  it.each([
    ["text that is not UTF-8", ProductServiceService.listProducts.path, [0x12, 2, 0xc3, 0x28]],
    [
      "a string longer than the message",
      ProductServiceService.listProducts.path,
      [0x12, 0xff, 0xff, 0xff, 0xff, 0x7f, 1],
    ],
    ["a cut varint", getPath, [0x08, 0xff]],
    ["an unknown wire type", getPath, [0x0f]],
  ])("answers INVALID_ARGUMENT to %s", async (_, path, bytes) => {
    const answer = await service.caller.callBytes(path, Uint8Array.from(bytes));
    expect(answer).toMatchObject({ code: Code.INVALID_ARGUMENT, reason: "MALFORMED_REQUEST", domain: "product.siren" });
  });

  it("ignores unknown fields", async () => {
    expect((await service.caller.callBytes(getPath, Uint8Array.from([0x08, 1, 0xf8, 1, 5]))).code).toBe(Code.OK);
  });
});

describe("failures", () => {
  it("gives a refusal its details", async () => {
    behave = async (productId) => {
      throw refuse.PRODUCT_TIRED({ productId });
    };
    expect(await get(5n)).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      reason: "PRODUCT_TIRED",
      message: "Product 5 is tired.",
      details: ["ErrorInfo", "PreconditionFailure", "RetryInfo"],
      retryAfterMs: 1500,
    });
    behave = async (productId) => {
      throw refuse.PRODUCT_NOT_FOUND({ productId });
    };
    expect(await get(5n)).toMatchObject({
      code: Code.NOT_FOUND,
      resource: "5",
      details: ["ErrorInfo", "ResourceInfo"],
    });
    behave = async () => {
      throw refuse.OTHER_UNAVAILABLE();
    };
    expect(await get(5n)).toMatchObject({ code: Code.UNAVAILABLE, retryAfterMs: 3000 });
  });

  it.each([
    new Error("password=hunter2"),
    Object.assign(new Error("x"), { code: 3, details: "leak" }),
    "leak",
    undefined,
  ])("hides %s, and logs it once", async (thrown) => {
    behave = async () => {
      throw thrown;
    };
    const before = service.lines.length;
    const answer = await get(5n);
    expect(answer).toMatchObject({
      code: Code.INTERNAL,
      reason: "INTERNAL",
      message: "internal error",
      details: ["ErrorInfo"],
    });
    expect(service.lines.slice(before).map(({ level, msg }) => [level, msg])).toEqual([[50, "call failed"]]);
  });

  it("answers UNAVAILABLE when its own database is away", async () => {
    behave = async () => {
      throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    };
    expect(await get(5n)).toMatchObject({ code: Code.UNAVAILABLE, reason: "STORAGE_UNAVAILABLE", retryAfterMs: 3000 });
  });

  it("answers UNIMPLEMENTED to an unknown method", async () => {
    const answer = await service.caller.callBytes("/siren.product.v1.ProductService/Explode", new Uint8Array());
    expect(answer.code).toBe(Code.UNIMPLEMENTED);
  });

  it("refuses a message of 5 MB", async () => {
    const answer = await service.caller.callBytes(getPath, new Uint8Array(5 * 2 ** 20));
    expect(answer.code).toBe(Code.RESOURCE_EXHAUSTED);
  });

  it("survives 10,000 headers, and tells no more than fits of 10,000 violations", async () => {
    behave = async () => {};
    const metadata = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`x-h${index}`, "v"]));
    expect((await get(5n, { metadata })).code).not.toBe(Code.OK);
    const product = Product.fromPartial({ productId: 3n });
    const updateMask = Array.from({ length: 10_000 }, (_, index) => `f${index}`);
    const answer = await update({ product, updateMask });
    expect(answer).toMatchObject({ code: Code.INVALID_ARGUMENT, reason: "INVALID_FIELD_MASK" });
    expect(answer.violations).toHaveLength(64);
    expect(answer.message).toMatch(/and 9992 more$/);
    expect((await get(5n)).code).toBe(Code.OK);
  });

  it("tells the handler when the deadline has passed, and the caller DEADLINE_EXCEEDED", async () => {
    const ended = Promise.withResolvers<void>();
    behave = async (_, call) => {
      call.signal.addEventListener("abort", () => ended.resolve());
      await ended.promise;
      throw new Error("given up");
    };
    expect(await get(5n, { timeoutMs: 50 })).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    await ended.promise;
  });

  it("lets a deadline of 597 hours be one", async () => {
    behave = async () => {};
    expect(await get(5n, { timeoutMs: 597 * 3_600_000 })).toMatchObject({ code: Code.OK });
    expect(seen.call.deadline).toBeGreaterThan(Date.now());
  });
});

describe("context", () => {
  it("carries trace, correlation id and request id, and logs one line with them", async () => {
    behave = async (_, call) => call.correlate(42n);
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const metadata = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, "x-request-id": "abc" };
    const before = service.lines.length;
    expect((await get(5n, { metadata })).code).toBe(Code.OK);
    expect(seen.call.trace).toMatchObject({ traceId, sampled: true });
    expect(service.lines.slice(before)).toMatchObject([
      {
        msg: "call",
        method: "siren.product.v1.ProductService/GetProduct",
        code: "OK",
        traceId,
        correlationId: "42",
        requestId: "abc",
      },
    ]);
  });
});
