import type { OrderableEquipment as PhoneRow, Prisma, Order as Row } from "#gen/prisma/tword/order/client.ts";
import { AllocationState, OrderStatus } from "#gen/proto/tword/order/v1/order.ts";
import type { IdempotencyKey } from "#mesh/service/call.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import { type Order, openStatuses, type Phone, type Wish } from "./domain.ts";

const status = enumColumn(OrderStatus, "ORDER_STATUS");
const state = enumColumn(AllocationState, "ALLOCATION_STATE");

/** An order with what its saga remembers. */
export interface KeptOrder extends Order {
  /** What the request that asked for it said, as a hash; empty without a request id. */
  readonly requestHash: Uint8Array;
  /** The request that asked for the cancel; empty without one. */
  readonly cancelRequestId: string;
  /** Delivery may still hold a place for an order that was rejected. */
  readonly deliveryOpen: boolean;
}

export interface PhoneFilter {
  readonly shopId: bigint;
  readonly eqpNm: string;
}

/** The orders and the phones that they take, both newest first. */
export class OrderStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** Makes other transactions with the same name wait until this one ends. */
  async lock(name: string): Promise<void> {
    await this.#db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
  }

  async insert(wish: Wish, phone: Phone, key: IdempotencyKey | undefined): Promise<KeptOrder> {
    const row = await this.#db.order.create({
      data: {
        shopId: phone.shopId,
        eqpNm: phone.eqpNm,
        eqpSernum: phone.eqpSernum,
        allocationSeq: phone.allocationSeq + 1n,
        customerId: wish.customerId,
        status: "PENDING",
        requestId: key?.requestId ?? null,
        requestHash: key ? new Uint8Array(key.fingerprint) : null,
      },
    });
    return toOrder(row);
  }

  async find(orderId: bigint): Promise<KeptOrder | undefined> {
    const row = await this.#db.order.findUnique({ where: { orderId } });
    return row ? toOrder(row) : undefined;
  }

  async findByRequest(requestId: string): Promise<KeptOrder | undefined> {
    const row = await this.#db.order.findUnique({ where: { requestId } });
    return row ? toOrder(row) : undefined;
  }

  /** The order, which no other transaction can change until this one ends. */
  async findForUpdate(orderId: bigint): Promise<KeptOrder | undefined> {
    await this.#db.$executeRaw`SELECT 1 FROM orders WHERE order_id = ${orderId} FOR UPDATE`;
    return this.find(orderId);
  }

  countOpen(customerId: string): Promise<number> {
    return this.#db.order.count({ where: { customerId, status: { in: openStatuses.map(status.toColumn) } } });
  }

  /** Moves an order on. A rejected one gives its request id back, so that the request may be tried again. */
  async move(orderId: bigint, to: OrderStatus, data: Prisma.OrderUpdateInput = {}): Promise<KeptOrder> {
    const now = new Date();
    const row = await this.#db.order.update({
      where: { orderId },
      data: { ...data, status: status.toColumn(to), version: { increment: 1n }, updateTime: now, stepTime: now },
    });
    return toOrder(row);
  }

  async closeDelivery(orderId: bigint): Promise<void> {
    await this.#db.order.update({ where: { orderId }, data: { deliveryOpen: false } });
  }

  /** The order whose saga has stood still for longest since before `olderThan`, now touched so that nobody else takes it too. */
  async claimUnfinished(olderThan: Date): Promise<KeptOrder | undefined> {
    const [claimed] = await this.#db.$queryRaw<{ orderId: bigint }[]>`
      UPDATE orders SET step_time = now() WHERE order_id = (
        SELECT order_id FROM orders
        WHERE (status IN ('PENDING', 'CANCEL_REQUESTED') OR delivery_open) AND step_time < ${olderThan}
        ORDER BY step_time LIMIT 1 FOR UPDATE SKIP LOCKED
      ) RETURNING order_id AS "orderId"`;
    return claimed && this.find(claimed.orderId);
  }

  /** How many orders are between two steps, by state. */
  async countUnfinished() {
    const [PENDING, CANCEL_REQUESTED, deliveryOpen] = await Promise.all([
      this.#db.order.count({ where: { status: "PENDING" } }),
      this.#db.order.count({ where: { status: "CANCEL_REQUESTED" } }),
      this.#db.order.count({ where: { deliveryOpen: true } }),
    ]);
    return { PENDING, CANCEL_REQUESTED, REJECTED: deliveryOpen };
  }

  /** At most `take` orders older than `before`; an empty customer and UNSPECIFIED mean any. */
  async page(
    filter: { customerId: string; status: OrderStatus },
    before: bigint | undefined,
    take: number,
  ): Promise<KeptOrder[]> {
    const where: Prisma.OrderWhereInput = {};
    if (filter.customerId !== "") where.customerId = filter.customerId;
    if (filter.status !== OrderStatus.ORDER_STATUS_UNSPECIFIED) where.status = status.toColumn(filter.status);
    if (before !== undefined) where.orderId = { lt: before };
    const rows = await this.#db.order.findMany({ where, orderBy: { orderId: "desc" }, take });
    return rows.map(toOrder);
  }

  /** Learns of a phone that can be ordered. One that is known already stays as it is. */
  async learn(phone: Pick<Phone, "shopId" | "eqpSernum" | "eqpNm">): Promise<void> {
    const { shopId, eqpSernum, eqpNm } = phone;
    await this.#db.orderableEquipment.createMany({ data: [{ shopId, eqpSernum, eqpNm }], skipDuplicates: true });
  }

  /** The phone of this serial number, which no other transaction can take until this one ends. */
  async lockPhone(shopId: bigint, eqpSernum: bigint): Promise<Phone | undefined> {
    await this.#db.$executeRaw`
      SELECT id FROM orderable_equipment WHERE shop_id = ${shopId} AND eqp_sernum = ${eqpSernum} FOR UPDATE`;
    const row = await this.#db.orderableEquipment.findUnique({ where: { shopId_eqpSernum: { shopId, eqpSernum } } });
    return row ? toPhone(row) : undefined;
  }

  /** The same for any free phone of the model; those that others are about to take are passed over. */
  async lockFreePhone({ shopId, eqpNm }: PhoneFilter): Promise<Phone | undefined> {
    const [found] = await this.#db.$queryRaw<{ id: bigint }[]>`
      SELECT id FROM orderable_equipment WHERE shop_id = ${shopId} AND eqp_nm = ${eqpNm} AND state = 'FREE'
      ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`;
    const row = found && (await this.#db.orderableEquipment.findUnique({ where: { id: found.id } }));
    return row ? toPhone(row) : undefined;
  }

  async isKnownModel({ shopId, eqpNm }: PhoneFilter): Promise<boolean> {
    return (await this.#db.orderableEquipment.findFirst({ where: { shopId, eqpNm } })) !== null;
  }

  async allocate({ shopId, eqpSernum, orderId, allocationSeq }: KeptOrder): Promise<void> {
    await this.#db.orderableEquipment.update({
      where: { shopId_eqpSernum: { shopId, eqpSernum } },
      data: { state: "ALLOCATED", orderId, allocationSeq },
    });
  }

  /** Gives back the phone that an order has. */
  async free(orderId: bigint): Promise<void> {
    await this.#db.orderableEquipment.update({ where: { orderId }, data: { state: "FREE", orderId: null } });
  }

  /** At most `take` free phones before the phone `before` (a number of pageKey); a shop of 0 and an empty model mean any. */
  async pageFree(filter: PhoneFilter, before: bigint | undefined, take: number): Promise<(Phone & PageKey)[]> {
    const where: Prisma.OrderableEquipmentWhereInput = { state: "FREE" };
    if (filter.shopId !== 0n) where.shopId = filter.shopId;
    if (filter.eqpNm !== "") where.eqpNm = filter.eqpNm;
    if (before !== undefined) where.id = { lt: before };
    const rows = await this.#db.orderableEquipment.findMany({ where, orderBy: { id: "desc" }, take });
    return rows.map((row) => ({ ...toPhone(row), pageKey: row.id }));
  }
}

/** Where a phone stands in the list. */
export interface PageKey {
  readonly pageKey: bigint;
}

function toOrder({ requestId: _requestId, stepTime: _stepTime, ...row }: Row): KeptOrder {
  return {
    ...row,
    status: status.fromColumn(row.status),
    requestHash: row.requestHash ?? new Uint8Array(),
    cancelRequestId: row.cancelRequestId ?? "",
  };
}

function toPhone({ id: _id, ...row }: PhoneRow): Phone {
  return { ...row, state: state.fromColumn(row.state), orderId: row.orderId ?? 0n };
}
