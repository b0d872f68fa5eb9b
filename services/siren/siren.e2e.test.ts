import { randomUUID } from "node:crypto";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Order, OrderStatus, OrderServiceService as order } from "#gen/proto/siren/order/v1/order.ts";
import { Product, ProductStatus, ProductServiceService as product } from "#gen/proto/siren/product/v1/product.ts";
import { type DemandingRest, demanding } from "#mesh/local/demanding-rest.ts";
import { patiently } from "#mesh/local/patiently.ts";
import type { Rest } from "#mesh/local/rest.ts";
import { Code } from "#mesh/service/codes.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { everyMethod } from "#mesh/testing/every-method.ts";
import type { GrpcCaller } from "#mesh/testing/grpc-caller.ts";
import { detail, violationsOf } from "#mesh/testing/method-case.ts";
import { type RunningSystem, startSystem } from "#mesh/testing/system.ts";
import { methodCases, type Shop } from "./method-cases.ts";
import { fillShop } from "./sample-data.ts";

let siren: RunningSystem;
let shop: Shop;
let rest: Rest;
/** REST calls that must succeed. */
let api: DemandingRest;
let grpc: GrpcCaller;

beforeAll(async () => {
  siren = await startSystem("siren");
  rest = siren.rest();
  api = demanding(rest);
  grpc = siren.grpc();
  shop = await prepareShop();
});

afterAll(() => siren?.[Symbol.asyncDispose]());

everyMethod({
  cases: methodCases,
  methods: 12,
  enums: { ...ProductStatus, ...OrderStatus },
  running: () => ({ grpc, rest, world: shop }),
});

describe("lists", () => {
  it("gives every order once, newest first, page by page", async () => {
    for (let n = 0; n < 5; n++) await orderOne("pages");
    const seen: string[] = [];
    let token = "";
    do {
      const { body } = await rest("GET", `/v1/orders?customerId=pages&pageSize=2&pageToken=${token}`);
      const page = body as { orders: { orderId: string }[]; nextPageToken: string };
      expect(page.orders.length).toBeLessThanOrEqual(2);
      seen.push(...page.orders.map(({ orderId }) => orderId));
      token = page.nextPageToken;
    } while (token);
    expect(seen).toHaveLength(5);
    expect(seen).toEqual([...seen].sort((a, b) => Number(BigInt(b) - BigInt(a))));
  });

  it("refuses a token of the same list with another filter", async () => {
    const { body } = await rest("GET", "/v1/orders?customerId=pages&pageSize=2");
    const { nextPageToken } = body as { nextPageToken: string };
    const other = await rest("GET", `/v1/orders?customerId=other&pageSize=2&pageToken=${nextPageToken}`);
    expect(violationsOf(other)).toEqual(["page_token INVALID_PAGE_TOKEN"]);
  });
});

describe("a request_id", () => {
  const drink = { name: "Mocha", price: 5500n, status: ProductStatus.PRODUCT_STATUS_AVAILABLE };

  it("registers one product, however often it is sent", async () => {
    const request = { product: Product.fromPartial({ ...drink, name: "Twice" }), requestId: randomUUID() };
    const first = await grpc.call(product.createProduct, request);
    const second = await grpc.call(product.createProduct, request);
    expect(first.code).toBe(Code.OK);
    expect(second.response).toEqual(first.response);
  });

  it("takes one order out of ten that are sent at the same time", async () => {
    const request = {
      order: Order.fromPartial({ productId: shop.available, customerId: "ten" }),
      requestId: randomUUID(),
    };
    const send = () => patiently(() => grpc.call(order.createOrder, request));
    const answers = await Promise.all(Array.from({ length: 10 }, send));
    expect(answers.map(({ code }) => code)).toEqual(Array(10).fill(Code.OK));
    expect(new Set(answers.map(({ response }) => response?.orderId)).size).toBe(1);
    const listed = await grpc.call(order.listOrders, { customerId: "ten" });
    expect(listed.response?.orders).toHaveLength(1);
  });

  it("changes a product once, by REST", async () => {
    const path = `/v1/products/${shop.unpriced}?updateMask=name&requestId=${randomUUID()}`;
    const first = await rest("PATCH", path, { name: "Once more" });
    const second = await rest("PATCH", path, { name: "Once more" });
    expect(first.status).toBe(200);
    expect(second.body).toEqual(first.body);
  });

  it("does not keep a refusal", async () => {
    const requestId = randomUUID();
    const path = `/v1/orders?requestId=${requestId}`;
    const send = (productId: bigint) => patiently(() => rest("POST", path, { productId: `${productId}` }));
    expect((await send(shop.nowhere)).status).toBe(404);
    expect((await send(shop.available)).status).toBe(200);
  });
});

describe("two clerks at once", () => {
  it("lose no change: every update raises the version", async () => {
    const { response } = await grpc.call(product.createProduct, {
      product: Product.fromPartial({ name: "Contended", price: 1n, status: ProductStatus.PRODUCT_STATUS_AVAILABLE }),
    });
    const productId = response?.productId ?? 0n;
    const changes = Array.from({ length: 8 }, (_, n) => {
      const request = { product: Product.fromPartial({ productId, price: BigInt(n + 2) }) };
      return patiently(() => grpc.call(product.updateProduct, request));
    });
    const answers = await Promise.all(changes);
    const done = answers.filter(({ code }) => code === Code.OK);
    expect(answers.filter(({ code }) => code !== Code.OK).map(({ reason }) => reason)).toEqual(
      Array(8 - done.length).fill("CONCURRENT_UPDATE"),
    );
    await eventually(async () => {
      const snapshot = await grpc.call(order.getProductSnapshot, { productId });
      return snapshot.response?.version === BigInt(done.length + 1);
    });
  });
});

describe("what the gateway serves beside methods", () => {
  it.each(["product", "order", "report"])("answers health on %s's own host", async (service) => {
    const answer = await siren
      .grpc(`${service}.siren.localhost`)
      .callBytes("/grpc.health.v1.Health/Check", Buffer.alloc(0));
    expect(answer).toMatchObject({ code: Code.OK, response: Buffer.from([0x08, 0x01]) }); // status: SERVING
  });

  it.each([
    ["product", "siren.product.v1.ProductService"],
    ["order", "siren.order.v1.OrderService"],
    ["report", "siren.report.v1.ReportService"],
  ])("lists %s's services by reflection", async (service, name) => {
    expect(await listServices(siren.gateway, `${service}.siren.localhost`)).toContain(name);
  });

  it("fills an empty shop with sample data, and leaves a full one alone", async () => {
    await fillShop(rest);
    const once = await rest("GET", "/v1/products?pageSize=1000");
    await fillShop(rest);
    expect((await rest("GET", "/v1/products?pageSize=1000")).body).toEqual(once.body);
  });
});

describe("bad input", () => {
  const create = "/siren.product.v1.ProductService/CreateProduct";
  const five = 5 * 2 ** 20;

  it.each<[string, () => Parameters<Rest>, number, string | undefined]>([
    ["a body that is no JSON", () => ["POST", "/v1/products", '{"price":'], 400, "MALFORMED_REQUEST"],
    ["text where a number is due", () => ["POST", "/v1/products", { price: "cheap" }], 400, "MALFORMED_REQUEST"],
    [
      "a number beyond int64",
      () => ["POST", "/v1/products", '{"price":9223372036854775808}'],
      400,
      "MALFORMED_REQUEST",
    ],
    ["an unknown enum value", () => ["POST", "/v1/products", { status: "SoldOut" }], 400, "MALFORMED_REQUEST"],
    [
      "a body that is not UTF-8",
      () => ["POST", "/v1/products", Buffer.from('{"name":"\xff"}', "latin1")],
      400,
      "MALFORMED_REQUEST",
    ],
    ["an id that is no number", () => ["GET", "/v1/products/abc"], 400, "MALFORMED_REQUEST"],
    ["a path that does not exist", () => ["GET", "/v1/coffees"], 404, "ROUTE_NOT_FOUND"],
    ["a method that does not exist", () => ["DELETE", "/v1/products/1"], 404, "ROUTE_NOT_FOUND"],
    ["a body of 5 MB", () => ["POST", "/v1/products", { name: "a".repeat(five) }], 429, ""],
    ["a body of 20 MB", () => ["POST", "/v1/products", { name: "a".repeat(4 * five) }], 413, "REQUEST_TOO_LARGE"],
    ["10,000 headers", () => ["GET", "/v1/products", undefined, manyHeaders()], 431, "HEADERS_TOO_LARGE"],
  ])("%s is refused by REST, in JSON", async (_, request, status, reason) => {
    const answer = await rest(...request());
    expect(answer).toMatchObject({ status, headers: { "content-type": "application/json" } });
    if (reason) expect(detail(answer, "ErrorInfo")).toMatchObject({ reason, domain: "gateway" });
    expect(JSON.stringify(answer.body)).not.toMatch(/\bat .*\.[jt]s|node_modules/);
  });

  it("a host that does not exist is refused by REST, in JSON", async () => {
    const answer = await siren.rest("tea.localhost")("GET", "/v1/products");
    expect(answer.status).toBe(404);
    expect(detail(answer, "ErrorInfo")).toMatchObject({ reason: "ROUTE_NOT_FOUND", domain: "gateway" });
  });

  it.each([
    ["bytes that are no message", Buffer.from([0xff, 0xff, 0xff]), Code.INVALID_ARGUMENT, "MALFORMED_REQUEST"],
    ["a message cut off", Buffer.from([0x0a, 0x7f, 0x01]), Code.INVALID_ARGUMENT, "MALFORMED_REQUEST"],
    [
      "text that is not UTF-8",
      Buffer.from([0x0a, 0x04, 0x12, 0x02, 0xff, 0xfe]),
      Code.INVALID_ARGUMENT,
      "MALFORMED_REQUEST",
    ],
    [
      "5 MB",
      Buffer.concat([Buffer.from([0x12, 0x80, 0x80, 0xc0, 0x02]), Buffer.alloc(five, 97)]),
      Code.RESOURCE_EXHAUSTED,
      "",
    ],
  ])("%s are refused by gRPC", async (_, bytes, code, reason) => {
    const answer = await grpc.callBytes(create, bytes);
    expect(answer).toMatchObject({ code, reason });
    expect(answer.message).not.toMatch(/\bat .*\.[jt]s|node_modules/);
  });

  it.each(["/siren.product.v1.ProductService/BrewProduct", "/siren.tea.v1.TeaService/Brew"])(
    "%s is unimplemented",
    async (path) => {
      expect(await grpc.callBytes(path, Buffer.alloc(0))).toMatchObject({ code: Code.UNIMPLEMENTED });
    },
  );

  it("a deadline that has passed leaves no order behind", async () => {
    const request = { order: Order.fromPartial({ productId: shop.available, customerId: "late" }) };
    expect(await grpc.call(order.createOrder, request, { timeoutMs: 0 })).toMatchObject({
      code: Code.DEADLINE_EXCEEDED,
    });
    expect((await grpc.call(order.listOrders, { customerId: "late" })).response?.orders).toEqual([]);
  });

  it("restarts nothing", async () => {
    await siren.untilReady();
    for (const { workload, restarts, ready } of await siren.status()) {
      expect({ workload, restarts, ready }).toEqual({ workload, restarts: 0, ready: true });
    }
  });
});

/** What the cases of method-cases.ts rely on. */
async function prepareShop(): Promise<Shop> {
  const register = async (body: object, query = "") =>
    BigInt((await api.post<{ productId: string }>(`/v1/products${query}`, body)).productId);
  const available = await register({ name: "Americano", price: "4500", status: "PRODUCT_STATUS_AVAILABLE" });
  const soldOut = await register({ name: "Einspänner", price: "6000", status: "PRODUCT_STATUS_SOLD_OUT" });
  const unpriced = await register({ name: "Spring special", status: "PRODUCT_STATUS_AVAILABLE" });
  const usedForProduct = randomUUID();
  await register({ name: "Once", price: "1", status: "PRODUCT_STATUS_AVAILABLE" }, `?requestId=${usedForProduct}`);
  for (const path of ["productSnapshots", "reports"]) {
    for (const id of [available, soldOut, unpriced]) {
      await eventually(async () => (await rest("GET", `/v1/${path}/${id}`)).status === 200);
    }
  }
  const usedForOrder = randomUUID();
  const body = { productId: `${available}`, customerId: "once" };
  const { orderId } = await api.post<{ orderId: string }>(`/v1/orders?requestId=${usedForOrder}`, body);
  return {
    available,
    soldOut,
    unpriced,
    nowhere: 999_999_999n,
    orderId: BigInt(orderId),
    usedForProduct,
    usedForOrder,
  };
}

function orderOne(customerId: string) {
  return api.post<{ orderId: string }>("/v1/orders", { productId: `${shop.available}`, customerId });
}

function manyHeaders(): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`x-${n}`, "v"]));
}

/** Asks grpc.reflection.v1 for its services; the answer's text holds their names. */
async function listServices(gateway: string, authority: string): Promise<string> {
  const client = new Client(new URL(gateway).host, credentials.createInsecure(), {
    "grpc.default_authority": authority,
  });
  try {
    const identity = (bytes: Buffer) => bytes;
    const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    const stream = client.makeBidiStreamRequest(path, identity, identity, new Metadata(), {
      deadline: Date.now() + 10_000,
    });
    stream.write(Buffer.from([0x3a, 0x00])); // list_services: ""
    for await (const answer of stream) {
      stream.end();
      return (answer as Buffer).toString();
    }
    return "";
  } finally {
    client.close();
  }
}
