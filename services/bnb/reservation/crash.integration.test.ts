// Reservation is killed after each numbered step of its sagas, and started again.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PrismaClient } from "#gen/prisma/bnb/payment/client.ts";
import { PaymentServiceService } from "#gen/proto/bnb/payment/v1/payment.ts";
import {
  Reservation,
  ReservationServiceService,
  ReservationStatus,
} from "#gen/proto/bnb/reservation/v1/reservation.ts";
import { RoomServiceService } from "#gen/proto/bnb/room/v1/room.ts";
import { implement } from "#mesh/service/handler.ts";
import { type ChildService, childService } from "#mesh/testing/child-service.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { databaseService, rowsOf, type WithSql } from "#mesh/testing/placed-service.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { policies } from "../payment/policies.ts";
import { rpc } from "../payment/rpc.ts";
import { PaymentStore } from "../payment/store.ts";

const { createReservation, cancelReservation, getReservation } = ReservationServiceService;

const servers = useServers();
let payment: WithSql;
let url: string;
let sql: pg.Pool;

beforeAll(async () => {
  payment = await databaseService(
    servers.place("bnb"),
    { name: "payment.bnb", client: (adapter) => new PrismaClient({ adapter }), store: (db) => new PaymentStore(db) },
    (database) => ({
      services: [implement(PaymentServiceService, rpc({ database, limitKrw: 5_000n })), room],
      policies,
    }),
  );
  url = servers.postgres.freshUrl();
  sql = new pg.Pool({ connectionString: url, max: 1 });
});

afterAll(async () => {
  await sql?.end();
  await payment?.stop();
});

const { checkRoom } = RoomServiceService;
/** At the same address as payment, because the process has one way out. */
const room = implement({ checkRoom }, { checkRoom: async () => ({ available: true, price: 1_000n }) });

function startChild(crashAt = ""): Promise<ChildService> {
  return childService(join(import.meta.dirname, "main.ts"), {
    DATABASE_URL: url,
    NATS_URL: servers.nats.url,
    NS: "bnb",
    MESH_OUTBOUND: payment.target,
    MESH_CRASH_AT: crashAt,
  });
}

interface Attempt {
  readonly crashAt: string;
  readonly roomId: string;
  readonly requestId: string;
  /** Empty before the reservation is answered. */
  readonly rsvId: string;
}

const wish = (roomId: string) => Reservation.fromPartial({ roomId, guestId: "kim" });

/** Reserves (and cancels) with a process that dies at a crash point. */
async function attempt(crashAt: string): Promise<Attempt> {
  await using child = await startChild(crashAt);
  const [roomId, requestId] = [randomUUID(), randomUUID()];
  const reserve = (request: string) =>
    child.caller.call(createReservation, { reservation: wish(roomId), requestId: request });
  let rsvId = "";
  if (crashAt.startsWith("create-reservation/")) {
    expect((await reserve(requestId)).code).not.toBe(0);
  } else {
    rsvId = (await reserve("")).response?.rsvId ?? "";
    expect((await child.caller.call(cancelReservation, { rsvId, requestId })).code).not.toBe(0);
  }
  expect(await child.ended).toBe("SIGKILL");
  return { crashAt, roomId, requestId, rsvId };
}

it("ends in a final state wherever it was killed, and a repeated request fits it", { timeout: 600_000 }, async () => {
  const points = ["opened", "checked", "paid", "confirmed"].map((step) => `create-reservation/${step}`);
  points.push("cancel-reservation/requested");
  const attempts: Attempt[] = [];
  for (const point of points) attempts.push(await attempt(point));

  await using reservation = await startChild();
  const statusOf = async ({ roomId }: Attempt) =>
    (await rowsOf({ sql }, "SELECT status FROM reservation WHERE room_id = $1 ORDER BY room_seq", [roomId])).flat();
  await eventually(async () => {
    expect(await Promise.all(attempts.map(statusOf))).toEqual([
      ["REJECTED"],
      ["REJECTED"],
      ["REJECTED"],
      ["CONFIRMED"],
      ["CANCELLED"],
    ]);
    return true;
  });
  // What was paid for reservations that do not stand is paid back.
  const payments = "SELECT status, count(*)::int FROM payment GROUP BY 1 ORDER BY 1";
  expect(await rowsOf(payment, payments)).toEqual([
    ["APPROVED", 1],
    ["CANCELLED", 4],
  ]);
  expect(await rowsOf({ sql }, "SELECT subject, count(*)::int FROM mesh.outbox GROUP BY 1 ORDER BY 1")).toEqual([
    ["reservation.ReservationCancelRequested", 1],
    ["reservation.ReservationCancelled", 1],
    ["reservation.ReservationConfirmed", 2],
  ]);

  for (const { crashAt, roomId, requestId, rsvId } of attempts) {
    if (crashAt.startsWith("create-reservation/")) {
      const again = await reservation.caller.call(createReservation, { reservation: wish(roomId), requestId });
      expect(again.response).toMatchObject({ roomId, status: ReservationStatus.RESERVATION_STATUS_CONFIRMED });
    } else {
      expect((await reservation.caller.call(cancelReservation, { rsvId, requestId })).code).toBe(0);
      const { response } = await reservation.caller.call(getReservation, { rsvId });
      expect(response?.status).toBe(ReservationStatus.RESERVATION_STATUS_CANCELLED);
    }
  }
  expect(await Promise.all(attempts.map(statusOf))).toEqual([
    ["REJECTED", "CONFIRMED"],
    ["REJECTED", "CONFIRMED"],
    ["REJECTED", "CONFIRMED"],
    ["CONFIRMED"],
    ["CANCELLED"],
  ]);
});
