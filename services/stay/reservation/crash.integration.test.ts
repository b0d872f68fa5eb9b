// Reservation is killed after each numbered step of its sagas, and started again.
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PaymentServiceService } from "#gen/proto/stay/payment/v1/payment.ts";
import { Reservation, ReservationServiceService } from "#gen/proto/stay/reservation/v1/reservation.ts";
import { Code } from "#mesh/service/codes.ts";
import { type ChildService, childService } from "#mesh/testing/child-service.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { rowsOf } from "#mesh/testing/placed-service.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { startPayment, startPromotion, startReservation, type WithSql } from "../in-process.ts";

const { createReservation, payReservation, cancelReservation } = ReservationServiceService;

const servers = useServers();
let folder: string;
let promotion: WithSql;
let payment: WithSql;
let url: string;
let sql: pg.Pool;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mesh-stay-"));
  const place = () => servers.place("stay");
  promotion = await startPromotion({ ...place(), url: `file:${folder}/promotion.db` });
  payment = await startPayment(place(), promotion.target);
  const own = place();
  await using _migrated = await startReservation(own, payment.target);
  url = own.url;
  sql = new pg.Pool({ connectionString: url, max: 1 });
  await sql.query("INSERT INTO room_copy SELECT n, 'room', 100000, 'AVAILABLE', 1 FROM generate_series(1, 20) n");
});

afterAll(async () => {
  await sql?.end();
  for (const service of [payment, promotion]) await service?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function startChild(crashAt = ""): Promise<ChildService> {
  return childService(join(import.meta.dirname, "main.ts"), {
    DATABASE_URL: url,
    NATS_URL: servers.nats.url,
    NS: "stay",
    MESH_OUTBOUND: payment.target,
    MESH_CRASH_AT: crashAt,
  });
}

interface Attempt {
  readonly crashAt: string;
  readonly reservationNumber: bigint;
  readonly requestId: string;
}

const withDeadline = { timeoutMs: 120_000 };

/** Pays (and cancels) a room's reservation with a process that dies at a crash point. */
async function attempt(crashAt: string, roomId: bigint): Promise<Attempt> {
  await using child = await startChild(crashAt);
  const wish = Reservation.fromPartial({ roomId, customerId: "kim", customerName: "Kim" });
  const { response } = await child.caller.call(createReservation, { reservation: wish });
  const reservationNumber = response?.reservationNumber ?? 0n;
  const requestId = randomUUID();
  const request = { reservationNumber, requestId };
  if (crashAt.startsWith("pay-reservation/")) {
    expect((await child.caller.call(payReservation, request, withDeadline)).code).not.toBe(Code.OK);
  } else {
    expect((await child.caller.call(payReservation, { reservationNumber }, withDeadline)).code).toBe(Code.OK);
    expect((await child.caller.call(cancelReservation, request, withDeadline)).code).not.toBe(Code.OK);
  }
  expect(await child.ended).toBe("SIGKILL");
  return { crashAt, reservationNumber, requestId };
}

it("ends in a final state wherever it was killed, and a repeated request fits it", { timeout: 600_000 }, async () => {
  const points = ["requested", "asked", "completed"].map((step) => `pay-reservation/${step}`);
  points.push(...["requested", "asked", "completed"].map((step) => `cancel-reservation/${step}`));
  const attempts: Attempt[] = [];
  for (const [index, point] of points.entries()) attempts.push(await attempt(point, BigInt(index + 1)));

  await using reservation = await startChild();
  const states = () =>
    rowsOf({ sql }, "SELECT room_id::int, reserve_status, coupon_id IS NOT NULL FROM reservation ORDER BY 1");
  await eventually(async () => {
    expect(await states()).toEqual([
      [1, "PAYMENT_COMPLETED", true],
      [2, "PAYMENT_COMPLETED", true],
      [3, "PAYMENT_COMPLETED", true],
      [4, "CANCELLED", false],
      [5, "CANCELLED", false],
      [6, "CANCELLED", false],
    ]);
    return true;
  });
  const { response } = await payment.caller.call(PaymentServiceService.listPayments, {});
  expect(response?.payments.map(({ paymentStatus }) => paymentStatus).sort()).toEqual([1, 1, 1, 3, 3, 3]);
  await eventually(async () => {
    const granted = await rowsOf(promotion, "SELECT state, count(*)::int FROM promotion GROUP BY state ORDER BY state");
    expect(granted).toEqual([
      ["GRANTED", 3],
      ["REVOKED", 3],
    ]);
    return true;
  });
  const events = "SELECT subject, count(*)::int FROM mesh.outbox GROUP BY 1 ORDER BY 1";
  expect(await rowsOf({ sql }, events)).toEqual([
    ["reservation.ReservationCancelled", 3],
    ["reservation.ReservationPlaced", 6],
  ]);

  const before = await states();
  for (const { crashAt, reservationNumber, requestId } of attempts) {
    const method = crashAt.startsWith("pay-reservation/") ? payReservation : cancelReservation;
    expect(await reservation.caller.call(method, { reservationNumber, requestId })).toMatchObject({ code: Code.OK });
  }
  expect(await states()).toEqual(before);
});
