// Payment and promotion are killed after each step of a payment, and started again.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PaymentServiceService } from "#gen/proto/stay/payment/v1/payment.ts";
import { PromotionServiceService } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { PaymentStatus } from "#gen/proto/stay/type/v1/type.ts";
import { Code } from "#mesh/service/codes.ts";
import { childService } from "#mesh/testing/child-service.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { rowsOf } from "#mesh/testing/placed-service.ts";
import { readEvents } from "#mesh/testing/read-events.ts";
import { sqliteQueries } from "#mesh/testing/sqlite-queries.ts";
import { type SystemPlace, useServers } from "#mesh/testing/use-servers.ts";
import { startPromotion, type WithSql } from "../in-process.ts";

const servers = useServers();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mesh-stay-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bill = (reservationNumber: bigint) => ({
  reservationNumber,
  customerId: "kim",
  customerName: "Kim",
  paymentPrice: 100_000n,
});

function startChild(service: string, { url, settings }: SystemPlace, env: Readonly<Record<string, string>> = {}) {
  return childService(join(import.meta.dirname, "..", service, "main.ts"), {
    DATABASE_URL: url,
    NATS_URL: settings.natsUrl,
    NS: settings.ns,
    ...env,
  });
}

it("payment: what is paid gets its promotion once, wherever it was killed", { timeout: 600_000 }, async () => {
  const place = await servers.placeApart();
  await using promotion: WithSql = await startPromotion({ ...place, url: `file:${folder}/one.db` });
  const env = (crashAt: string) => ({ MESH_OUTBOUND: promotion.target, MESH_CRASH_AT: crashAt });
  // In this order: the worker of the next process passes the first point too, with the payment that was left.
  for (const [index, point] of ["complete-payment/granted", "complete-payment/paid"].entries()) {
    await using child = await startChild("payment", place, env(point));
    const request = bill(BigInt(index + 1));
    const answer = await child.caller.call(PaymentServiceService.completePayment, request, { timeoutMs: 120_000 });
    expect(answer.code).not.toBe(Code.OK);
    expect(await child.ended).toBe("SIGKILL");
  }
  await using payment = await startChild("payment", place, env(""));
  const sql = new pg.Pool({ connectionString: place.url, max: 1 });
  const states = "SELECT reservation_number::int, payment_status, promotion_state FROM payment ORDER BY 1";
  const settled = [
    [1, "PAID", "GRANTED"],
    [2, "PAID", "GRANTED"],
  ];
  await eventually(async () => {
    expect(await rowsOf({ sql }, states)).toEqual(settled);
    return true;
  });
  expect(await rowsOf({ sql }, "SELECT subject, count(*)::int FROM mesh.outbox GROUP BY 1")).toEqual([
    ["payment.PaymentCompleted", 2],
  ]);
  expect(await rowsOf(promotion, "SELECT count(*)::int, count(DISTINCT payment_id)::int FROM promotion")).toEqual([
    [2, 2],
  ]);
  for (const number of [1n, 2n]) {
    const again = await payment.caller.call(PaymentServiceService.completePayment, bill(number));
    expect(again.code).toBe(Code.OK);
  }
  expect(await rowsOf({ sql }, states)).toEqual(settled);
  await sql.end();
});

it("promotion: what it has granted it grants once, and tells it, wherever it was killed", {
  timeout: 600_000,
}, async () => {
  const place = { ...(await servers.placeApart()), url: `file:${folder}/two.db` };
  const grant = (paymentId: bigint) => ({
    ...{ ...bill(paymentId), paymentId },
    paymentStatus: PaymentStatus.PAYMENT_STATUS_PAID,
  });
  // The relay comes first: at its start it would send what an earlier process has left.
  const points = ["relay.published", "transaction.beforeCommit", "transaction.afterCommit", "grant-promotion/saved"];
  for (const [index, point] of points.entries()) {
    await using child = await startChild("promotion", place, { MESH_CRASH_AT: point });
    const request = grant(BigInt(index + 1));
    await child.caller.call(PromotionServiceService.grantPromotion, request, { timeoutMs: 120_000 });
    expect(await child.ended).toBe("SIGKILL");
  }
  await using promotion = await startChild("promotion", place);
  const answers = await Promise.all(
    points.map((_, index) => promotion.caller.call(PromotionServiceService.grantPromotion, grant(BigInt(index + 1)))),
  );
  expect(answers.map(({ code }) => code)).toEqual([Code.OK, Code.OK, Code.OK, Code.OK]);
  const sql = sqliteQueries(place.url);
  expect((await sql.query("SELECT payment_id FROM promotion ORDER BY 1")).rows).toHaveLength(4);
  await eventually(async () => {
    const { ns, natsUrl } = place.settings;
    const told = await readEvents(natsUrl, ns.toUpperCase(), `${ns}.promotion.>`);
    expect(told.map(({ body }) => body["paymentId"]).sort()).toEqual(["1", "2", "3", "4"]);
    return true;
  });
});
