// Promotion on its file of SQLite, through Prisma.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GrantState, PromotionServiceService } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { PaymentStatus, PromotionService, ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import { Code } from "#mesh/service/codes.ts";
import { expectPages } from "#mesh/testing/expect-pages.ts";
import { rowsOf } from "#mesh/testing/placed-service.ts";
import { startPromotion, type WithSql } from "../in-process.ts";

const { grantPromotion, getPromotion, listPromotions } = PromotionServiceService;

let folder: string;
let service: WithSql;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mesh-promotion-"));
  service = await startPromotion({ url: `file:${folder}/promotion.db` });
});
afterAll(async () => {
  await service?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const receipt = { reservationNumber: 7n, customerId: "kim", customerName: "김민준", paymentPrice: 100_000n };
const grant = (paymentId: bigint, change: Partial<typeof receipt> & { paymentStatus?: PaymentStatus } = {}) =>
  service.caller.call(grantPromotion, {
    ...{ ...receipt, paymentId, paymentStatus: PaymentStatus.PAYMENT_STATUS_PAID },
    ...change,
  });

describe("grantPromotion", () => {
  it("grants once, one after the other and all at once, and tells it once", async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => grant(1n)));
    answers.push(await grant(1n));
    for (const answer of answers) expect(answer.response).toEqual(answers[0]?.response);
    expect(answers[0]?.response).toMatchObject({
      ...receipt,
      paymentStatus: PaymentStatus.PAYMENT_STATUS_PAID,
      service: PromotionService.PROMOTION_SERVICE_DISCOUNT_COUPON,
      point: 10_000n,
      state: GrantState.GRANT_STATE_GRANTED,
      reserveStatus: ReserveStatus.RESERVE_STATUS_PROMOTION,
    });
    const events = await rowsOf(service, "SELECT subject, correlation_id, payload FROM mesh.outbox");
    expect(events).toMatchObject([["promotion.PromotionSaved", "7", expect.stringContaining('"point":"10000"')]]);
  });

  it("keeps what JavaScript's own numbers cannot hold, and times to the millisecond", async () => {
    const { response } = await grant(2n ** 62n + 1n, { paymentPrice: 9_007_199_254_740_993n });
    const found = await service.caller.call(getPromotion, { couponId: response?.couponId ?? 0n });
    expect(found.response).toEqual(response);
    expect(found.response).toMatchObject({ paymentId: 2n ** 62n + 1n, paymentPrice: 9_007_199_254_740_993n });
    expect(Math.abs(Date.now() - (found.response?.createTime?.getTime() ?? 0))).toBeLessThan(600_000);
  });

  it.each([
    [{ paymentStatus: PaymentStatus.PAYMENT_STATUS_UNPAID }, Code.FAILED_PRECONDITION, "PAYMENT_NOT_COMPLETED"],
    [{ paymentStatus: PaymentStatus.PAYMENT_STATUS_CANCELLED }, Code.FAILED_PRECONDITION, "PAYMENT_NOT_COMPLETED"],
    [{ paymentStatus: PaymentStatus.PAYMENT_STATUS_UNSPECIFIED }, Code.INVALID_ARGUMENT, "INVALID_ENUM"],
    [{ paymentPrice: 0n }, Code.INVALID_ARGUMENT, "OUT_OF_RANGE"],
    [{ customerId: "" }, Code.INVALID_ARGUMENT, "TOO_SHORT"],
  ])("refuses %o, and keeps nothing", async (change, code, reason) => {
    expect(await grant(999n, change)).toMatchObject({ code, reason, domain: "promotion.stay" });
    expect(await rowsOf(service, "SELECT 1 FROM promotion WHERE payment_id = 999")).toEqual([]);
  });
});

it("lists a customer's promotions page by page, newest first", async () => {
  const ids: (bigint | undefined)[] = [];
  for (const paymentId of [31n, 32n, 33n])
    ids.unshift((await grant(paymentId, { customerId: "pages" })).response?.couponId);
  await expectPages(
    (customerId: string, page) => service.caller.call(listPromotions, { customerId, ...page }),
    ({ promotions }) => promotions.map(({ couponId }) => couponId),
    { ids, filter: "pages", other: "kim" },
  );
});

it("keeps the promotion table, and one promotion for a payment, by the file alone", async () => {
  await grant(50n);
  const change = (set: string) => service.sql.query(`UPDATE promotion SET ${set} WHERE payment_id = 50`);
  await expect(change("point = 1")).rejects.toThrow("promotion_follows_the_table");
  await expect(change("service = 'BEVERAGE'")).rejects.toThrow("promotion_follows_the_table");
  await expect(change("payment_status = 'CANCELLED'")).rejects.toThrow("promotion_granted_for_what_is_paid");
  await expect(change("payment_id = 1")).rejects.toThrow("UNIQUE constraint failed: promotion.payment_id");
});
