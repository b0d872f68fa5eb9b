import type { Prisma, Payment as Row } from "#gen/prisma/stay/payment/client.ts";
import { PromotionState } from "#gen/proto/stay/payment/v1/payment.ts";
import { PaymentStatus } from "#gen/proto/stay/type/v1/type.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import type { Bill, Payment, State } from "./domain.ts";

const paymentStatus = enumColumn(PaymentStatus, "PAYMENT_STATUS");
const promotionState = enumColumn(PromotionState, "PROMOTION_STATE");

/** The payments, newest first. */
export class PaymentStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** The new payment; undefined when the reservation has one. A cancel that comes first has no bill. */
  async insert(bill: Partial<Bill> & Pick<Bill, "reservationNumber">, state: State): Promise<Payment | undefined> {
    const { reservationNumber, customerId = null, customerName = null, paymentPrice = null } = bill;
    const data = [{ reservationNumber, customerId, customerName, paymentPrice, ...toColumns(state) }];
    const [row] = await this.#db.payment.createManyAndReturn({ data, skipDuplicates: true });
    return row && toPayment(row);
  }

  async find(paymentId: bigint): Promise<Payment | undefined> {
    const row = await this.#db.payment.findUnique({ where: { paymentId } });
    return row ? toPayment(row) : undefined;
  }

  /** A reservation's payment, which no other transaction can change until this one ends. */
  async findForUpdate(reservationNumber: bigint): Promise<Payment | undefined> {
    await this.#db.$executeRaw`SELECT 1 FROM payment WHERE reservation_number = ${reservationNumber} FOR UPDATE`;
    const row = await this.#db.payment.findUnique({ where: { reservationNumber } });
    return row ? toPayment(row) : undefined;
  }

  async move({ paymentId }: Payment, state: State): Promise<Payment> {
    const now = new Date();
    const row = await this.#db.payment.update({
      where: { paymentId },
      data: { ...toColumns(state), version: { increment: 1n }, updateTime: now, stepTime: now },
    });
    return toPayment(row);
  }

  /** Notes what became of a promotion that was pending, unless the payment was cancelled meanwhile. */
  async settlePromotion(paymentId: bigint, to: PromotionState): Promise<void> {
    const data = { promotionState: promotionState.toColumn(to), version: { increment: 1n }, updateTime: new Date() };
    await this.#db.payment.updateMany({ where: { paymentId, promotionState: "PENDING" }, data });
  }

  /** The payment whose promotion was pending for longest since before `olderThan`, now touched so that nobody else takes it too. */
  async claimPending(olderThan: Date): Promise<Payment | undefined> {
    const [claimed] = await this.#db.$queryRaw<{ paymentId: bigint }[]>`
      UPDATE payment SET step_time = now() WHERE payment_id = (
        SELECT payment_id FROM payment WHERE promotion_state = 'PENDING' AND step_time < ${olderThan}
        ORDER BY step_time LIMIT 1 FOR UPDATE SKIP LOCKED
      ) RETURNING payment_id AS "paymentId"`;
    return claimed && this.find(claimed.paymentId);
  }

  /** At most `take` payments older than `before`; a reservation of 0 means any. */
  async page(reservationNumber: bigint, before: bigint | undefined, take: number): Promise<Payment[]> {
    const where: Prisma.PaymentWhereInput = {};
    if (reservationNumber !== 0n) where.reservationNumber = reservationNumber;
    if (before !== undefined) where.paymentId = { lt: before };
    const rows = await this.#db.payment.findMany({ where, orderBy: { paymentId: "desc" }, take });
    return rows.map(toPayment);
  }
}

function toColumns(state: State) {
  return {
    paymentStatus: paymentStatus.toColumn(state.paymentStatus),
    promotionState: promotionState.toColumn(state.promotionState),
  };
}

function toPayment({ stepTime: _internal, ...row }: Row): Payment {
  return {
    ...row,
    customerId: row.customerId ?? "",
    customerName: row.customerName ?? "",
    paymentPrice: row.paymentPrice ?? 0n,
    paymentStatus: paymentStatus.fromColumn(row.paymentStatus),
    promotionState: promotionState.fromColumn(row.promotionState),
  };
}
