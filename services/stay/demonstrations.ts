// The demonstrations of the document that run on this laptop, for `mesh demo stay/...`.
import { join } from "node:path";
import type { DemonstratedSystem, Demonstration } from "#mesh/demo/demonstration.ts";
import { succeeded } from "#mesh/demo/figures.ts";
import { inParallel } from "#mesh/demo/in-parallel.ts";
import { reasonOf, reasonsOf } from "#mesh/demo/reasons.ts";
import type { Stage } from "#mesh/demo/stage.ts";
import type { RestAnswer } from "#mesh/local/rest.ts";
import type { Timed } from "#mesh/testing/load.ts";
import { sqliteQueries } from "#mesh/testing/sqlite-queries.ts";
import { violations } from "./invariants.ts";

interface Reservation {
  readonly reservationNumber: string;
  readonly reserveStatus: string;
  readonly paymentId: string;
  readonly promotionDeferred: boolean;
  readonly couponId: string;
}

interface Promotion {
  readonly service: string;
  readonly point: string;
}

const price = "100000";

const synchronousFailure: Demonstration = {
  id: "P-1",
  name: "synchronous-failure",
  shows: "no promotion without payment, which is asked; and none of it depends on room, which is told",
  document: "with room scaled to 0, promotion answers to a request that says itself that it is paid.",
  async run(stage) {
    await stage.scale("promotion", 0);
    const { paymentId } = await paid(stage);
    await stage.scale("promotion", 1);
    await stage.scale("payment", 0);
    const refused = await stage.rest("POST", "/promotions", { paymentId });
    stage.check("without payment a promotion is refused with 503", refused.status === 503, `${refused.status}`);
    await stage.scale("payment", 1);
    await stage.eventually("with payment it is there: a coupon and 10000 points", () => hasPromotion(stage, paymentId));

    const roomId = await newRoom(stage);
    const reservation = await reserve(stage, roomId);
    await stage.scale("room", 0);
    const alone = await pay(stage, reservation);
    stage.check("without room a reservation is paid", alone.paymentId !== "0", alone.reserveStatus);
    await stage.eventually("and gets its promotion", () => hasPromotion(stage, alone.paymentId));
    await stage.scale("room", 1);
  },
};

const readModel: Demonstration = {
  id: "P-2",
  name: "read-model",
  shows: "what is granted is on the customer's page a moment later",
  document: "after the promotion was saved, RoomInfo shows it.",
  async run(stage) {
    const { reservationNumber } = await paid(stage);
    await stage.eventually("the page shows the promotion", async () => {
      const page = await stage.api.get<Reservation & Promotion>(`/roomInfos/${reservationNumber}`);
      return page.reserveStatus === "RESERVE_STATUS_PROMOTION" && page.service === "PROMOTION_SERVICE_DISCOUNT_COUPON";
    });
    const { reserveStatus } = await stage.api.get<Reservation>(`/reservations/${reservationNumber}`);
    const isPaid = reserveStatus === "RESERVE_STATUS_PAYMENT_COMPLETED";
    stage.check("the reservation itself says that it is paid", isPaid, reserveStatus);
  },
};

const circuitBreaker: Demonstration = {
  id: "P-3",
  name: "circuit-breaker",
  shows: "customers who ask for a promotion that is late are asked to come back, and a retry serves more of them",
  document:
    '610 ms for all calls, payment and promotion late by 400 to 620 ms, siege -c1 -t10S: about half succeed. "Add Retry and HPA."',
  async run(stage) {
    const load = { concurrency: 1, seconds: 10, document: { availabilityPercent: 50 } };
    const refused = ({ status }: Timed) => status === 503;
    // A first try is given up after 610 ms, and no answer takes less than 200.
    const rescued = ({ status, ms }: Timed) => status === 200 && ms > 810;
    const runs = [
      { overlay: "chaos", title: "promotion takes 400-620 ms", seen: undefined },
      { overlay: "slow", title: "promotion takes 200-1020 ms", seen: refused, text: "some are asked to come back" },
      { overlay: "retry", title: "the same, asked up to three times", seen: rescued, text: "another try serves some" },
    ];
    for (const { overlay, title, seen = () => true, text } of runs) {
      await stage.apply(overlay);
      const payments = await deferred(stage, stage.callsOf(load, 200) + 5);
      const call = () => askForOne(stage, payments);
      const { answers } = await stage.load({ ...load, title, call, until: (each) => each.some(seen) });
      const reasons = reasonsOf(answers.filter((answer) => !succeeded(answer))).join(", ");
      stage.check(
        "nobody is refused but by PROMOTION_UNAVAILABLE",
        /^(PROMOTION_UNAVAILABLE)?$/.test(reasons),
        reasons,
      );
      if (text) stage.check(text, answers.some(seen), `${answers.filter(seen).length} of ${answers.length}`);
    }
    // Promotions that nobody has asked for are granted without a customer.
    await stage.removeOverlays();
  },
};

const autoscaling: Demonstration = {
  id: "P-4",
  name: "autoscaling",
  shows: "payment scales out under load",
  document:
    "kubectl autoscale deploy payment --min=1 --max=10 --cpu-percent=15; siege -c100 -t60S: more replicas, a higher success.",
  async run(stage) {
    await stage.apply("autoscale");
    const seen = { replicas: 1 };
    const { figures } = await stage.load({
      title: "GET /payments",
      concurrency: 100,
      seconds: 60,
      call: () => stage.rest("GET", "/payments?pageSize=1"),
      meanwhile: async () => {
        await stage.eventually(
          "payment runs in more than one replica",
          async () => {
            seen.replicas = (await stage.replicas("payment")).length;
            return seen.replicas > 1;
          },
          { withinS: 120 },
        );
      },
    });
    stage.check("requests are answered", figures.successful > 0, `${figures.successful}`);
  },
};

const configuration: Demonstration = {
  id: "P-6",
  name: "configuration",
  shows: "payment finds promotion by the ConfigMap: a wrong port defers promotions, and breaks no payment",
  document: "api.url.promotion by ConfigMap, environment and application.yaml; tested by setting port 80.",
  async run(stage) {
    await stage.apply("wrong-url");
    await stage.restart("payment");
    const reservation = await paid(stage);
    stage.check("a reservation is paid, its promotion deferred", reservation.promotionDeferred);
    const { paymentId } = reservation;
    const refused = await stage.rest("POST", "/promotions", { paymentId });
    stage.check("a promotion is refused with 503", refused.status === 503, reasonOf(refused));
    await stage.removeOverlays();
    await stage.restart("payment");
    await stage.eventually("the promotion is granted without anybody asking", () => hasPromotion(stage, paymentId));
  },
};

export const system: DemonstratedSystem = {
  invariants: "P1 to P5",
  async violations(stage) {
    const [reservation, payment, room, notice, roominfo] = [
      await stage.database("reservation"),
      await stage.database("payment"),
      await stage.database("room"),
      await stage.database("notice"),
      await stage.database("roominfo"),
    ];
    const promotion = sqliteQueries(`file:${join(stage.volume("promotion-data"), "promotion.db")}`);
    return violations({ reservation, payment, promotion, room, notice, roominfo });
  },
  demonstrations: [synchronousFailure, readModel, circuitBreaker, autoscaling, configuration],
};

/** Asks for the promotion of a payment, which may ask again when it was refused. */
function askForOne(stage: Stage, payments: string[]): Promise<RestAnswer> | undefined {
  const paymentId = payments.shift();
  if (paymentId === undefined) return undefined;
  return stage.rest("POST", "/promotions", { paymentId }).then((answer) => {
    if (answer.status === 503) payments.push(paymentId);
    return answer;
  });
}

/** Payments whose promotions were deferred, with the way to promotion open again. */
async function deferred(stage: Stage, count: number): Promise<string[]> {
  stage.say(`prepares ${count} payments`);
  const reservations = await inParallel(Array.from({ length: count }), 8, () => paid(stage));
  await stage.eventually("payment's breaker towards promotion is closed", async () => {
    const breakers = await stage.breakers("payment", "promotion");
    return breakers.length > 0 && breakers.every(({ state }) => state === "closed");
  });
  return reservations.filter(({ promotionDeferred }) => promotionDeferred).map(({ paymentId }) => paymentId);
}

async function paid(stage: Stage): Promise<Reservation> {
  return pay(stage, await reserve(stage, await newRoom(stage)));
}

async function newRoom(stage: Stage): Promise<string> {
  return (await stage.api.post<{ roomId: string }>("/rooms", { roomName: "Demonstration", price })).roomId;
}

/** Reservation hears of a room by an event, a moment after its registration. */
function reserve(stage: Stage, roomId: string): Promise<Reservation> {
  return stage.api.postWhenKnown<Reservation>("/reservations", { roomId, customerId: "demo", customerName: "Demo" });
}

/** Pays; where payment was slow, the reservation is paid a moment later. */
async function pay(stage: Stage, { reservationNumber }: Reservation): Promise<Reservation> {
  const path = `/v1/reservations/${reservationNumber}`;
  const answer = await stage.rest("POST", `${path}:pay`, {});
  if (answer.status === 200) return answer.body as Reservation;
  return stage.api.wait<Reservation>(path, ({ reserveStatus }) => reserveStatus === "RESERVE_STATUS_PAYMENT_COMPLETED");
}

async function hasPromotion(stage: Stage, paymentId: string): Promise<boolean> {
  const { promotions } = await stage.api.get<{ promotions: Promotion[] }>(`/promotions?paymentId=${paymentId}`);
  const [promotion] = promotions;
  return promotion?.service === "PROMOTION_SERVICE_DISCOUNT_COUPON" && promotion.point === "10000";
}
