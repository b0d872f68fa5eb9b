// The demonstrations of the document that run on this laptop, for `mesh demo siren/...`.
import { checkMixed, isMixed } from "#mesh/demo/check-mixed.ts";
import type { DemonstratedSystem, Demonstration } from "#mesh/demo/demonstration.ts";
import { lossOf, lost } from "#mesh/demo/lost.ts";
import { reasonOf } from "#mesh/demo/reasons.ts";
import type { SiegeResult } from "#mesh/demo/siege.ts";
import type { Stage } from "#mesh/demo/stage.ts";
import { watchBreaker } from "#mesh/demo/watch-breaker.ts";
import { violations } from "./invariants.ts";

const synchronousCoupling: Demonstration = {
  id: "S-1",
  name: "synchronous-coupling",
  shows: "a synchronous call couples: without product no order, honestly, and nothing is kept",
  document: "with product scaled to 0 POST /orders fails; with product back it succeeds.",
  async run(stage) {
    const productId = await register(stage, "Americano");
    const order = () => stage.rest("POST", "/orders", { productId });
    await stage.scale("product", 0);
    const refused = await order();
    stage.check("an order is refused with 503", refused.status === 503, `${refused.status}`);
    stage.check("and says PRODUCT_UNAVAILABLE", reasonOf(refused) === "PRODUCT_UNAVAILABLE", reasonOf(refused));
    await stage.scale("product", 1);
    await stage.eventually("the same order is taken when product is back", async () => (await order()).status === 200);
    const { orders } = await stage.api.get<{ orders: object[] }>(`/v1/orders?productId=${productId}`);
    stage.check("of the two orders one is kept", orders.length === 1, `${orders.length}`);
  },
};

const asynchronousIsolation: Demonstration = {
  id: "S-2",
  name: "asynchronous-isolation",
  shows: "an event does not couple: products are registered without order, which hears of them when it is back",
  document: "POST /products price=3500 with order down; when order is started GET /products/1 there shows Available.",
  async run(stage) {
    await stage.scale("order", 0);
    const { productId } = await stage.api.post<{ productId: string }>("/products", {
      price: "3500",
      status: available,
    });
    await stage.scale("order", 1);
    const snapshot = `/v1/productSnapshots/${productId}`;
    const known = await stage.eventually("order knows the product when it is back", async () => {
      const { status, body } = await stage.rest("GET", snapshot);
      return status === 200 && (body as { status: string });
    });
    stage.check("as one for sale", known.status === available, known.status);
  },
};

const liveness: Demonstration = {
  id: "S-3",
  name: "liveness",
  shows: "a process that does not answer its probe is started again, and takes orders again",
  document:
    "liveness probe after 120 s, every 5 s, 1 s, five times; 100 callers for 60 s POST /orders. The order pod's RESTARTS go from 0 to 1.",
  async run(stage) {
    const productId = await register(stage, "Americano");
    const order = () => stage.rest("POST", "/orders", { productId });
    await stage.apply(stage.short ? "stuck-soon" : "stuck");
    const restarts = async () => (await stage.replicas("order")).reduce((sum, replica) => sum + replica.restarts, 0);
    const before = await restarts();
    await stage.load({
      title: "orders at a process that gets stuck",
      concurrency: 100,
      seconds: 60,
      pauseMs: 200, // Refusals come at once; they need not come without end.
      call: order,
      meanwhile: async () => {
        await stage.eventually("order is started again", async () => (await restarts()) > before, { withinS: 300 });
      },
    });
    await stage.removeOverlays();
    await stage.eventually("orders are taken again", async () => (await order()).status === 200);
  },
};

const circuitBreaker: Demonstration = {
  id: "S-4",
  name: "circuit-breaker",
  shows: "order's breaker cuts a slow product off; order itself stays up, and nothing is half done",
  document:
    "order waits 610 ms for a product that takes 400 to 620 ms; 100 callers for 60 s POST /orders. The result is a picture; the system stays up.",
  async run(stage) {
    const productId = await register(stage, "Americano");
    const order = () => stage.rest("POST", "/orders", { productId });
    await stage.apply("chaos");
    const restarts = async () => (await stage.replicas("order")).reduce((sum, replica) => sum + replica.restarts, 0);
    const before = await restarts();
    const { answers, figures } = await stage.load({
      title: "orders at a slow product",
      concurrency: 100,
      seconds: 60,
      call: order,
      until: isMixed,
    });
    checkMixed(stage, answers, "PRODUCT_UNAVAILABLE");
    const { rows } = await (await stage.database("order")).query("SELECT 1 FROM orders WHERE product_id = $1", [
      productId,
    ]);
    stage.check("every order that was taken is kept", rows.length >= figures.successful, `${rows.length}`);
    await watchBreaker(stage, { caller: "order", callee: "product", call: order, reason: "PRODUCT_UNAVAILABLE" });
    stage.check("order was not started again", (await restarts()) <= before);
    await stage.eventually("orders are taken again", async () => (await order()).status === 200);
  },
};

const autoscaling: Demonstration = {
  id: "S-5",
  name: "autoscaling",
  shows: "product scales out under load, and availability does not suffer",
  document: "autoscaler of product at 5 % CPU, 1 to 5 replicas; 200 callers for 120 s POST /products. Replicas: 4.",
  async run(stage) {
    const call = () => stage.rest("POST", "/products", { price: "5000", status: available });
    const siege = { concurrency: 200, seconds: 120, call };
    await stage.apply("single");
    const before = await stage.load({
      ...siege,
      title: "one replica",
      document: {
        ...{
          transactions: 2161,
          availabilityPercent: 97.47,
          elapsedS: 119.77,
          responseS: 10.18,
          transactionsPerS: 18.04,
        },
        ...{ concurrency: 183.72, failed: 56, longestS: 36.64, shortestS: 0.44 },
      },
    });
    await stage.apply("autoscale");
    const ready = async () => (await stage.replicas("product")).filter((replica) => replica.ready).length;
    const after = await stage.load({
      ...siege,
      title: "with the autoscaler",
      document: {
        ...{ transactions: 4421, availabilityPercent: 100, elapsedS: 119.04, responseS: 5.26, transactionsPerS: 37.14 },
        ...{ concurrency: 195.44, failed: 0, longestS: 19.33, shortestS: 0.42 },
      },
      meanwhile: async () => {
        const more = async () => (await ready()) > 1 && (await ready());
        const replicas = await stage.eventually("product scales out", more, { withinS: 180 });
        stage.say(`product has ${replicas} replicas`);
      },
    });
    const gone = ({ answers }: SiegeResult) => lost(answers).length / answers.length;
    const seen = `${lossOf(before.answers)}, then ${lossOf(after.answers)}`;
    stage.check("no more requests are lost than before", gone(after) <= gone(before), seen);
  },
};

const configuration: Demonstration = {
  id: "S-6",
  name: "configuration",
  shows: "report with a wrong NS in its ConfigMap stays up and hears nothing; with the right one it catches up",
  document:
    "NS changed to siren1 and report restarted: a product is registered, GET /reports returns 200 and an empty list.",
  async run(stage) {
    await stage.apply("renamed");
    await stage.restart("report");
    const productId = await register(stage, "Renamed");
    const list = await stage.patiently(() => stage.rest("GET", "/reports"));
    stage.check("report answers", list.status === 200, `${list.status}`);
    const report = () => stage.rest("GET", `/v1/reports/${productId}`);
    const unknown = await stage.patiently(report);
    stage.check("and does not know the new product", unknown.status === 404, `${unknown.status}`);
    await stage.removeOverlays();
    await stage.restart("report");
    await stage.eventually("it knows it when NS is right again", async () => (await report()).status === 200);
  },
};

export const system: DemonstratedSystem = {
  invariants: "S1, S2, S4, S5",
  async violations(stage) {
    const [product, order] = [await stage.database("product"), await stage.database("order")];
    return violations({ product, order, report: await stage.database("report") });
  },
  demonstrations: [synchronousCoupling, asynchronousIsolation, liveness, circuitBreaker, autoscaling, configuration],
};

const available = "PRODUCT_STATUS_AVAILABLE";

/** A product for sale that order has heard of. */
async function register(stage: Stage, name: string): Promise<string> {
  const { productId } = await stage.api.post<{ productId: string }>("/products", {
    name,
    price: "4500",
    status: available,
  });
  await stage.api.wait(`/v1/productSnapshots/${productId}`);
  return productId;
}
