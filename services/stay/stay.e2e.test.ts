// The whole system under `mesh up`: every method by gRPC and by REST, the demonstrations P-1 to P-4 and P-6 in short form, callees that
// are late, who may call what is internal, the volume of promotion. Some tests change the system, one after the other; each leaves it as it
// found it.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NoticeKind } from "#gen/proto/stay/notice/v1/notice.ts";
import { PaymentServiceService, PromotionState } from "#gen/proto/stay/payment/v1/payment.ts";
import { GrantState, PromotionServiceService } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { RoomStatus } from "#gen/proto/stay/room/v1/room.ts";
import { PaymentStatus, PromotionService, ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import { type DemandingRest, demanding } from "#mesh/local/demanding-rest.ts";
import { patiently } from "#mesh/local/patiently.ts";
import type { Rest, RestAnswer } from "#mesh/local/rest.ts";
import { Code } from "#mesh/service/codes.ts";
import { demonstrate } from "#mesh/testing/demonstrate.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { everyMethod } from "#mesh/testing/every-method.ts";
import type { GrpcCaller } from "#mesh/testing/grpc-caller.ts";
import { startLoad } from "#mesh/testing/load.ts";
import { reasonOf } from "#mesh/testing/method-case.ts";
import { sqliteQueries } from "#mesh/testing/sqlite-queries.ts";
import { type RunningSystem, startSystem } from "#mesh/testing/system.ts";
import { violations } from "./invariants.ts";
import { methodCases, type World } from "./method-cases.ts";
import { fillHouse } from "./sample-data.ts";

let stay: RunningSystem;
let rest: Rest;
/** REST calls that must succeed. */
let api: DemandingRest;
let grpc: GrpcCaller;
let world: World;

beforeAll(async () => {
  stay = await startSystem("stay");
  rest = stay.rest();
  api = demanding(rest);
  grpc = stay.grpc();
  world = await prepareWorld();
});

afterAll(() => stay?.[Symbol.asyncDispose]());

everyMethod({
  cases: methodCases,
  methods: 18,
  enums: {
    ...NoticeKind,
    ...PromotionState,
    ...GrantState,
    ...RoomStatus,
    ...PaymentStatus,
    ...PromotionService,
    ...ReserveStatus,
  },
  running: () => ({ grpc, rest, world }),
});

describe("internal methods", () => {
  const bill = { reservationNumber: 999n, customerId: "x", customerName: "x", paymentPrice: 1n };
  it.each([
    ["payment", "completePayment", PaymentServiceService.completePayment, bill],
    ["payment", "cancelPayment", PaymentServiceService.cancelPayment, { reservationNumber: 999n }],
    [
      "promotion",
      "grantPromotion",
      PromotionServiceService.grantPromotion,
      { ...bill, paymentId: 999n, paymentStatus: PaymentStatus.PAYMENT_STATUS_PAID },
    ],
  ] as const)("of %s: %s is refused to the gateway, by its own sidecar", async (service, _, method, request) => {
    const direct = stay.grpc(`${service}.stay.localhost`);
    expect(await direct.call(method, request)).toMatchObject({ code: Code.PERMISSION_DENIED });
    expect(await grpc.call(method, request)).not.toMatchObject({ code: Code.OK });
    expect((await rest("GET", "/v1/payments?reservationNumber=999")).body).toMatchObject({ payments: [] });
  });
});

it("finishes a payment that was left half-done", async () => {
  await ask("stay_reservation", `UPDATE reservation SET step_time = now() WHERE reservation_number = ${world.paying}`);
  await untilQuiet();
  expect(await reservationOf(`${world.paying}`)).toMatchObject({ reserveStatus: "RESERVE_STATUS_PAYMENT_COMPLETED" });
});

describe("demonstrations in their short form", () => {
  it.each(["P-1", "P-2", "P-3", "P-4", "P-6"])("%s", async (id) => {
    await demonstrate(stay, `stay/${id}`, { seconds: 2 });
  });
});

// They are late by 290 ms and more. When it is the caller's proxy that the machine holds up for so long, an answer is there in time, and
// another customer has to show it.
describe("callees that are 900 ms late", () => {
  const toldToWait = (numbers: string[], verb: "pay" | "cancel") =>
    eventually(async () => {
      const number = numbers.pop();
      if (number === undefined) throw new Error("nobody was told to wait");
      const answer = await rest("POST", `/v1/reservations/${number}:${verb}`, {});
      return reasonOf(answer) === "PAYMENT_UNAVAILABLE" && number;
    });

  it("payment: paying and cancelling are told to wait, and finished without the customer", async () => {
    const some = () => Promise.all([reserved(), reserved(), reserved()]);
    const [unpaids, paids] = [await some(), await some()];
    await Promise.all(paids.map(payUntilPaid));
    await stay.mesh("apply", "-k", "services/stay/overlays/late");
    await stay.untilReady();
    const unpaid = await toldToWait(unpaids, "pay");
    expect(await reservationOf(unpaid)).toMatchObject({ reserveStatus: "RESERVE_STATUS_PAYMENT_REQUESTED" });
    const paid = await toldToWait(paids, "cancel");
    expect(await reservationOf(paid)).toMatchObject({ reserveStatus: "RESERVE_STATUS_CANCEL_REQUESTED" });
    await stay.mesh("apply", "--remove");
    await stay.untilReady();
    await untilQuiet();
    expect(await reservationOf(unpaid)).toMatchObject({ reserveStatus: "RESERVE_STATUS_PAYMENT_COMPLETED" });
    expect(await reservationOf(paid)).toMatchObject({ reserveStatus: "RESERVE_STATUS_CANCELLED" });
  });

  it("promotion: paying goes on, the promotion is deferred, and who asks for it is told to come back", async () => {
    await stay.mesh("apply", "-k", "services/stay/overlays/late-promotion");
    await stay.untilReady();
    const { reservationNumber: number } = await eventually(async () => {
      const paid = await payUntilPaid(await reserved());
      if (!paid.promotionDeferred || paid.couponId !== "0") return false;
      const { paymentId } = paid;
      return reasonOf(await rest("POST", "/promotions", { paymentId })) === "PROMOTION_UNAVAILABLE" && paid;
    });
    await stay.mesh("apply", "--remove");
    await stay.untilReady();
    await untilQuiet();
    expect(await reservationOf(number)).toMatchObject({ promotionDeferred: false, point: "10000" });
  });
});

describe("fifty customers and one room", () => {
  it("has exactly one winner", async () => {
    const roomId = await newRoom();
    await eventually(() => isKnown(roomId));
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => patiently(() => reserve(roomId, `customer-${index}`))),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(reasonOf))).toEqual(new Set(["ROOM_RESERVED"]));
    await untilQuiet();
  });
});

describe("kill -9 of a service under load", () => {
  it.each(["reservation", "payment", "promotion"])(
    "of %s: what was answered OK stands, and everybody agrees in the end",
    async (victim) => {
      const load = startLoad(4, async () => rest("POST", `/v1/reservations/${await reserved()}:pay`, {}));
      const paid = () => load.answers.filter(({ status }) => status === 200);
      await eventually(() => paid().length >= 5, { withinMs: 120_000 });
      await stay.kill(victim);
      const before = load.answers.length;
      await stay.untilReady();
      await eventually(() => load.answers.slice(before).filter(({ status }) => status === 200).length >= 5, {
        withinMs: 120_000,
      });
      await load.stop();
      await untilQuiet();
      for (const answer of paid()) {
        const { reservationNumber } = answer.body as { reservationNumber: string };
        const status = "RESERVE_STATUS_PAYMENT_COMPLETED";
        expect(await reservationOf(reservationNumber)).toMatchObject({ reserveStatus: status, point: "10000" });
      }
    },
  );
});

it("fills an empty system with sample data, and leaves a full one alone", async () => {
  const ofSamples = () =>
    Promise.all(["kim", "lee", "park"].map((name) => api.get(`/v1/roomInfos?customerId=${name}`)));
  const once = await ofSamples(); // `mesh up` has filled it.
  await fillHouse(rest);
  expect(await ofSamples()).toEqual(once);
  const { roomInfos } = once[1] as { roomInfos: object[] };
  expect(roomInfos).toMatchObject([{ reserveStatus: "RESERVE_STATUS_CANCELLED" }]);
});

interface Kept {
  readonly reservationNumber: string;
  readonly reserveStatus: string;
  readonly paymentId: string;
  readonly promotionDeferred: boolean;
  readonly couponId: string;
}

async function newRoom(price = "100000", query = ""): Promise<string> {
  return (await api.post<{ roomId: string }>(`/v1/rooms${query}`, { roomName: "A room of a test", price })).roomId;
}

/** Whether reservation has heard of a room. */
async function isKnown(roomId: string): Promise<boolean> {
  return (await ask("stay_reservation", `SELECT 1 FROM room_copy WHERE room_id = ${roomId}`)).length === 1;
}

function reserve(roomId: string, customerId = "tester"): Promise<RestAnswer> {
  return rest("POST", "/v1/reservations", { roomId, customerId, customerName: "Tester" });
}

/** Reserves a room of its own. @returns the reservation's number */
async function reserved({ customerId = "tester", price = "100000", query = "" } = {}): Promise<string> {
  const wish = { roomId: await newRoom(price), customerId, customerName: "Tester" };
  return (await api.postWhenKnown<Kept>(`/v1/reservations${query}`, wish)).reservationNumber;
}

function reservationOf(reservationNumber: string): Promise<Kept> {
  return api.get<Kept>(`/v1/reservations/${reservationNumber}`);
}

/** Pays; where payment was slow on a busy machine, the reservation is paid a moment later. */
async function payUntilPaid(reservationNumber: string): Promise<Kept> {
  await rest("POST", `/v1/reservations/${reservationNumber}:pay`, {});
  const isPaid = ({ reserveStatus }: Kept) => reserveStatus === "RESERVE_STATUS_PAYMENT_COMPLETED";
  return api.wait<Kept>(`/v1/reservations/${reservationNumber}`, isPaid);
}

async function ask(database: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: await stay.databaseUrl(database) });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Waits until P1 to P5 hold, read from the databases alone. */
async function untilQuiet(): Promise<void> {
  const names = ["reservation", "payment", "room", "notice", "roominfo"] as const;
  const pools = await Promise.all(
    names.map(async (name) => new pg.Pool({ connectionString: await stay.databaseUrl(`stay_${name}`), max: 1 })),
  );
  const [reservation, payment, room, notice, roominfo] = pools as [pg.Pool, pg.Pool, pg.Pool, pg.Pool, pg.Pool];
  const file = join(stay.folder, ".mesh", "volumes", "stay", "promotion-data", "promotion.db");
  const databases = { reservation, payment, room, notice, roominfo, promotion: sqliteQueries(`file:${file}`) };
  try {
    await eventually(
      async () => {
        expect(await violations(databases)).toEqual([]);
        return true;
      },
      { withinMs: 120_000, everyMs: 500 },
    );
  } finally {
    for (const pool of pools) await pool.end();
  }
}

async function hasNotices(customerId: string, count: number): Promise<void> {
  await api.wait<{ notices: object[] }>(`/notices?customerId=${customerId}`, ({ notices }) => notices.length === count);
}

/** What the cases of method-cases.ts rely on. */
async function prepareWorld(): Promise<World> {
  const usedForRoom = randomUUID();
  const usedForReservation = randomUUID();
  const roomId = await newRoom("50000", `?requestId=${usedForRoom}`);
  const number = await reserved({ customerId: "guest", query: `?requestId=${usedForReservation}` });
  // One after the other, so that the newest notice is the promotion's.
  await hasNotices("guest", 1);
  const paid = await payUntilPaid(number);
  const cancelled = await reserved();
  await api.post(`/v1/reservations/${cancelled}:cancel`, { requestId: randomUUID() });
  const dear = await reserved({ price: "10000001" });
  await eventually(async () => reasonOf(await rest("POST", `/v1/reservations/${dear}:pay`, {})) === "PAYMENT_DECLINED");
  const { payments } = await api.get<{ payments: { paymentId: string }[] }>(`/v1/payments?reservationNumber=${dear}`);
  const open = await Promise.all(Array.from({ length: 4 }, () => reserved()));
  const free = await Promise.all(Array.from({ length: 2 }, () => newRoom()));
  await eventually(async () => (await Promise.all(free.map(isKnown))).every(Boolean));
  await untilQuiet();
  await hasNotices("guest", 2);
  const { couponId } = await reservationOf(number);
  const { roomId: takenRoom } = await api.get<{ roomId: string }>(`/v1/reservations/${number}`);
  const { notices } = await api.get<{ notices: { noticeId: string }[] }>("/notices?customerId=guest");
  const pending = await pendingPayments(4);
  const paying = await reserved();
  const hold = "reserve_status = 'PAYMENT_REQUESTED', step_time = now() + interval '1 hour'";
  await ask("stay_reservation", `UPDATE reservation SET ${hold} WHERE reservation_number = ${paying}`);
  return {
    roomId: BigInt(roomId),
    takenRoom: BigInt(takenRoom),
    freeRoom: () => BigInt(free.pop() ?? 0),
    paid: { reservationNumber: BigInt(number), paymentId: BigInt(paid.paymentId), couponId: BigInt(couponId) },
    openReservation: () => BigInt(open.pop() ?? 0),
    cancelled: BigInt(cancelled),
    paying: BigInt(paying),
    dear: BigInt(dear),
    unpaid: BigInt(payments[0]?.paymentId ?? 0),
    pendingPayment: () => BigInt(pending.pop() ?? 0),
    noticeId: BigInt(notices[0]?.noticeId ?? 0),
    nowhere: 999_999_999n,
    usedForRoom,
    usedForReservation,
  };
}

/** Payments that are paid, whose promotions wait to be asked for: a state that lasts only a moment, or needs a failure. */
async function pendingPayments(count: number): Promise<string[]> {
  const rows = await ask(
    "stay_payment",
    `INSERT INTO payment (reservation_number, customer_id, customer_name, payment_price, payment_status, promotion_state, step_time)
     SELECT 800000000 + n, 'waiting', 'Waiting', 100000, 'PAID', 'PENDING', now() + interval '1 hour'
     FROM generate_series(1, ${count}) n RETURNING payment_id`,
  );
  return (rows as { payment_id: string }[]).map(({ payment_id }) => payment_id);
}
