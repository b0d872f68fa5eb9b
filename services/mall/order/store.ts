import type { Prisma, Order as Row } from "#gen/prisma/mall/order/client.ts";
import { CancelCause, OrderStatus } from "#gen/proto/mall/order/v1/order.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import { present } from "#mesh/service/present.ts";
import type { Draft, Order, ProductCopy } from "./domain.ts";

const status = enumColumn(OrderStatus, "ORDER_STATUS");
const cause = enumColumn(CancelCause, "CANCEL_CAUSE");

/** An order with what its saga remembers. */
export interface KeptOrder extends Order {
  /** The request that asked for the cancel; empty without one. */
  readonly cancelRequestId: string;
}

/** What a change of state leaves beside the state. */
export interface Outcome {
  readonly cancelCause?: CancelCause;
  /** The request that asked for the change. */
  readonly cancelRequestId?: string;
}

/** The orders, newest first, and order's copy of the catalogue. */
export class OrderStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** In SQL, because every order comes through here: Prisma's `create` takes half as long again for the whole transaction. */
  async insert({ productId, productName, qty, price, address, customerId }: Draft): Promise<KeptOrder> {
    const [row] = await this.#db.$queryRaw<Row[]>`
      INSERT INTO orders (product_id, product_name, qty, price, address, customer_id, status)
      VALUES (${productId}, ${productName}, ${qty}, ${price}, ${address}, ${customerId}, 'PLACED')
      RETURNING order_id AS "orderId", product_id AS "productId", product_name AS "productName", qty, price, address,
        customer_id AS "customerId", status::text, cancel_cause::text AS "cancelCause", version,
        cancel_request_id AS "cancelRequestId", create_time AS "createTime", update_time AS "updateTime"`;
    return toOrder(present(row));
  }

  async find(orderId: bigint): Promise<KeptOrder | undefined> {
    const row = await this.#db.order.findUnique({ where: { orderId } });
    return row ? toOrder(row) : undefined;
  }

  /** The order, which no other transaction can change until this one ends. */
  async findForUpdate(orderId: bigint): Promise<KeptOrder | undefined> {
    await this.#db.$executeRaw`SELECT 1 FROM orders WHERE order_id = ${orderId} FOR UPDATE`;
    return this.find(orderId);
  }

  async move(orderId: bigint, to: OrderStatus, { cancelCause, cancelRequestId }: Outcome = {}): Promise<KeptOrder> {
    const now = new Date();
    const data: Prisma.OrderUpdateInput = {
      status: status.toColumn(to),
      version: { increment: 1n },
      updateTime: now,
      stepTime: now,
    };
    if (cancelCause !== undefined) data.cancelCause = cause.toColumn(cancelCause);
    if (cancelRequestId !== undefined) data.cancelRequestId = cancelRequestId || null;
    return toOrder(await this.#db.order.update({ where: { orderId }, data }));
  }

  /** The order whose cancel has stood still for longest since before `olderThan`, now touched so that nobody else takes it too. */
  async claimUnfinished(olderThan: Date): Promise<KeptOrder | undefined> {
    const [claimed] = await this.#db.$queryRaw<{ orderId: bigint }[]>`
      UPDATE orders SET step_time = now() WHERE order_id = (
        SELECT order_id FROM orders WHERE status = 'CANCEL_REQUESTED' AND step_time < ${olderThan}
        ORDER BY step_time LIMIT 1 FOR UPDATE SKIP LOCKED
      ) RETURNING order_id AS "orderId"`;
    return claimed && this.find(claimed.orderId);
  }

  /** How many cancels are between two steps. */
  async countUnfinished() {
    return { CANCEL_REQUESTED: await this.#db.order.count({ where: { status: "CANCEL_REQUESTED" } }) };
  }

  /** At most `take` orders older than `before`; an empty customer means any. */
  async page(customerId: string, before: bigint | undefined, take: number): Promise<KeptOrder[]> {
    const where: Prisma.OrderWhereInput = {};
    if (customerId !== "") where.customerId = customerId;
    if (before !== undefined) where.orderId = { lt: before };
    const rows = await this.#db.order.findMany({ where, orderBy: { orderId: "desc" }, take });
    return rows.map(toOrder);
  }

  /** Keeps what an event tells of a product, unless a newer event has arrived before it. */
  async learn({ productId, name, price, version }: ProductCopy): Promise<void> {
    await this.#db.$executeRaw`
      INSERT INTO product_copy (product_id, name, price, version) VALUES (${productId}, ${name}, ${price}, ${version})
      ON CONFLICT (product_id) DO UPDATE
        SET name = excluded.name, price = excluded.price, version = excluded.version
        WHERE product_copy.version < excluded.version`;
  }

  async findProduct(productId: bigint): Promise<ProductCopy | undefined> {
    return (await this.#db.productCopy.findUnique({ where: { productId } })) ?? undefined;
  }
}

function toOrder({ stepTime: _stepTime, ...row }: Row): KeptOrder {
  return {
    ...row,
    status: status.fromColumn(row.status),
    cancelCause: row.cancelCause ? cause.fromColumn(row.cancelCause) : CancelCause.CANCEL_CAUSE_UNSPECIFIED,
    cancelRequestId: row.cancelRequestId ?? "",
  };
}
