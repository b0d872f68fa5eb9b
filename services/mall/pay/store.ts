import type { Prisma, Pay as Row } from "#gen/prisma/mall/pay/client.ts";
import { CancelCause } from "#gen/proto/mall/order/v1/order.ts";
import { PayStatus } from "#gen/proto/mall/pay/v1/pay.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import type { Goods, Pay } from "./domain.ts";

const status = enumColumn(PayStatus, "PAY_STATUS");
const cause = enumColumn(CancelCause, "CANCEL_CAUSE");

/** What a change of state leaves beside the state. */
export interface Outcome {
  readonly cancelCause?: CancelCause;
  readonly remainingQty?: number;
  /** The request that asked for the change. */
  readonly checkRequestId?: string;
}

/** The deposits, newest first. */
export class PayStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** Writes the deposit of an order that has none yet; undefined when it has one. */
  insert(orderId: bigint, goods: Goods): Promise<Pay | undefined> {
    const { productId, productName, address, qty, price } = goods;
    return this.#insert({ orderId, productId, productName, address, qty, price, status: "PLACED" });
  }

  /** The same for an order that is cancelled before it is heard of. */
  insertCancelled(orderId: bigint): Promise<Pay | undefined> {
    return this.#insert({ orderId, status: "CANCELED", cancelCause: "ORDER_CANCELED" });
  }

  async find(payId: bigint): Promise<Pay | undefined> {
    const row = await this.#db.pay.findUnique({ where: { payId } });
    return row ? toPay(row) : undefined;
  }

  /** The deposit, which no other transaction can change until this one ends. */
  async findForUpdate(payId: bigint): Promise<Pay | undefined> {
    await this.#db.$executeRaw`SELECT 1 FROM pay WHERE pay_id = ${payId} FOR UPDATE`;
    return this.find(payId);
  }

  /** The same by its order. */
  async findByOrderForUpdate(orderId: bigint): Promise<Pay | undefined> {
    await this.#db.$executeRaw`SELECT 1 FROM pay WHERE order_id = ${orderId} FOR UPDATE`;
    const row = await this.#db.pay.findUnique({ where: { orderId } });
    return row ? toPay(row) : undefined;
  }

  /** Moves a deposit on, unless it is there already. */
  async move(pay: Pay, to: PayStatus, { cancelCause, remainingQty, checkRequestId }: Outcome = {}): Promise<Pay> {
    if (pay.status === to) return pay;
    const now = new Date();
    const data: Prisma.PayUpdateInput = {
      status: status.toColumn(to),
      version: { increment: 1n },
      updateTime: now,
      stepTime: now,
    };
    if (cancelCause !== undefined) data.cancelCause = cause.toColumn(cancelCause);
    if (remainingQty !== undefined) data.remainingQty = remainingQty;
    if (checkRequestId) data.checkRequestId = checkRequestId;
    return toPay(await this.#db.pay.update({ where: { payId: pay.payId }, data }));
  }

  /** The deposit whose check has stood still for longest since before `olderThan`, now touched so that nobody else takes it too. */
  async claimUnfinished(olderThan: Date): Promise<Pay | undefined> {
    const [claimed] = await this.#db.$queryRaw<{ payId: bigint }[]>`
      UPDATE pay SET step_time = now() WHERE pay_id = (
        SELECT pay_id FROM pay WHERE status = 'CHECKING' AND step_time < ${olderThan}
        ORDER BY step_time LIMIT 1 FOR UPDATE SKIP LOCKED
      ) RETURNING pay_id AS "payId"`;
    return claimed && this.find(claimed.payId);
  }

  /** How many checks are between two steps. */
  async countUnfinished() {
    return { CHECKING: await this.#db.pay.count({ where: { status: "CHECKING" } }) };
  }

  /** The oldest deposit that is waited for, locked; those that others are about to take are passed over. */
  async lockPlaced(): Promise<Pay | undefined> {
    const [found] = await this.#db.$queryRaw<{ payId: bigint }[]>`
      SELECT pay_id AS "payId" FROM pay WHERE status = 'PLACED' ORDER BY pay_id LIMIT 1 FOR UPDATE SKIP LOCKED`;
    return found && this.find(found.payId);
  }

  /** At most `take` deposits older than `before`; an order of 0 and UNSPECIFIED mean any. */
  async page(filter: { orderId: bigint; status: PayStatus }, before: bigint | undefined, take: number): Promise<Pay[]> {
    const where: Prisma.PayWhereInput = {};
    if (filter.orderId !== 0n) where.orderId = filter.orderId;
    if (filter.status !== PayStatus.PAY_STATUS_UNSPECIFIED) where.status = status.toColumn(filter.status);
    if (before !== undefined) where.payId = { lt: before };
    const rows = await this.#db.pay.findMany({ where, orderBy: { payId: "desc" }, take });
    return rows.map(toPay);
  }

  async #insert(data: Prisma.PayCreateManyInput): Promise<Pay | undefined> {
    const [row] = await this.#db.pay.createManyAndReturn({ data: [data], skipDuplicates: true });
    return row && toPay(row);
  }
}

function toPay({ productId, productName, address, qty, price, stepTime: _, remainingQty: __, ...row }: Row): Pay {
  const isWhole = productId !== null && productName !== null && address !== null && qty !== null && price !== null;
  return {
    ...row,
    goods: isWhole ? { productId, productName, address, qty, price } : undefined,
    status: status.fromColumn(row.status),
    cancelCause: row.cancelCause ? cause.fromColumn(row.cancelCause) : CancelCause.CANCEL_CAUSE_UNSPECIFIED,
    checkRequestId: row.checkRequestId ?? "",
  };
}
