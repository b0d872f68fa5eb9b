// The demonstrations of the document that run on this laptop, for `mesh demo mall/...`.
import { checkMixed, isMixed } from "#mesh/demo/check-mixed.ts";
import type { DemonstratedSystem, Demonstration } from "#mesh/demo/demonstration.ts";
import { succeeded } from "#mesh/demo/figures.ts";
import { inParallel } from "#mesh/demo/in-parallel.ts";
import { listAll } from "#mesh/demo/list-all.ts";
import { lossOf, lost } from "#mesh/demo/lost.ts";
import { reasonOf } from "#mesh/demo/reasons.ts";
import type { Stage } from "#mesh/demo/stage.ts";
import { watchBreaker } from "#mesh/demo/watch-breaker.ts";
import { readEvents } from "#mesh/testing/read-events.ts";
import { type ShownStatus, violations } from "./invariants.ts";

const replay: Demonstration = {
  id: "M-1",
  name: "replay",
  shows: "orders are taken without pay, product and delivery, shown on the screen, and go on when the others are back",
  document: 'only order and the view run: an order of 3 TVs shows "주문접수"; pay is started: "입금확인대기".',
  async run(stage) {
    const productId = await register(stage, 10_000);
    const away = ["pay", "product", "delivery"];
    for (const service of away) await stage.scale(service, 0);
    const orderId = await place(stage, productId, 3);
    await screenShows(stage, orderId, "주문접수");
    const regretted = await place(stage, productId, 1);
    const cancel = await stage.rest("POST", `/v1/orders/${regretted}:cancel`, {});
    stage.check(
      "a cancel is refused for now: PAY_UNAVAILABLE",
      reasonOf(cancel) === "PAY_UNAVAILABLE",
      reasonOf(cancel),
    );
    await stage.scale("pay", 1);
    await screenShows(stage, orderId, "입금확인대기");
    await screenShows(stage, regretted, "주문취소");
    for (const service of ["product", "delivery"]) await stage.scale(service, 1);
  },
};

const correlation: Demonstration = {
  id: "M-2",
  name: "correlation",
  shows: "the order's id goes with every event of its flow, and each event follows its cause",
  document:
    "TV, stock 10000; an order of 3: OrderPlaced, after 142 ms PayPlaced, 1 ms PayChecked, 63 ms QtyDecreased; stock 9997.",
  async run(stage) {
    const productId = await register(stage, 10_000);
    const orderId = await place(stage, productId, 3);
    await screenShows(stage, orderId, "입금확인대기");
    const payId = await payOf(stage, orderId);
    await stage.patiently(() => stage.rest("POST", `/v1/pays/${payId}:check`, {}));
    await screenShows(stage, orderId, "배송중");
    const { qty } = await stage.api.get<{ qty: number }>(`/products/${productId}`);
    stage.check("the stock is 9997", qty === 9_997, `${qty}`);
    const natsUrl = await stage.natsUrl();
    const flow = await stage.eventually("the five events of the order are in the stream", async () => {
      const events = (await readEvents(natsUrl, "MALL", "mall.>")).filter(({ body }) => body["orderId"] === orderId);
      return events.length >= 5 && events.map(({ subject }) => subject.split(".")[2] ?? "");
    });
    const inOrder = causes.every(
      ([cause, effect]) => flow.includes(cause) && flow.indexOf(cause) < flow.indexOf(effect),
    );
    stage.check("every event follows its cause", inOrder, flow.join(", "));
    stage.check("and there is each of them once", flow.length === new Set(flow).size, `${flow.length}`);
  },
};

/** PayChecked and QtyDecreased come of the same call, in either order. */
const causes = [
  ["OrderPlaced", "PayPlaced"],
  ["PayPlaced", "PayChecked"],
  ["PayPlaced", "QtyDecreased"],
  ["QtyDecreased", "DeliveryStarted"],
] as const;

const sellers = { concurrency: 100, seconds: 60 };
const shortestDelayMs = 400;

const circuitBreaker: Demonstration = {
  id: "M-4",
  name: "circuit-breaker",
  shows: "pay's breaker cuts a slow product off; orders are taken all the same, and every deposit comes to an end",
  document:
    "pay waits 610 ms for a product that takes 400 to 620 ms; 100 callers for 60 s POST /orders, all answered 201: orders do not wait for product.",
  async run(stage) {
    const productId = await register(stage, 1_000_000);
    await ordersDoNotWait(stage, productId);
    const pays = await preparePays(
      stage,
      productId,
      Math.min(2_000, Math.max(200, stage.callsOf(sellers, shortestDelayMs))),
    );
    const check = () => checkNext(stage, pays);
    await stage.apply("chaos");
    const one = await stage.load({
      title: "one seller confirms deposits",
      concurrency: 1,
      seconds: 2,
      call: check,
      until: (answers) => answers.some(succeeded),
    });
    const many = await stage.load({ title: "many sellers confirm deposits", ...sellers, call: check, until: isMixed });
    checkMixed(stage, [...one.answers, ...many.answers], "PRODUCT_UNAVAILABLE");
    const more = await preparePays(stage, productId, 100);
    const call = () => checkNext(stage, more) ?? stage.rest("GET", "/products");
    await watchBreaker(stage, { caller: "pay", callee: "product", call, reason: "PRODUCT_UNAVAILABLE" });
    const pay = await stage.database("pay");
    await stage.eventually("every check that was begun is finished", async () => {
      return (await pay.query("SELECT 1 FROM pay WHERE status = 'CHECKING' LIMIT 1")).rows.length === 0;
    });
  },
};

/** As the document prints it: every deposit is confirmed by itself, and product is slow. */
async function ordersDoNotWait(stage: Stage, productId: string): Promise<void> {
  await stage.apply("auto-check");
  const pay = await stage.database("pay");
  const checked = async () =>
    Number((await pay.query("SELECT count(*) FROM pay WHERE status = 'CHECKED'")).rows[0].count);
  const before = await checked();
  const order = { productId, productName: "TV", address: "test", qty: 1 };
  const { answers } = await stage.load({
    title: "customers order",
    ...sellers,
    call: () => stage.rest("POST", "/orders", order),
    document: { availabilityPercent: 100, failed: 0, longestS: 2.02, shortestS: 0.27 },
  });
  stage.check("no order is lost", lost(answers).length === 0, lossOf(answers));
  await stage.eventually("deposits are confirmed later", async () => (await checked()) > before);
  await stage.removeOverlays();
}

const readiness: Demonstration = {
  id: "M-7",
  name: "readiness",
  shows:
    "a new version of order rolls out without a failed request, when its probe says when it is ready; without one it does not",
  document:
    "order with two replicas, 1 caller with pauses for 20 s GET /orders while a new version rolls out, without and with a readiness probe.",
  async run(stage) {
    await stage.apply("pair");
    const siege = { concurrency: 5, seconds: 20, call: () => stage.rest("GET", "/orders") };
    const withProbe = await stage.load({
      ...siege,
      title: "with a readiness probe",
      document: { transactions: 30, availabilityPercent: 100, elapsedS: 19.51, failed: 0, longestS: 0.06 },
      // The document's probe waits for ten seconds; in the short form it is the one that order always has.
      meanwhile: () => (stage.short ? stage.restart("order") : stage.apply("probed")),
    });
    const none = lost(withProbe.answers).length === 0;
    stage.check("with a probe no request is lost", none, lossOf(withProbe.answers));
    const without = await stage.load({
      ...siege,
      title: "without a probe",
      document: { transactions: 23, availabilityPercent: 74.19, elapsedS: 19.51, failed: 8 },
      meanwhile: () => stage.apply("unprobed"),
    });
    stage.check("without one some are", lost(without.answers).length > 0, lossOf(without.answers));
  },
};

export const system: DemonstratedSystem = {
  invariants: "M1 to M4, M6",
  async violations(stage) {
    const [order, pay, product, delivery] = [
      await stage.database("order"),
      await stage.database("pay"),
      await stage.database("product"),
      await stage.database("delivery"),
    ];
    const shown = await listAll<ShownStatus>(stage.api, "/orderStatuses", "orderStatuses");
    return violations({ order, pay, product, delivery }, shown);
  },
  demonstrations: [replay, correlation, circuitBreaker, readiness],
};

/** A TV that order has heard of. */
async function register(stage: Stage, qty: number): Promise<string> {
  const { productId } = await stage.api.post<{ productId: string }>("/products", { name: "TV", price: "100", qty });
  const probe = { productId, qty: 1, address: "Seoul", price: "1" };
  await stage.eventually("order knows the product", async () => {
    return reasonOf(await stage.rest("POST", "/orders", probe)) === "PRICE_CHANGED"; // Known, and nothing is ordered.
  });
  return productId;
}

async function place(stage: Stage, productId: string, qty: number): Promise<string> {
  const wish = { productId, productName: "TV", price: "100", qty, address: "Seoul" };
  return (await stage.api.post<{ orderId: string }>("/orders", wish)).orderId;
}

async function screenShows(stage: Stage, orderId: string, text: string): Promise<void> {
  await stage.eventually(`the screen shows ${text}`, async () => {
    return (await stage.api.get<{ orderStatusText: string }>(`/orderStatuses/${orderId}`)).orderStatusText === text;
  });
}

async function payOf(stage: Stage, orderId: string): Promise<string | undefined> {
  return (await stage.api.get<{ pays: { payId: string }[] }>(`/pays?orderId=${orderId}`)).pays[0]?.payId;
}

/** Places orders and waits for their deposits. */
async function preparePays(stage: Stage, productId: string, count: number): Promise<string[]> {
  stage.say(`places ${count} orders`);
  const orders = new Set(await inParallel(Array.from({ length: count }), 20, () => place(stage, productId, 1)));
  interface Pay {
    readonly payId: string;
    readonly orderId: string;
  }
  return stage.eventually("every order waits for its deposit", async () => {
    const pays = await listAll<Pay>(stage.api, "/pays?status=PAY_STATUS_PLACED", "pays");
    const ours = pays.filter(({ orderId }) => orders.has(orderId));
    return ours.length === count && ours.map(({ payId }) => payId);
  });
}

function checkNext(stage: Stage, pays: string[]) {
  const payId = pays.pop();
  return payId === undefined ? undefined : stage.rest("POST", `/v1/pays/${payId}:check`, {});
}
