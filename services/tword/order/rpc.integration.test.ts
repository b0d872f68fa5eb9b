import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type CreateDeliveryRequest,
  Delivery,
  DeliveryStatus,
  DeliveryServiceService as deliveryService,
} from "#gen/proto/tword/delivery/v1/delivery.ts";
import { Order, OrderServiceService, OrderStatus } from "#gen/proto/tword/order/v1/order.ts";
import { EqpStatus } from "#gen/proto/tword/shop/v1/shop.ts";
import { Code } from "#mesh/service/codes.ts";
import { implement } from "#mesh/service/handler.ts";
import { failedPrecondition, refusals, unavailable } from "#mesh/service/refusals.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { expectPages, type PageRequest } from "#mesh/testing/expect-pages.ts";
import { onceStale } from "#mesh/testing/placed-service.ts";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import { startOrder, type WithSql } from "../in-process.ts";

const { createOrder, cancelOrder, getOrder, listOrders, listOrderableEquipments } = OrderServiceService;
const {
  ORDER_STATUS_ORDERED,
  ORDER_STATUS_CANCEL_REQUESTED,
  ORDER_STATUS_CANCELLED,
  ORDER_STATUS_DELIVERY_STARTED,
  ORDER_STATUS_REJECTED,
} = OrderStatus;

/** Delivery's own ways of saying no. */
const refuse = refusals({
  DELIVERY_CANCELLED: failedPrecondition("Cancelled."),
  DELIVERY_ALREADY_STARTED: failedPrecondition("Started."),
  STORAGE_UNAVAILABLE: unavailable("Not now."),
});

/** What delivery answers; each test sets it. */
let onCreate: (request: CreateDeliveryRequest) => Promise<void>;
let onCancel: () => Promise<void>;
let created: bigint[] = [];
let cancelled: bigint[] = [];

let postgres: TestPostgres;
let delivery: TestService;
let service: WithSql;

beforeAll(async () => {
  postgres = await testPostgres();
  const { createDelivery, cancelDelivery } = deliveryService;
  const stub = implement(
    { createDelivery, cancelDelivery },
    {
      async createDelivery(request) {
        created.push(request.orderId);
        await onCreate(request);
        return Delivery.fromPartial({ orderId: request.orderId, status: DeliveryStatus.DELIVERY_STATUS_HELD });
      },
      async cancelDelivery({ orderId }) {
        cancelled.push(orderId);
        await onCancel();
        return Delivery.fromPartial({ orderId, status: DeliveryStatus.DELIVERY_STATUS_CANCELLED });
      },
    },
  );
  delivery = await testService({ name: "delivery.tword", services: [stub] });
  service = await startOrder({ url: postgres.freshUrl() }, delivery.target, 10);
});

afterAll(async () => {
  await service?.stop();
  await delivery?.stop();
  await postgres?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  onCreate = async () => {};
  onCancel = async () => {};
  created = [];
  cancelled = [];
});

let shops = 0n;

/** A shop of its own with phones 1 to `count` of the model galaxy_s21. */
async function shopWith(count: number): Promise<bigint> {
  shops += 1n;
  await service.sql.query(
    "INSERT INTO orderable_equipment (shop_id, eqp_sernum, eqp_nm) SELECT $1, n, 'galaxy_s21' FROM generate_series(1, $2::int) n",
    [shops, count],
  );
  return shops;
}

interface Wish {
  readonly shopId: bigint;
  readonly eqpNm?: string;
  readonly eqpSernum?: bigint;
  readonly customerId?: string;
}

function order({ shopId, eqpNm = "galaxy_s21", eqpSernum = 0n, customerId = "" }: Wish, requestId = "") {
  const request = { order: Order.fromPartial({ shopId, eqpNm, eqpSernum, customerId }), requestId };
  return service.caller.call(createOrder, request);
}

async function ordered(wish: Wish): Promise<bigint> {
  const { response } = await order(wish);
  if (!response) throw new Error("the order was refused");
  return response.orderId;
}

const cancel = (orderId: bigint, requestId = "") => service.caller.call(cancelOrder, { orderId, requestId });
const statusOf = async (orderId: bigint) => (await service.caller.call(getOrder, { orderId })).response?.status;

/** How many phones of a shop are free, how many orders it has in a state, and what was published about them. */
async function stateOf(shopId: bigint) {
  const { rows } = await service.sql.query<{ free: number; orders: string[]; events: string[] }>(
    `SELECT (SELECT count(*)::int FROM orderable_equipment WHERE shop_id = $1 AND state = 'FREE') AS free,
            (SELECT coalesce(array_agg(status::text ORDER BY order_id), '{}') FROM orders WHERE shop_id = $1) AS orders,
            (SELECT coalesce(array_agg(subject ORDER BY position), '{}') FROM mesh.outbox
             WHERE (payload::json ->> 'shopId')::bigint = $1) AS events`,
    [shopId],
  );
  return rows[0];
}

describe("createOrder", () => {
  it("takes the phone that was asked for and tells it once", async () => {
    const shopId = await shopWith(2);
    const answer = await order({ shopId, eqpSernum: 2n, customerId: "kim" });
    expect(answer.response).toMatchObject({
      shopId,
      eqpNm: "galaxy_s21",
      eqpSernum: 2n,
      customerId: "kim",
      status: ORDER_STATUS_ORDERED,
      eqpStatus: EqpStatus.EQP_STATUS_ORDERED,
    });
    expect(created).toEqual([answer.response?.orderId]);
    expect(await stateOf(shopId)).toEqual({ free: 1, orders: ["ORDERED"], events: ["order.Ordered"] });
    const { response } = await service.caller.call(listOrderableEquipments, { shopId });
    expect(response?.orderableEquipments.map(({ eqpSernum }) => eqpSernum)).toEqual([1n]);
  });

  it("takes any free phone of the model when no serial number is given", async () => {
    const shopId = await shopWith(2);
    const serials = [await order({ shopId }), await order({ shopId })].map(({ response }) => response?.eqpSernum);
    expect(serials.sort()).toEqual([1n, 2n]);
    expect(await order({ shopId })).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "EQUIPMENT_SOLD_OUT" });
  });

  it.each<[string, Partial<Wish>, number, string]>([
    ["an unknown shop", { shopId: 9_999n }, Code.NOT_FOUND, "EQUIPMENT_NOT_FOUND"],
    ["an unknown model", { eqpNm: "pixel" }, Code.NOT_FOUND, "EQUIPMENT_NOT_FOUND"],
    ["an unknown serial number", { eqpSernum: 99n }, Code.NOT_FOUND, "EQUIPMENT_NOT_FOUND"],
    ["a phone of another model", { eqpNm: "pixel", eqpSernum: 1n }, Code.NOT_FOUND, "EQUIPMENT_NOT_FOUND"],
    ["a phone that is taken", { eqpSernum: 1n }, Code.FAILED_PRECONDITION, "EQUIPMENT_ALREADY_ORDERED"],
    ["a model that is sold out", {}, Code.FAILED_PRECONDITION, "EQUIPMENT_SOLD_OUT"],
    ["a shop of 0", { shopId: 0n }, Code.INVALID_ARGUMENT, "INVALID_ID"],
    ["no model", { eqpNm: "" }, Code.INVALID_ARGUMENT, "REQUIRED"],
    ["a negative serial number", { eqpSernum: -1n }, Code.INVALID_ARGUMENT, "OUT_OF_RANGE"],
  ])("refuses %s, and asks nobody", async (_, wish, code, reason) => {
    const shopId = await shopWith(1);
    await ordered({ shopId });
    created = [];
    expect(await order({ shopId, ...wish })).toMatchObject({ code, reason, domain: "order.tword" });
    expect(created).toEqual([]);
    expect(await stateOf(shopId)).toMatchObject({ free: 0, orders: ["ORDERED"] });
  });

  it("lets a customer have ten open orders, and everybody without a name as many as there are phones", async () => {
    const shopId = await shopWith(30);
    const orders = await Promise.all(Array.from({ length: 14 }, () => order({ shopId, customerId: "hoarder" })));
    expect(orders.filter(({ code }) => code === Code.OK)).toHaveLength(10);
    const refused = orders.filter(({ code }) => code !== Code.OK);
    for (const answer of refused) {
      expect(answer).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, reason: "MAX_ORDERS_PER_PERSON" });
      expect(answer.details).toContain("QuotaFailure");
    }
    for (let count = 0; count < 12; count += 1) expect((await order({ shopId })).code).toBe(Code.OK);
    await cancel(orders.find(({ response }) => response)?.response?.orderId ?? 0n);
    expect((await order({ shopId, customerId: "hoarder" })).code).toBe(Code.OK);
  });

  it("gives the last phone to exactly one of fifty", async () => {
    const shopId = await shopWith(1);
    const answers = await Promise.all(Array.from({ length: 50 }, () => order({ shopId, eqpSernum: 1n })));
    expect(answers.filter(({ code }) => code === Code.OK)).toHaveLength(1);
    const reasons = new Set(answers.filter(({ code }) => code !== Code.OK).map(({ reason }) => reason));
    expect([...reasons]).toEqual(["EQUIPMENT_ALREADY_ORDERED"]);
    expect(await stateOf(shopId)).toEqual({ free: 0, orders: ["ORDERED"], events: ["order.Ordered"] });
  });
});

const stepsOf = (shopId: bigint) => ["orders", "shop_id", shopId] as const;

describe("when delivery does not hold a place", () => {
  /** Waits until the worker has cancelled at delivery what this test has ordered. */
  const untilCancelled = (shopId: bigint) =>
    onceStale(service, stepsOf(shopId), async () => created[0] !== undefined && cancelled.includes(created[0]));

  it.each<[string, () => Promise<void>, number, string, boolean]>([
    ["is broken", () => Promise.reject(new Error("bug")), Code.UNAVAILABLE, "DELIVERY_UNAVAILABLE", true],
    [
      "has no database",
      () => Promise.reject(refuse.STORAGE_UNAVAILABLE()),
      Code.UNAVAILABLE,
      "DELIVERY_UNAVAILABLE",
      true,
    ],
    [
      "has cancelled it before",
      () => Promise.reject(refuse.DELIVERY_CANCELLED()),
      Code.FAILED_PRECONDITION,
      "DELIVERY_REFUSED",
      false,
    ],
  ])("because it %s, the phone is free again", async (_, answer, code, reason, isCancelled) => {
    const shopId = await shopWith(1);
    onCreate = answer;
    const refused = await order({ shopId });
    expect(refused).toMatchObject({ code, reason });
    if (code === Code.UNAVAILABLE) expect(refused.retryAfterMs).toBe(3000);
    expect(await stateOf(shopId)).toEqual({ free: 1, orders: ["REJECTED"], events: [] });
    // What delivery may have written all the same is cancelled, until it answers.
    if (isCancelled) await untilCancelled(shopId);
    onCreate = async () => {};
    expect((await order({ shopId })).code).toBe(Code.OK);
  });

  it("is not waited for when the caller has gone", async () => {
    const shopId = await shopWith(1);
    const [gone, held] = [new AbortController(), Promise.withResolvers<void>()];
    onCreate = () => {
      gone.abort();
      return held.promise;
    };
    const request = { order: Order.fromPartial({ shopId, eqpNm: "galaxy_s21" }) };
    const answer = await service.caller.call(createOrder, request, { signal: gone.signal });
    expect(answer.code).toBe(Code.CANCELLED);
    await onceStale(service, stepsOf(shopId), async () => (await stateOf(shopId))?.orders[0] === "REJECTED");
    expect(await stateOf(shopId)).toEqual({ free: 1, orders: ["REJECTED"], events: [] });
    await untilCancelled(shopId);
    held.resolve();
  });
});

describe("a repeated request_id", () => {
  it("has one effect and one answer, one after the other and all at once", async () => {
    const shopId = await shopWith(5);
    const requestId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 8 }, () => order({ shopId, customerId: "kim" }, requestId)));
    answers.push(await order({ shopId, customerId: "kim" }, requestId));
    expect(new Set(answers.map(({ response }) => response?.orderId)).size).toBe(1);
    for (const answer of answers) expect(answer.response).toEqual(answers[0]?.response);
    expect(await stateOf(shopId)).toEqual({ free: 4, orders: ["ORDERED"], events: ["order.Ordered"] });
  });

  it("is refused with another body, also while the first is on its way", async () => {
    const shopId = await shopWith(5);
    const requestId = randomUUID();
    let release = () => {};
    onCreate = () => new Promise((resolve) => (release = resolve));
    const first = order({ shopId, customerId: "kim" }, requestId);
    await eventually(() => created.length === 1);
    const reused = { code: Code.INVALID_ARGUMENT, violations: ["request_id REQUEST_ID_REUSED"] };
    expect(await order({ shopId, customerId: "lee" }, requestId)).toMatchObject(reused);
    release();
    expect((await first).code).toBe(Code.OK);
    expect(await order({ shopId, customerId: "lee" }, requestId)).toMatchObject(reused);
  });

  it("may try again after a refusal", async () => {
    const shopId = await shopWith(1);
    const requestId = randomUUID();
    onCreate = () => Promise.reject(refuse.STORAGE_UNAVAILABLE());
    expect((await order({ shopId }, requestId)).reason).toBe("DELIVERY_UNAVAILABLE");
    onCreate = async () => {};
    expect((await order({ shopId }, requestId)).code).toBe(Code.OK);
    expect(await stateOf(shopId)).toMatchObject({ free: 0, orders: ["REJECTED", "ORDERED"] });
  });

  it("cancels once and answers the same", async () => {
    const shopId = await shopWith(1);
    const orderId = await ordered({ shopId });
    const requestId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 6 }, () => cancel(orderId, requestId)));
    answers.push(await cancel(orderId, requestId));
    for (const answer of answers) expect(answer).toMatchObject({ code: 0, response: answers[0]?.response ?? {} });
    expect((await stateOf(shopId))?.events).toEqual(["order.Ordered", "order.OrderCancelled"]);
  });
});

describe("cancelOrder", () => {
  it("frees the phone and tells it once", async () => {
    const shopId = await shopWith(1);
    const orderId = await ordered({ shopId });
    expect((await cancel(orderId)).response).toMatchObject({
      orderId,
      status: ORDER_STATUS_CANCELLED,
      eqpStatus: EqpStatus.EQP_STATUS_ORDER_CANCELLED,
    });
    expect(cancelled).toEqual([orderId]);
    expect(await stateOf(shopId)).toEqual({
      free: 1,
      orders: ["CANCELLED"],
      events: ["order.Ordered", "order.OrderCancelled"],
    });
    expect(await cancel(orderId)).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      reason: "ORDER_ALREADY_CANCELLED",
      details: expect.arrayContaining(["PreconditionFailure"]),
    });
    expect((await order({ shopId })).response?.eqpSernum).toBe(1n);
  });

  it("learns from delivery that the phone is on its way", async () => {
    const shopId = await shopWith(1);
    const orderId = await ordered({ shopId });
    onCancel = () => Promise.reject(refuse.DELIVERY_ALREADY_STARTED());
    const refused = { code: Code.FAILED_PRECONDITION, reason: "DELIVERY_ALREADY_STARTED" };
    expect(await cancel(orderId)).toMatchObject(refused);
    expect(await statusOf(orderId)).toBe(ORDER_STATUS_DELIVERY_STARTED);
    expect(await stateOf(shopId)).toMatchObject({ free: 0, events: ["order.Ordered"] });
    expect(await cancel(orderId)).toMatchObject(refused);
  });

  it("is finished without the caller when delivery does not answer", async () => {
    const shopId = await shopWith(1);
    const orderId = await ordered({ shopId });
    const requestId = randomUUID();
    onCancel = () => Promise.reject(refuse.STORAGE_UNAVAILABLE());
    expect(await cancel(orderId, requestId)).toMatchObject({ code: Code.UNAVAILABLE, reason: "DELIVERY_UNAVAILABLE" });
    expect(await statusOf(orderId)).toBe(ORDER_STATUS_CANCEL_REQUESTED);
    onCancel = async () => {};
    await onceStale(service, stepsOf(shopId), async () => (await statusOf(orderId)) === ORDER_STATUS_CANCELLED);
    expect((await cancel(orderId, requestId)).response?.status).toBe(ORDER_STATUS_CANCELLED);
    expect(await stateOf(shopId)).toEqual({
      free: 1,
      orders: ["CANCELLED"],
      events: ["order.Ordered", "order.OrderCancelled"],
    });
  });

  it("refuses an order that does not stand, and one that does not exist", async () => {
    const shopId = await shopWith(1);
    onCreate = () => Promise.reject(refuse.STORAGE_UNAVAILABLE());
    await order({ shopId });
    const { response } = await service.caller.call(listOrders, { status: ORDER_STATUS_REJECTED, pageSize: 1 });
    expect(await cancel(response?.orders[0]?.orderId ?? 0n)).toMatchObject({
      code: Code.FAILED_PRECONDITION,
      reason: "ORDER_NOT_PLACED",
    });
    expect(await cancel(987_654n)).toMatchObject({
      code: Code.NOT_FOUND,
      reason: "ORDER_NOT_FOUND",
      resource: "987654",
    });
  });
});

describe("the database alone", () => {
  it("lets no second order have a phone", async () => {
    const shopId = await shopWith(1);
    await ordered({ shopId });
    const second = service.sql.query(
      `INSERT INTO orders (shop_id, eqp_nm, eqp_sernum, allocation_seq, customer_id, status)
       VALUES ($1, 'galaxy_s21', 1, 2, '', 'ORDERED')`,
      [shopId],
    );
    await expect(second).rejects.toThrow("orders_one_a_phone");
  });

  it("lets no cancelled order keep its phone", async () => {
    const shopId = await shopWith(1);
    const orderId = await ordered({ shopId });
    const kept = service.sql.query("UPDATE orders SET status = 'CANCELLED' WHERE order_id = $1", [orderId]);
    await expect(kept).rejects.toThrow("orderable_equipment_order_has_phone_fkey");
  });
});

describe("lists", () => {
  it("page newest first, by customer and status", async () => {
    const shopId = await shopWith(3);
    const ids: bigint[] = [];
    for (let count = 0; count < 3; count += 1) ids.unshift(await ordered({ shopId, customerId: "lister" }));
    const list = (customerId: string, page: PageRequest) => service.caller.call(listOrders, { customerId, ...page });
    await expectPages(list, ({ orders }) => orders.map(({ orderId }) => orderId), {
      ids,
      filter: "lister",
      other: "kim",
    });
  });
});
