// The whole system under `mesh up`: every method by gRPC and by REST, who may call pay and product, the demonstrations of
// demonstrations.ts in short form, and kills under load. What changes the system leaves it as it found it, one after the other.
import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeliveryStatus } from "#gen/proto/mall/delivery/v1/delivery.ts";
import { CancelCause, OrderStatus } from "#gen/proto/mall/order/v1/order.ts";
import { OrderStatusKind } from "#gen/proto/mall/orderstatus/v1/orderstatus.ts";
import { PayServiceService, PayStatus } from "#gen/proto/mall/pay/v1/pay.ts";
import { ProductServiceService } from "#gen/proto/mall/product/v1/product.ts";
import { type DemandingRest, demanding } from "#mesh/local/demanding-rest.ts";
import type { Rest } from "#mesh/local/rest.ts";
import { Code } from "#mesh/service/codes.ts";
import { demonstrate } from "#mesh/testing/demonstrate.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { everyMethod } from "#mesh/testing/every-method.ts";
import type { GrpcCaller } from "#mesh/testing/grpc-caller.ts";
import { startLoad } from "#mesh/testing/load.ts";
import { type RunningSystem, startSystem } from "#mesh/testing/system.ts";
import { type ShownStatus, violations } from "./invariants.ts";
import { methodCases, type World } from "./method-cases.ts";
import { fillMall } from "./sample-data.ts";

let mall: RunningSystem;
let rest: Rest;
/** REST calls that must succeed. */
let api: DemandingRest;
let grpc: GrpcCaller;
let world: World;

beforeAll(async () => {
  mall = await startSystem("mall");
  rest = mall.rest();
  api = demanding(rest);
  grpc = mall.grpc();
  world = await prepareWorld();
});

afterAll(() => mall?.[Symbol.asyncDispose]());

everyMethod({
  cases: methodCases,
  methods: 17,
  enums: { ...OrderStatus, ...CancelCause, ...PayStatus, ...DeliveryStatus, ...OrderStatusKind },
  running: () => ({ grpc, rest, world }),
});

describe("LeakMemory", () => {
  it.each(["/orders/memleak", "/v1/orders:memleak"])("GET %s is for a demonstration alone", async (path) => {
    expect(await rest("GET", path)).toMatchObject({ status: 501, body: { code: Code.UNIMPLEMENTED } });
  });
});

describe("internal methods", () => {
  it("are refused to the gateway, by the sidecars of pay and product", async () => {
    const pay = await mall.grpc("pay.mall.localhost").call(PayServiceService.cancelPay, { orderId: 1n });
    expect(pay).toMatchObject({ code: Code.PERMISSION_DENIED });
    const request = { orderId: 999n, productId: 1n, qty: 1, productName: "TV", address: "Seoul" };
    const product = await mall.grpc("product.mall.localhost").call(ProductServiceService.decreaseQty, request);
    expect(product).toMatchObject({ code: Code.PERMISSION_DENIED });
    expect((await grpc.call(PayServiceService.cancelPay, { orderId: 1n })).code).not.toBe(Code.OK);
  });
});

describe("the demonstrations, in short form", () => {
  it.each(["M-1", "M-2", "M-4", "M-7"])("%s", (id) => demonstrate(mall, `mall/${id}`));
});

describe("kill -9 of a service under load", () => {
  it.each(["order", "orderstatus"])(
    "of %s: what was answered OK stands, and everybody agrees in the end",
    async (victim) => {
      const wish = { productId: `${world.productId}`, qty: 1, address: "Seoul" };
      const load = startLoad(4, () => rest("POST", "/orders", wish));
      const taken = () => load.answers.filter(({ status }) => status === 200);
      await eventually(() => taken().length >= 10);
      await mall.kill(victim);
      const before = load.answers.length;
      await mall.untilReady();
      await eventually(() => load.answers.slice(before).filter(({ status }) => status === 200).length >= 10);
      await load.stop();
      await untilQuiet();
      for (const answer of taken().slice(0, 20)) {
        const { orderId } = answer.body as { orderId: string };
        await untilShown(BigInt(orderId), "입금확인대기");
      }
    },
  );
});

it("fills an empty system with sample data, and leaves a full one alone", async () => {
  await fillMall(rest);
  const once = await api.get<{ products: object[] }>("/v1/products?pageSize=1000");
  await fillMall(rest);
  expect((await api.get<{ products: object[] }>("/v1/products?pageSize=1000")).products).toHaveLength(
    once.products.length,
  );
  await untilQuiet();
});

let productId = 0n;

async function place(customerId = ""): Promise<bigint> {
  const wish = { productId: `${productId}`, qty: 1, address: "Seoul", customerId };
  return BigInt((await api.post<{ orderId: string }>("/orders", wish)).orderId);
}

/** The deposit of an order, once pay waits for it. */
async function payOf(orderId: bigint): Promise<bigint> {
  const pay = await eventually(
    async () => (await api.get<{ pays: { payId: string }[] }>(`/pays?orderId=${orderId}`)).pays[0],
  );
  return BigInt(pay.payId);
}

async function untilShown(orderId: bigint, text: string): Promise<void> {
  const shown = () => api.get<{ orderStatusText?: string }>(`/orderStatuses/${orderId}`);
  await eventually(async () => (await shown()).orderStatusText === text, { withinMs: 120_000 });
}

/** Waits until M1 to M4 and M6 hold, read from the databases alone. */
async function untilQuiet(): Promise<void> {
  const open = async (name: string) =>
    new pg.Pool({ connectionString: await mall.databaseUrl(`mall_${name}`), max: 1 });
  const [order, pay, product, delivery] = [
    await open("order"),
    await open("pay"),
    await open("product"),
    await open("delivery"),
  ];
  const look = async () => {
    const shown: ShownStatus[] = [];
    let token = "";
    do {
      const path = `/orderStatuses?pageSize=1000&pageToken=${token}`;
      const part = await api.get<{ orderStatuses: ShownStatus[]; nextPageToken: string }>(path);
      shown.push(...part.orderStatuses);
      token = part.nextPageToken;
    } while (token);
    expect(await violations({ order, pay, product, delivery }, shown)).toEqual([]);
    return true;
  };
  try {
    await eventually(look, { withinMs: 120_000, everyMs: 500 });
  } finally {
    for (const pool of [order, pay, product, delivery]) await pool.end();
  }
}

/** What the cases of method-cases.ts rely on. */
async function prepareWorld(): Promise<World> {
  const tv = { name: "TV", price: "100", qty: 10_000 };
  productId = BigInt((await api.post<{ productId: string }>("/products", tv)).productId);
  await eventually(
    async () => (await rest("POST", "/orders", { productId: `${productId}`, qty: 1, address: "x" })).status === 200,
  );
  const some = async (count: number) => Promise.all(Array.from({ length: count }, () => withPay()));
  const placed = await withPay("placed");
  const cancelled = await withPay();
  await api.post(`/v1/orders/${cancelled.orderId}:cancel`, { requestId: randomUUID() });
  const shipped = await Promise.all((await some(4)).map(ship));
  const [delivering, closed, ...arriving] = shipped as [Shipped, Shipped, ...Shipped[]];
  await api.post(`/v1/orders/${closed.orderId}:confirmReceipt`, {});
  const openOrders = await some(2);
  const openPays = await some(2);
  await untilShown(placed.orderId, "입금확인대기");
  return {
    productId,
    placed,
    cancelled,
    delivering,
    closed: closed.orderId,
    openOrder: () => openOrders.pop()?.orderId ?? 0n,
    openPay: () => openPays.pop()?.payId ?? 0n,
    arriving: () => arriving.pop()?.orderId ?? 0n,
    nowhere: 999_999_999n,
  };
}

interface Paid {
  readonly orderId: bigint;
  readonly payId: bigint;
}

interface Shipped extends Paid {
  readonly deliveryId: bigint;
}

async function withPay(customerId = ""): Promise<Paid> {
  const orderId = await place(customerId);
  return { orderId, payId: await payOf(orderId) };
}

async function ship({ orderId, payId }: Paid): Promise<Shipped> {
  // On a busy machine product may answer too late; then pay's worker finishes the check.
  expect([200, 503]).toContain((await rest("POST", `/v1/pays/${payId}:check`, {})).status);
  const delivering = async () =>
    (await api.get<{ status: string }>(`/orders/${orderId}`)).status === "ORDER_STATUS_DELIVERING";
  await eventually(delivering);
  const { deliveries } = await api.get<{ deliveries: { deliveryId: string }[] }>(`/deliveries?orderId=${orderId}`);
  return { orderId, payId, deliveryId: BigInt(deliveries[0]?.deliveryId ?? 0) };
}
