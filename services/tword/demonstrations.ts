// The demonstrations of the document that run on this laptop, for `mesh demo tword/...`.
import { checkMixed, isMixed } from "#mesh/demo/check-mixed.ts";
import type { DemonstratedSystem, Demonstration } from "#mesh/demo/demonstration.ts";
import { inParallel } from "#mesh/demo/in-parallel.ts";
import { listAll } from "#mesh/demo/list-all.ts";
import { reasonOf } from "#mesh/demo/reasons.ts";
import type { Stage } from "#mesh/demo/stage.ts";
import { watchBreaker } from "#mesh/demo/watch-breaker.ts";
import { type ShownPage, violations } from "./invariants.ts";

const correlation: Demonstration = {
  id: "T-1",
  name: "correlation",
  shows: "events keep everybody up to date: a phone is registered, ordered, cancelled, ordered again and shipped",
  document: "POST /shops, POST /orders, GET /mypages, cancel, ship; the results are pictures.",
  async run(stage) {
    const wish = await registerOne(stage, "galaxy_s21");
    const phones = `/v1/equipments?shopId=1&eqpNm=${wish.eqpNm}`;
    const phoneIs = async (status: string) =>
      (await stage.api.get<{ equipments: { eqpStatus: string }[] }>(phones)).equipments[0]?.eqpStatus === status;
    const orderId = await order(stage, { ...wish, orderId: "1" });
    await pageShows(stage, orderId, "EQP_STATUS_ORDERED");
    await stage.eventually("the shop shows the phone as ordered", () => phoneIs("EQP_STATUS_ORDERED"));
    await stage.patiently(() => stage.rest("POST", `/v1/orders/${orderId}:cancel`, {}));
    await stage.eventually("the cancelled order's phone can be ordered again", () =>
      phoneIs("EQP_STATUS_ORDER_AVAILABLE"),
    );
    await stage.eventually(
      "the customer has two messages",
      async () => (await messagesOf(stage, orderId)).length === 2,
    );
    const again = await order(stage, wish);
    const deliveries = `/v1/deliveries?orderId=${again}&status=DELIVERY_STATUS_READY`;
    const ready = await stage.eventually("its next order's delivery is ready", async () => {
      return (await stage.api.get<{ deliveries: { deliveryId: string }[] }>(deliveries)).deliveries[0];
    });
    await stage.api.post(`/v1/deliveries/${ready.deliveryId}:start`, {});
    await pageShows(stage, again, "EQP_STATUS_DELIVERY_STARTED");
  },
};

const synchronousFailure: Demonstration = {
  id: "T-2",
  name: "synchronous-failure",
  shows: "a synchronous call couples: without delivery no order, and nothing is left half done",
  document: "with delivery stopped an order fails; with delivery started again it succeeds.",
  async run(stage) {
    const wish = await registerOne(stage, "galaxy_t2");
    await stage.scale("delivery", 0);
    const refused = await stage.rest("POST", "/orders", wish);
    stage.check("an order is refused with 503", refused.status === 503, `${refused.status}`);
    stage.check("and says DELIVERY_UNAVAILABLE", reasonOf(refused) === "DELIVERY_UNAVAILABLE", reasonOf(refused));
    await stage.scale("delivery", 1);
    await stage.eventually("the same order is taken when delivery is back", () => isTaken(stage, wish));
  },
};

const asynchronousIsolation: Demonstration = {
  id: "T-3",
  name: "asynchronous-isolation",
  shows: "an event does not couple: without message and shop orders are taken, and both catch up, once",
  document: "with message stopped an order works and its status is visible.",
  async run(stage) {
    const wish = await registerOne(stage, "galaxy_t3");
    await stage.scale("message", 0);
    await stage.scale("shop", 0);
    const orderId = await order(stage, wish);
    await pageShows(stage, orderId, "EQP_STATUS_ORDERED");
    await stage.scale("message", 1);
    await stage.scale("shop", 1);
    await stage.eventually(
      "the message is there when message is back",
      async () => (await messagesOf(stage, orderId)).length > 0,
    );
    const messages = await messagesOf(stage, orderId);
    stage.check("exactly one", messages.length === 1, `${messages.length}`);
  },
};

const users = { concurrency: 200, seconds: 10 };
const shortestDelayMs = 400;

const circuitBreaker: Demonstration = {
  id: "T-4",
  name: "circuit-breaker",
  shows: "order's breaker cuts a slow delivery off, and no phone is allocated without an order",
  document:
    "order waits 610 ms for a delivery that takes 400 to 620 ms (Hystrix: rolling window 10 s, sleep window 3 s, 50 %). One user: all fine. 200 users: 256 errors.",
  async run(stage) {
    const eqpNm = `galaxy_t4_${Date.now()}`;
    await register(stage, eqpNm, Math.ceil(stage.callsOf(users, shortestDelayMs) * 1.5) + 20);
    const order = () => stage.rest("POST", "/orders", { shopId: "1", eqpNm });
    await stage.apply("chaos");
    const alone = {
      title: "one user",
      concurrency: 1,
      seconds: 1,
      call: order,
      document: { failed: 0, availabilityPercent: 100 },
    };
    await stage.load(alone);
    const open = (await stage.breakers("order", "delivery")).filter(({ state }) => state === "open");
    stage.check("one user does not open the breaker", open.length === 0);
    const { answers } = await stage.load({
      title: "many users",
      ...users,
      call: order,
      document: { failed: 256 },
      until: isMixed,
    });
    checkMixed(stage, answers, "DELIVERY_UNAVAILABLE");
    await watchBreaker(stage, { caller: "order", callee: "delivery", call: order, reason: "DELIVERY_UNAVAILABLE" });
    await stage.eventually("orders are taken again", async () => (await order()).status === 200);
  },
};

const configuration: Demonstration = {
  id: "T-7",
  name: "configuration",
  shows: "a limit in a ConfigMap: it takes effect when order is restarted",
  document: 'max_reservation_per_person: "10" in a ConfigMap; no observation is shown.',
  async run(stage) {
    const { shopId, eqpNm } = await register(stage, `galaxy_t7_${Date.now()}`, 13);
    const orderAnother = () => stage.rest("POST", "/orders", { shopId, eqpNm, customerId: `${eqpNm}_buyer` });
    for (let count = 1; count <= 10; count++) {
      const { status } = await stage.patiently(orderAnother);
      if (status !== 200) throw new Error(`order ${count} of 10 was answered ${status}`);
    }
    const eleventh = await stage.patiently(orderAnother);
    stage.check("a customer's eleventh open order is refused with 429", eleventh.status === 429, `${eleventh.status}`);
    stage.check("and says MAX_ORDERS_PER_PERSON", reasonOf(eleventh) === "MAX_ORDERS_PER_PERSON", reasonOf(eleventh));
    await stage.apply("max-orders");
    await stage.restart("order");
    const statuses: number[] = [];
    for (let count = 11; count <= 13; count++) statuses.push((await stage.patiently(orderAnother)).status);
    stage.check(
      "with 12 the next two are taken, the thirteenth is not",
      statuses.join() === "200,200,429",
      statuses.join(", "),
    );
  },
};

export const system: DemonstratedSystem = {
  invariants: "T1 to T5",
  async violations(stage) {
    const [shop, order, delivery, message] = [
      await stage.database("shop"),
      await stage.database("order"),
      await stage.database("delivery"),
      await stage.database("message"),
    ];
    return violations({ shop, order, delivery, message }, await listAll<ShownPage>(stage.api, "/mypages", "mypages"));
  },
  demonstrations: [correlation, synchronousFailure, asynchronousIsolation, circuitBreaker, configuration],
};

/** @returns the order's id */
async function order(stage: Stage, wish: object): Promise<string> {
  const { status, body } = await stage.patiently(() => stage.rest("POST", "/orders", wish));
  if (status !== 200) throw new Error(`an order was answered ${status}: ${JSON.stringify(body)}`);
  return (body as { orderId: string }).orderId;
}

/** Registers phones of a model at shop 1, and waits until order has heard of all of them. */
async function register(stage: Stage, eqpNm: string, count: number): Promise<{ shopId: string; eqpNm: string }> {
  stage.say(`registers ${count} phones`);
  const first = BigInt(Date.now()) * 100_000n;
  const serials = Array.from({ length: count }, (_, n) => `${first + BigInt(n)}`);
  await inParallel(serials, 20, (eqpSernum) => stage.api.post("/shops", { shopId: "1", eqpNm, eqpSernum }));
  const path = `/v1/orderableEquipments?eqpNm=${eqpNm}`;
  const known = () => listAll<object>(stage.api, path, "orderableEquipments");
  await stage.eventually("order knows the new phones", async () => (await known()).length === count);
  return { shopId: "1", eqpNm };
}

/** One phone of a model of its own. */
function registerOne(stage: Stage, model: string): Promise<{ shopId: string; eqpNm: string }> {
  return register(stage, `${model}_${Date.now()}`, 1);
}

async function isTaken(stage: Stage, wish: object): Promise<boolean> {
  return (await stage.rest("POST", "/orders", wish)).status === 200;
}

async function pageShows(stage: Stage, orderId: string, eqpStatus: string): Promise<void> {
  await stage.eventually(`my page shows ${eqpStatus}`, async () => {
    return (await stage.api.get<ShownPage>(`/mypages/${orderId}`)).eqpStatus === eqpStatus;
  });
}

async function messagesOf(stage: Stage, orderId: string): Promise<object[]> {
  return (await stage.api.get<{ messages: object[] }>(`/messages?orderId=${orderId}`)).messages;
}
