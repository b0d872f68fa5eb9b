import type { Prisma, Payment as Row } from "#gen/prisma/bnb/payment/client.ts";
import { PaymentStatus } from "#gen/proto/bnb/payment/v1/payment.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import { uuidv7 } from "#mesh/service/uuid.ts";
import type { Charge, Payment } from "./domain.ts";

const paymentStatus = enumColumn(PaymentStatus, "PAYMENT_STATUS");

/** The payments, newest first. */
export class PaymentStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** Writes the payment of a reservation that has none yet; undefined when it has one. */
  async insert(rsvId: string, status: PaymentStatus, charge?: Charge): Promise<Payment | undefined> {
    const data = {
      payId: uuidv7(),
      rsvId,
      roomId: charge?.roomId ?? null,
      guestId: charge?.guestId ?? null,
      amount: charge?.amount ?? 0n,
      status: paymentStatus.toColumn(status),
    };
    const [row] = await this.#db.payment.createManyAndReturn({ data: [data], skipDuplicates: true });
    return row && toPayment(row);
  }

  async find(payId: string): Promise<Payment | undefined> {
    const row = await this.#db.payment.findUnique({ where: { payId } });
    return row ? toPayment(row) : undefined;
  }

  /** The payment of a reservation, which no other transaction can change until this one ends. */
  async findByReservationForUpdate(rsvId: string): Promise<Payment | undefined> {
    await this.#db.$executeRaw`SELECT 1 FROM payment WHERE rsv_id = ${rsvId}::uuid FOR UPDATE`;
    const row = await this.#db.payment.findUnique({ where: { rsvId } });
    return row ? toPayment(row) : undefined;
  }

  /** Moves a payment on, unless it is there already. */
  async move(payment: Payment, to: PaymentStatus): Promise<Payment> {
    if (payment.status === to) return payment;
    const status = paymentStatus.toColumn(to);
    const data = { status, version: { increment: 1n }, updateTime: new Date() };
    return toPayment(await this.#db.payment.update({ where: { payId: payment.payId }, data }));
  }

  /** At most `take` payments older than `before`; an empty reservation means any. */
  async page(rsvId: string, before: string | undefined, take: number): Promise<Payment[]> {
    const where: Prisma.PaymentWhereInput = {};
    if (rsvId !== "") where.rsvId = rsvId;
    if (before !== undefined) where.payId = { lt: before };
    const rows = await this.#db.payment.findMany({ where, orderBy: { payId: "desc" }, take });
    return rows.map(toPayment);
  }
}

function toPayment({ guestId: _internal, ...row }: Row): Payment {
  return { ...row, roomId: row.roomId ?? "", status: paymentStatus.fromColumn(row.status) };
}
