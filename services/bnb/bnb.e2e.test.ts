// The whole system under `mesh up`: every method by gRPC and by REST, the demonstrations B-2, B-4 and B-7 in short form, callees that are
// late, who may call payment, CORS. Some tests change the system, one after the other; each leaves it as it found it.
import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MessageKind } from "#gen/proto/bnb/message/v1/message.ts";
import { PaymentServiceService, PaymentStatus } from "#gen/proto/bnb/payment/v1/payment.ts";
import { ReservationStatus } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import { RoomStatus } from "#gen/proto/bnb/room/v1/room.ts";
import { inParallel } from "#mesh/demo/in-parallel.ts";
import { listAll } from "#mesh/demo/list-all.ts";
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
import { violations } from "./invariants.ts";
import { methodCases, type World } from "./method-cases.ts";
import { fillRooms } from "./sample-data.ts";

let bnb: RunningSystem;
let rest: Rest;
/** REST calls that must succeed. */
let api: DemandingRest;
let grpc: GrpcCaller;
let world: World;

beforeAll(async () => {
  bnb = await startSystem("bnb");
  rest = bnb.rest();
  api = demanding(rest);
  grpc = bnb.grpc();
  world = await prepareWorld();
});

afterAll(() => bnb?.[Symbol.asyncDispose]());

everyMethod({
  cases: methodCases,
  methods: 21,
  enums: { ...RoomStatus, ...ReservationStatus, ...PaymentStatus, ...MessageKind },
  running: () => ({ grpc, rest, world }),
});

describe("payment's internal methods", () => {
  it.each([
    ["approvePayment", PaymentServiceService.approvePayment],
    ["cancelPayment", PaymentServiceService.cancelPayment],
  ])("%s is refused to the gateway, by payment's own sidecar", async (_, method) => {
    const direct = bnb.grpc("payment.bnb.localhost");
    const rsvId = randomUUID();
    const request = { rsvId, roomId: randomUUID(), guestId: "kim", amount: 1n };
    expect(await direct.call(method, request)).toMatchObject({ code: Code.PERMISSION_DENIED });
    expect((await direct.call(PaymentServiceService.listPayments, { rsvId })).response?.payments).toEqual([]);
    expect(await grpc.call(method, request)).not.toMatchObject({ code: Code.OK });
  });
});

describe("CORS", () => {
  const origin = "http://rooms.example";

  it("lets every page ask, with credentials", async () => {
    const { status, headers } = await rest("OPTIONS", "/v1/rooms", undefined, {
      origin,
      "access-control-request-method": "PATCH",
      "access-control-request-headers": "content-type",
    });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": expect.stringContaining("PATCH"),
    });
  });

  it("lets every page read the answers", async () => {
    const answer = await rest("GET", "/roomviews", undefined, { origin });
    expect(answer).toMatchObject({ status: 200, headers: { "access-control-allow-origin": origin } });
  });
});

describe("demonstrations in their short form", () => {
  it.each(["B-2", "B-4", "B-7"])("%s", async (id) => {
    await demonstrate(bnb, `bnb/${id}`, { seconds: 2 });
  });
});

describe("callees that are late", () => {
  it("by 900 ms: a reservation takes longer, and stands", async () => {
    await bnb.mesh("apply", "-k", "services/bnb/overlays/late");
    await bnb.untilReady();
    // Where the machine itself is late by more than a second, too, the next one stands.
    const ms = await eventually(async () => {
      const roomId = await newRoom();
      const answer = await timed(() => reserve(roomId, `late-${roomId}`));
      return answer.status === 200 && answer.ms;
    });
    expect(ms).toBeGreaterThan(1_790); // A timer may be a few milliseconds early.
    await bnb.mesh("apply", "--remove");
    await bnb.untilReady();
  });

  it("by 3 s: nothing is reserved, whatever was paid is paid back, and the room is free again", async () => {
    await bnb.mesh("apply", "-k", "services/bnb/overlays/slow");
    await bnb.untilReady();
    // Room is asked first, and may be too late on a busy machine; or the caller's proxy may, so that a payment is there in time. Then the
    // next one shows it.
    const roomId = await eventually(async () => {
      const roomId = await newRoom();
      return reasonOf(await reserve(roomId, "slow-guest")) === "PAYMENT_UNAVAILABLE" && roomId;
    });
    await bnb.mesh("apply", "--remove");
    await bnb.untilReady();
    await eventually(async () => (await reserve(roomId, "lee")).status === 200, { withinMs: 120_000 });
    await untilQuiet();
    const { reservations } = await api.get<{ reservations: { guestId: string; status: string }[] }>(
      `/v1/reservations?roomId=${roomId}&guestId=slow-guest`,
    );
    expect(new Set(reservations.map(({ status }) => status))).toEqual(new Set(["RESERVATION_STATUS_REJECTED"]));
  });
});

describe("fifty guests and one room", () => {
  it("has exactly one winner", async () => {
    const roomId = await newRoom();
    const guests = Array.from({ length: 50 }, (_, index) => `guest-${index}`);
    // With an id, so that whoever has to come again goes on with the attempt that keeps the room.
    const ask = (guestId: string, query = `?requestId=${randomUUID()}`) =>
      patiently(() => reserve(roomId, guestId, query));
    const answers = await Promise.all(guests.map((guestId) => ask(guestId)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(reasonOf))).toEqual(new Set(["ROOM_NOT_AVAILABLE"]));
    await untilQuiet();
  });
});

describe("kill -9 of a service under load", () => {
  it.each(["reservation", "payment", "viewpage"])(
    "of %s: what was answered OK stands, and everybody agrees in the end",
    async (victim) => {
      const load = startLoad(4, async () => reserve(await newRoom(), `guest-${randomUUID()}`));
      const taken = () => load.answers.filter(({ status }) => status === 200);
      await eventually(() => taken().length >= 10, { withinMs: 120_000 });
      await bnb.kill(victim);
      const before = load.answers.length;
      await bnb.untilReady();
      await eventually(() => load.answers.slice(before).filter(({ status }) => status === 200).length >= 10, {
        withinMs: 120_000,
      });
      await load.stop();
      await untilQuiet();
      await inParallel(taken(), 20, async (answer) => {
        const { rsvId } = answer.body as { rsvId: string };
        const { status } = await api.get<{ status: string }>(`/v1/reservations/${rsvId}`);
        expect(status).toBe("RESERVATION_STATUS_CONFIRMED");
      });
    },
  );
});

it("fills an empty system with sample data, and leaves a full one alone", async () => {
  const ofSamples = () =>
    Promise.all(["kim", "lee", "park"].map((name) => api.get(`/v1/reservations?guestId=${name}&pageSize=1000`)));
  const houses = async () => {
    const pages = await listAll<{ desc: string }>(api, "/v1/roomviews", "roomViews");
    return pages.filter(({ desc }) => desc === "Beautiful House");
  };
  const once = await ofSamples(); // `mesh up` has filled it.
  const reviewed = [{ reviewCnt: 1, rsvStatus: "RESERVATION_STATUS_CONFIRMED" }];
  expect(await houses()).toMatchObject(reviewed);
  await fillRooms(rest);
  expect(await ofSamples()).toEqual(once);
  expect(await houses()).toMatchObject(reviewed);
});

/** Names that no sample has, so that a room of a test is never taken for one. */
async function newRoom(price = "1000", query = ""): Promise<string> {
  return (await api.post<{ roomId: string }>(`/v1/rooms${query}`, { desc: "A room of a test", price })).roomId;
}

function reserve(roomId: string, guestId = "kim", query = ""): Promise<RestAnswer> {
  return rest("POST", `/v1/reservations${query}`, { roomId, guestId });
}

async function reserved(
  roomId: string,
  guestId = "kim",
  query = `?requestId=${randomUUID()}`,
): Promise<{ rsvId: string; payId: string }> {
  const answer = await patiently(() => reserve(roomId, guestId, query));
  expect(answer).toMatchObject({ status: 200 });
  return answer.body as { rsvId: string; payId: string };
}

/** Waits until B1 to B5 hold, read from the databases alone. */
async function untilQuiet(): Promise<void> {
  const names = ["room", "reservation", "payment", "message", "viewpage"] as const;
  const pools = await Promise.all(
    names.map(async (name) => new pg.Pool({ connectionString: await bnb.databaseUrl(`bnb_${name}`), max: 1 })),
  );
  const [room, reservation, payment, message, viewpage] = pools as [pg.Pool, pg.Pool, pg.Pool, pg.Pool, pg.Pool];
  try {
    await eventually(
      async () => {
        expect(await violations({ room, reservation, payment, message, viewpage })).toEqual([]);
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
  const usedForRoom = randomUUID();
  const usedForReservation = randomUUID();
  const rooms = await Promise.all(Array.from({ length: 30 }, () => newRoom()));
  const next = () => rooms.pop() ?? "";
  const roomId = await newRoom("1000", `?requestId=${usedForRoom}`);
  const stay = await reserved(roomId, "kim", `?requestId=${usedForReservation}`);
  const deletedRoom = next();
  expect((await rest("DELETE", `/v1/rooms/${deletedRoom}`)).status).toBe(200);
  for (let count = 0; count < 10; count += 1) await reserved(next(), "hoarder");
  const cancelled = await reserved(next());
  await api.post(`/v1/reservations/${cancelled.rsvId}:cancel`, {});
  const open = [await reserved(next()), await reserved(next()), await reserved(next()), await reserved(next())];
  const unpricedRoom = await newRoom("0");
  expect(reasonOf(await patiently(() => reserve(unpricedRoom, "choi")))).toBe("ROOM_NOT_PRICED");
  const { reservations } = await api.get<{ reservations: { rsvId: string }[] }>("/v1/reservations?guestId=choi");
  const review = { roomId, guestId: "kim", content: "좋아요" };
  await eventually(async () => (await rest("POST", "/v1/reviews", review)).status === 200);
  const spare = [await api.post<Review>("/v1/reviews", review), await api.post<Review>("/v1/reviews", review)];
  const { reviews } = await api.get<{ reviews: Review[] }>(`/v1/reviews?roomId=${roomId}`);
  const kept = reviews.find(({ reviewId }) => !spare.some((other) => other.reviewId === reviewId));
  await untilQuiet();
  const { messages } = await api.get<{ messages: { msgId: string }[] }>(`/messages?rsvId=${stay.rsvId}`);
  return {
    reserved: { ...stay, roomId, msgId: messages[0]?.msgId ?? "" },
    reviewId: kept?.reviewId ?? "",
    freeRoom: next(),
    unpricedRoom,
    dearRoom: await newRoom("10000001"),
    deletedRoom,
    spareRoom: next,
    openReservation: () => open.pop()?.rsvId ?? "",
    spareReview: () => spare.pop()?.reviewId ?? "",
    cancelled: cancelled.rsvId,
    rejected: reservations[0]?.rsvId ?? "",
    hoarder: "hoarder",
    nowhere: randomUUID(),
    usedForRoom,
    usedForReservation,
  };
}

interface Review {
  readonly reviewId: string;
}
