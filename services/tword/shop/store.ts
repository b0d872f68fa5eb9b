import type { Prisma, Equipment as Row, ShopOrder as ShopOrderRow } from "#gen/prisma/tword/shop/client.ts";
import { EqpStatus, type Shop, ShopOrderStatus } from "#gen/proto/tword/shop/v1/shop.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import type { Equipment, Registration, ShopOrder } from "./domain.ts";

const eqpStatus = enumColumn(EqpStatus, "EQP_STATUS");
const shopOrderStatus = enumColumn(ShopOrderStatus, "SHOP_ORDER_STATUS");

/** The phones and the orders that staff see, both newest first. */
export class ShopStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** The phone, or undefined when the shop has one of this serial number already. */
  async register({ shopId, eqpNm, eqpSernum }: Registration): Promise<Equipment | undefined> {
    const [row] = await this.#db.equipment.createManyAndReturn({
      data: [{ shopId, eqpNm, eqpSernum }],
      skipDuplicates: true,
    });
    return row && toEquipment(row);
  }

  async find(id: bigint): Promise<Equipment | undefined> {
    const row = await this.#db.equipment.findUnique({ where: { id } });
    return row ? toEquipment(row) : undefined;
  }

  /** The phone, which no other transaction can change until this one ends. */
  async findForUpdate(shopId: bigint, eqpSernum: bigint): Promise<Equipment | undefined> {
    await this.#db.$executeRaw`
      SELECT id FROM equipment WHERE shop_id = ${shopId} AND eqp_sernum = ${eqpSernum} FOR UPDATE`;
    const row = await this.#db.equipment.findUnique({ where: { shopId_eqpSernum: { shopId, eqpSernum } } });
    return row ? toEquipment(row) : undefined;
  }

  async update(id: bigint, change: Pick<Equipment, "eqpStatus" | "allocationSeq">): Promise<void> {
    const { allocationSeq } = change;
    const data = { eqpStatus: toPhoneColumn(change.eqpStatus), allocationSeq, updateTime: new Date() };
    await this.#db.equipment.update({ where: { id }, data });
  }

  /** At most `take` phones older than `before`; a shop of 0, an empty model and UNSPECIFIED mean any. */
  async page(
    filter: { shopId: bigint; eqpNm: string; eqpStatus: EqpStatus },
    before: bigint | undefined,
    take: number,
  ): Promise<Equipment[]> {
    // The state exists for orders and pages alone: a phone whose order is cancelled can be ordered.
    if (filter.eqpStatus === EqpStatus.EQP_STATUS_ORDER_CANCELLED) return [];
    const where: Prisma.EquipmentWhereInput = {};
    if (filter.shopId !== 0n) where.shopId = filter.shopId;
    if (filter.eqpNm !== "") where.eqpNm = filter.eqpNm;
    if (filter.eqpStatus !== EqpStatus.EQP_STATUS_UNSPECIFIED) where.eqpStatus = toPhoneColumn(filter.eqpStatus);
    if (before !== undefined) where.id = { lt: before };
    const rows = await this.#db.equipment.findMany({ where, orderBy: { id: "desc" }, take });
    return rows.map(toEquipment);
  }

  /** At most `take` shops with a higher number than `after`, by number. */
  pageShops(after: bigint | undefined, take: number): Promise<Shop[]> {
    return this.#db.$queryRaw<Shop[]>`
      SELECT shop_id AS "shopId", count(*) FILTER (WHERE eqp_status = 'ORDER_AVAILABLE') AS "availableCount"
      FROM equipment WHERE shop_id > ${after ?? 0n} GROUP BY shop_id ORDER BY shop_id LIMIT ${take}`;
  }

  /** Makes other transactions about the same order wait, also when it has no row yet. */
  async lockOrder(orderId: bigint): Promise<void> {
    await this.#db.$executeRaw`SELECT pg_advisory_xact_lock(${orderId})`;
  }

  async findOrder(orderId: bigint): Promise<ShopOrder | undefined> {
    const row = await this.#db.shopOrder.findUnique({ where: { orderId } });
    return row ? toShopOrder(row) : undefined;
  }

  async saveOrder(order: ShopOrder): Promise<void> {
    const row = {
      ...order,
      status: shopOrderStatus.toColumn(order.status),
      orderedTime: order.orderedTime ?? null,
    };
    await this.#db.shopOrder.upsert({ where: { orderId: row.orderId }, create: row, update: row });
  }

  /** At most `take` orders older than `before`; a shop of 0 and UNSPECIFIED mean any. */
  async pageOrders(
    filter: { shopId: bigint; status: ShopOrderStatus },
    before: bigint | undefined,
    take: number,
  ): Promise<ShopOrder[]> {
    const where: Prisma.ShopOrderWhereInput = {};
    if (filter.shopId !== 0n) where.shopId = filter.shopId;
    if (filter.status !== ShopOrderStatus.SHOP_ORDER_STATUS_UNSPECIFIED) {
      where.status = shopOrderStatus.toColumn(filter.status);
    }
    if (before !== undefined) where.orderId = { lt: before };
    const rows = await this.#db.shopOrder.findMany({ where, orderBy: { orderId: "desc" }, take });
    return rows.map(toShopOrder);
  }
}

function toEquipment(row: Row): Equipment {
  return { ...row, eqpStatus: eqpStatus.fromColumn(row.eqpStatus) };
}

function toPhoneColumn(status: EqpStatus): Row["eqpStatus"] {
  const column = eqpStatus.toColumn(status);
  if (column === "ORDER_CANCELLED") throw new Error("a phone is never in a state of orders");
  return column;
}

function toShopOrder(row: ShopOrderRow): ShopOrder {
  return { ...row, status: shopOrderStatus.fromColumn(row.status), orderedTime: row.orderedTime ?? undefined };
}
