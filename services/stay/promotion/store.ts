import type { Prisma, Promotion as Row } from "#gen/prisma/stay/promotion/client.ts";
import { GrantState } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { PaymentStatus, PromotionService } from "#gen/proto/stay/type/v1/type.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import { nothing, type Promotion, type Receipt, type Reward } from "./domain.ts";

const paymentStatus = enumColumn(PaymentStatus, "PAYMENT_STATUS");
const promotionService = enumColumn(PromotionService, "PROMOTION_SERVICE");
const grantState = enumColumn(GrantState, "GRANT_STATE");

/** The promotions, newest first, in a file of SQLite: one transaction writes at a time, so rows need no locks. */
export class PromotionStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  async grant(receipt: Receipt, { point, service }: Reward): Promise<Promotion> {
    const { paymentId, reservationNumber, customerId, customerName, paymentPrice } = receipt;
    const bill = { paymentId, reservationNumber, customerId, customerName, paymentPrice };
    const data = { ...bill, point, service: promotionService.toColumn(service) };
    return toPromotion(await this.#db.promotion.create({ data: { ...data, paymentStatus: "PAID", state: "GRANTED" } }));
  }

  /** Notes a payment that was cancelled before it asked. */
  async bury({ paymentId, reservationNumber }: Pick<Receipt, "paymentId" | "reservationNumber">): Promise<void> {
    const service = promotionService.toColumn(nothing.service);
    const data = { paymentId, reservationNumber, point: nothing.point, service };
    await this.#db.promotion.create({ data: { ...data, paymentStatus: "CANCELLED", state: "REVOKED" } });
  }

  async revoke(couponId: bigint): Promise<Promotion> {
    const service = promotionService.toColumn(nothing.service);
    const data = { point: nothing.point, service, paymentStatus: "CANCELLED", state: "REVOKED" } as const;
    const row = await this.#db.promotion.update({
      where: { couponId },
      data: { ...data, version: { increment: 1n }, updateTime: new Date() },
    });
    return toPromotion(row);
  }

  async find(couponId: bigint): Promise<Promotion | undefined> {
    const row = await this.#db.promotion.findUnique({ where: { couponId } });
    return row ? toPromotion(row) : undefined;
  }

  async findByPayment(paymentId: bigint): Promise<Promotion | undefined> {
    const row = await this.#db.promotion.findUnique({ where: { paymentId } });
    return row ? toPromotion(row) : undefined;
  }

  /** At most `take` promotions older than `before`; an empty customer and a payment of 0 mean any. */
  async page(
    filter: { customerId: string; paymentId: bigint },
    before: bigint | undefined,
    take: number,
  ): Promise<Promotion[]> {
    const where: Prisma.PromotionWhereInput = {};
    if (filter.customerId !== "") where.customerId = filter.customerId;
    if (filter.paymentId !== 0n) where.paymentId = filter.paymentId;
    if (before !== undefined) where.couponId = { lt: before };
    const rows = await this.#db.promotion.findMany({ where, orderBy: { couponId: "desc" }, take });
    return rows.map(toPromotion);
  }
}

function toPromotion(row: Row): Promotion {
  return {
    ...row,
    customerId: row.customerId ?? "",
    customerName: row.customerName ?? "",
    paymentPrice: row.paymentPrice ?? 0n,
    paymentStatus: paymentStatus.fromColumn(row.paymentStatus),
    service: promotionService.fromColumn(row.service),
    state: grantState.fromColumn(row.state),
  };
}
