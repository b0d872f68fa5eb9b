// The whole system under `mesh up`: every method by gRPC and by REST, who may call delivery, CORS, the demonstrations of demonstrations.ts
// in short form, and kills under load. What changes the system leaves it as it found it, one after the other.
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeliveryServiceService, DeliveryStatus } from "#gen/proto/tword/delivery/v1/delivery.ts";
import { MessageKind } from "#gen/proto/tword/message/v1/message.ts";
import { AllocationState, OrderStatus } from "#gen/proto/tword/order/v1/order.ts";
import { EqpStatus, ShopOrderStatus } from "#gen/proto/tword/shop/v1/shop.ts";
import { type DemandingRest, demanding } from "#mesh/local/demanding-rest.ts";
import { patiently } from "#mesh/local/patiently.ts";
import type { Rest, RestAnswer } from "#mesh/local/rest.ts";
import { Code } from "#mesh/service/codes.ts";
import { demonstrate } from "#mesh/testing/demonstrate.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { everyMethod } from "#mesh/testing/every-method.ts";
import type { GrpcCaller } from "#mesh/testing/grpc-caller.ts";
import { startLoad, timed } from "#mesh/testing/load.ts";
import { reasonOf } from "#mesh/testing/method-case.ts";
import { type RunningSystem, startSystem } from "#mesh/testing/system.ts";
import { type ShownPage, violations } from "./invariants.ts";
import { methodCases, type World } from "./method-cases.ts";
import { fillShops } from "./sample-data.ts";

let tword: RunningSystem;
let rest: Rest;
/** REST calls that must succeed. */
let api: DemandingRest;
let grpc: GrpcCaller;
let world: World;

beforeAll(async () => {
  tword = await startSystem("tword");
  rest = tword.rest();
  api = demanding(rest);
  grpc = tword.grpc();
  world = await prepareWorld();
});

afterAll(() => tword?.[Symbol.asyncDispose]());

everyMethod({
  cases: methodCases,
  methods: 17,
  enums: {
    ...EqpStatus,
    ...OrderStatus,
    ...DeliveryStatus,
    ...MessageKind,
    ...ShopOrderStatus,
    ...AllocationState,
  },
  running: () => ({ grpc, rest, world }),
});

describe("delivery's internal methods", () => {
  it.each([
    ["createDelivery", DeliveryServiceService.createDelivery],
    ["cancelDelivery", DeliveryServiceService.cancelDelivery],
  ])("%s is refused to the gateway, by delivery's own sidecar", async (_, method) => {
    const direct = tword.grpc("delivery.tword.localhost");
    const request = { orderId: 999n, shopId: 1n, eqpNm: "x", eqpSernum: 1n, allocationSeq: 1n };
    expect(await direct.call(method, request)).toMatchObject({ code: Code.PERMISSION_DENIED });
    expect((await direct.call(DeliveryServiceService.listDeliveries, { orderId: 999n })).response?.deliveries).toEqual(
      [],
    );
    expect(await grpc.call(method, request)).not.toMatchObject({ code: Code.OK });
  });
});

describe("CORS", () => {
  const origin = "http://shop.example";

  it("lets every page ask, with credentials", async () => {
    const { status, headers } = await rest("OPTIONS", "/v1/orders", undefined, {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,x-anything",
    });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "access-control-allow-headers": "content-type,x-anything",
      "access-control-allow-methods": expect.stringContaining("DELETE"),
    });
  });

  it.each([
    ["/v1/shops", 200],
    ["/mypages", 200],
    ["/v1/orders/0", 400],
  ])("lets every page read the answer to GET %s", async (path, status) => {
    const answer = await rest("GET", path, undefined, { origin });
    expect(answer).toMatchObject({ status, headers: { "access-control-allow-origin": origin } });
  });
});

describe("the demonstrations, in short form", () => {
  it.each(["T-1", "T-2", "T-3", "T-4", "T-7"])("%s", (id) => demonstrate(tword, `tword/${id}`));
});

describe("a delivery that is 900 ms late", () => {
  it("ends an order after 610 ms, and delays a cancel, without anything half done", async () => {
    const orders = await Promise.all([1, 2, 3].map(() => api.post<{ orderId: string }>("/orders", wish)));
    const overlay = join(tword.folder, "services", "tword", "overlays", "late");
    const chaos = readFileSync(
      join(tword.folder, "services", "tword", "overlays", "chaos", "kustomization.yaml"),
      "utf8",
    );
    mkdirSync(overlay);
    writeFileSync(join(overlay, "kustomization.yaml"), chaos.replace("400-620", "900-900"));
    await tword.mesh("apply", "-k", "services/tword/overlays/late");
    await tword.untilReady();
    // Where the machine itself was late, another one shows it.
    const refused = await eventually(async () => {
      const answer = await timed(() => order());
      return answer.status === 503 && answer.ms >= 600 && answer.ms < 900 && answer;
    });
    expect(reasonOf(refused)).toBe("DELIVERY_UNAVAILABLE");
    const orderId = await eventually(async () => {
      const taken = orders.pop();
      if (!taken) throw new Error("no cancel was delayed");
      const answer = await rest("POST", `/v1/orders/${taken.orderId}:cancel`, {});
      return reasonOf(answer) === "DELIVERY_UNAVAILABLE" && taken.orderId;
    });
    expect((await api.get<{ status: string }>(`/orders/${orderId}`)).status).toBe("ORDER_STATUS_CANCEL_REQUESTED");
    await tword.mesh("apply", "--remove");
    await tword.untilReady();
    await untilQuiet();
    expect((await api.get<{ status: string }>(`/orders/${orderId}`)).status).toBe("ORDER_STATUS_CANCELLED");
  });
});

describe("fifty customers and one phone", () => {
  it("has exactly one winner", async () => {
    const eqpSernum = await register(1n, "galaxy_one");
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        patiently(() => rest("POST", "/orders", { shopId: "1", eqpNm: "galaxy_one", eqpSernum })),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(reasonOf))).toEqual(new Set(["EQUIPMENT_ALREADY_ORDERED"]));
    await untilQuiet();
  });
});

describe("kill -9 of a service under load", () => {
  it.each(["order", "delivery", "mypage"])(
    "of %s: what was answered OK stands, and everybody agrees in the end",
    async (victim) => {
      const eqpNm = `galaxy_kill_${victim}`;
      await register(100n, eqpNm);
      const load = startLoad(4, async () => {
        const answer = await rest("POST", "/orders", { shopId: "1", eqpNm, customerId: "" });
        if (reasonOf(answer) === "EQUIPMENT_SOLD_OUT") await deliverPhone(eqpNm); // So that they never run out.
        return answer;
      });
      const taken = () => load.answers.filter(({ status }) => status === 200);
      await eventually(() => taken().length >= 10);
      await tword.kill(victim);
      const before = load.answers.length;
      await tword.untilReady();
      await eventually(() => load.answers.slice(before).filter(({ status }) => status === 200).length >= 10);
      await load.stop();
      await untilQuiet();
      expect(taken().length).toBeGreaterThanOrEqual(20);
      for (const answer of taken()) {
        const { orderId } = answer.body as { orderId: string };
        expect((await api.get<{ status: string }>(`/v1/orders/${orderId}`)).status).toBe("ORDER_STATUS_ORDERED");
      }
    },
  );
});

it("fills an empty system with sample data, and leaves a full one alone", async () => {
  const ofSamples = () => Promise.all(["kim", "lee", "park"].map((name) => api.get(`/v1/orders?customerId=${name}`)));
  const once = await ofSamples(); // `mesh up` has filled it.
  expect(once).toMatchObject([
    { orders: [{ status: "ORDER_STATUS_ORDERED" }] },
    { orders: [{ status: "ORDER_STATUS_DELIVERY_STARTED" }] },
    { orders: [{ status: "ORDER_STATUS_CANCELLED" }] },
  ]);
  await fillShops(rest);
  expect(await ofSamples()).toEqual(once);
});

const wish = { shopId: "1", eqpNm: "galaxy_s22" };

function order(customerId = ""): Promise<RestAnswer> {
  return rest("POST", "/v1/orders", { ...wish, customerId });
}

/** Orders a phone once order has heard of it. */
async function eventuallyOrdered(request: object): Promise<{ orderId: string }> {
  return eventually(async () => {
    const answer = await rest("POST", "/orders", request);
    return answer.status === 200 && (answer.body as { orderId: string });
  });
}

let serial = 1_000n;

/** Registers one more phone of a model at shop 1, of which order hears a moment later. */
function deliverPhone(eqpNm: string): Promise<RestAnswer> {
  return rest("POST", "/shops", { shopId: "1", eqpNm, eqpSernum: `${++serial}` });
}

/** Registers phones of a model at shop 1 that order has heard of. @returns the last one's serial number */
async function register(count: bigint, eqpNm: string): Promise<string> {
  const serials = Array.from({ length: Number(count) }, () => `${++serial}`);
  for (let from = 0; from < serials.length; from += 20) {
    const some = serials.slice(from, from + 20);
    await Promise.all(some.map((eqpSernum) => api.post("/shops", { shopId: "1", eqpNm, eqpSernum })));
  }
  await eventually(async () => {
    const path = `/v1/orderableEquipments?eqpNm=${eqpNm}&pageSize=1000`;
    return (await api.get<{ orderableEquipments: object[] }>(path)).orderableEquipments.length === serials.length;
  });
  return serials.at(-1) ?? "";
}

/** Waits until T1 to T5 hold, read from the databases alone. */
async function untilQuiet(): Promise<void> {
  const names = ["shop", "order", "delivery", "message"] as const;
  const pools = await Promise.all(
    names.map(async (name) => new pg.Pool({ connectionString: await tword.databaseUrl(`tword_${name}`), max: 1 })),
  );
  const [shop, orders, delivery, message] = pools as [pg.Pool, pg.Pool, pg.Pool, pg.Pool];
  try {
    await eventually(
      async () => {
        const pages: ShownPage[] = [];
        let token = "";
        do {
          const part = await api.get<{ mypages: ShownPage[]; nextPageToken: string }>(
            `/mypages?pageSize=1000&pageToken=${token}`,
          );
          pages.push(...part.mypages);
          token = part.nextPageToken;
        } while (token);
        expect(await violations({ shop, order: orders, delivery, message }, pages)).toEqual([]);
        return true;
      },
      { withinMs: 120_000, everyMs: 500 },
    );
  } finally {
    for (const pool of pools) await pool.end();
  }
}

/** What the cases of method-cases.ts rely on. */
async function prepareWorld(): Promise<World> {
  const serials = { last: BigInt(await register(60n, "galaxy_s22")) };
  const { equipments } = await api.get<{ equipments: { id: string; eqpSernum: string }[] }>(
    `/v1/equipments?shopId=1&eqpNm=galaxy_s22&pageSize=1000`,
  );
  const phone = equipments.find(({ eqpSernum }) => BigInt(eqpSernum) === serials.last);
  const usedForPhone = randomUUID();
  await api.post(`/shops?requestId=${usedForPhone}`, { shopId: "9", eqpNm: "iphone_12", eqpSernum: "1" });
  await eventuallyOrdered({ shopId: "9", eqpNm: "iphone_12" });
  const usedForOrder = randomUUID();
  const taken = await api.post<{ orderId: string; eqpSernum: string }>(`/orders?requestId=${usedForOrder}`, wish);
  for (let count = 0; count < 10; count += 1) await api.post("/orders", { ...wish, customerId: "hoarder" });
  const cancelled = await orderAndDelivery();
  // One after the other, so that the newest message is the cancel's.
  await hasMessages(cancelled.orderId, 1);
  await api.post(`/v1/orders/${cancelled.orderId}:cancel`, { requestId: randomUUID() });
  const shipped = await orderAndDelivery();
  await api.post(`/v1/deliveries/${shipped.deliveryId}:start`, {});
  const open = await Promise.all(Array.from({ length: 8 }, orderAndDelivery));
  const orders = open.slice(0, 4).map(({ orderId }) => orderId);
  const deliveries = open.slice(4).map(({ deliveryId }) => deliveryId);
  const { held, rejected } = await unusualRows();
  await untilSettled(shipped.orderId);
  await hasMessages(cancelled.orderId, 2);
  await api.wait<{ mypages: object[] }>("/mypages?customerId=hoarder", ({ mypages }) => mypages.length === 10);
  return {
    phone: { id: BigInt(phone?.id ?? 0), serial: serials.last },
    takenSerial: BigInt(taken.eqpSernum),
    fresh: () => ++serial,
    soldOutShop: 9n,
    orderId: BigInt(taken.orderId),
    heldDelivery: held,
    cancelled,
    shipped,
    rejected,
    openOrder: () => orders.pop() ?? 0n,
    readyDelivery: () => deliveries.pop() ?? 0n,
    hoarder: "hoarder",
    messageId: 1n,
    nowhere: 999_999_999n,
    usedForPhone,
    usedForOrder,
  };
}

async function orderAndDelivery() {
  const { orderId } = await api.post<{ orderId: string }>("/orders", wish);
  const ready = await eventually(async () => {
    const path = `/v1/deliveries?orderId=${orderId}&status=DELIVERY_STATUS_READY`;
    return (await api.get<{ deliveries: { deliveryId: string }[] }>(path)).deliveries[0];
  });
  return { orderId: BigInt(orderId), deliveryId: BigInt(ready.deliveryId) };
}

async function hasMessages(orderId: bigint, count: number): Promise<void> {
  await api.wait<{ messages: object[] }>(`/messages?orderId=${orderId}`, ({ messages }) => messages.length === count);
}

/** A delivery whose order does not stand, and an order that was rejected: states that last only a moment, or need a failure. */
async function unusualRows(): Promise<{ held: bigint; rejected: bigint }> {
  const insert = async (name: string, sql: string) => {
    await using client = disposable(new pg.Client({ connectionString: await tword.databaseUrl(name) }));
    await client.connect();
    return BigInt(Object.values((await client.query(sql)).rows[0] as object)[0] as string);
  };
  const held = await insert(
    "tword_delivery",
    `INSERT INTO delivery (order_id, shop_id, eqp_nm, eqp_sernum, allocation_seq, status)
     VALUES (888888888, 8, 'x', 1, 1, 'HELD') RETURNING delivery_id`,
  );
  const rejected = await insert(
    "tword_order",
    `INSERT INTO orders (shop_id, eqp_nm, eqp_sernum, allocation_seq, customer_id, status)
     VALUES (8, 'x', 1, 1, '', 'REJECTED') RETURNING order_id`,
  );
  return { held, rejected };
}

function disposable(client: pg.Client): pg.Client & AsyncDisposable {
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

async function untilSettled(shipped: bigint): Promise<void> {
  await eventually(async () => {
    const page = await api.get<ShownPage>(`/mypages/${shipped}`);
    const { status } = await api.get<{ status: string }>(`/orders/${shipped}`);
    return page.eqpStatus === "EQP_STATUS_DELIVERY_STARTED" && status === "ORDER_STATUS_DELIVERY_STARTED";
  });
  await eventually(async () => {
    const path = "/v1/shopOrders?shopId=9&status=SHOP_ORDER_STATUS_ORDERED";
    return (await api.get<{ shopOrders: object[] }>(path)).shopOrders.length === 1;
  });
}
