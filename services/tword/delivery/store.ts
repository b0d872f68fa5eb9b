import type { Prisma, Delivery as Row } from "#gen/prisma/tword/delivery/client.ts";
import { DeliveryStatus } from "#gen/proto/tword/delivery/v1/delivery.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import type { Delivery, Parcel } from "./domain.ts";

const status = enumColumn(DeliveryStatus, "DELIVERY_STATUS");

export interface NewDelivery {
  readonly orderId: bigint;
  /** Absent for one that is cancelled before it is created. */
  readonly parcel?: Parcel;
  readonly status: DeliveryStatus;
  /** When the event arrived that says that the order stands. */
  readonly orderedTime?: Date;
}

/** The deliveries, newest first. */
export class DeliveryStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** Writes the delivery of an order that has none yet; undefined when it has one. */
  async insert(delivery: NewDelivery): Promise<Delivery | undefined> {
    const { orderId, parcel, orderedTime } = delivery;
    const data = {
      orderId,
      shopId: parcel?.shopId ?? null,
      eqpNm: parcel?.eqpNm ?? null,
      eqpSernum: parcel?.eqpSernum ?? null,
      allocationSeq: parcel?.allocationSeq ?? null,
      orderedTime: orderedTime ?? null,
      status: status.toColumn(delivery.status),
    };
    const [row] = await this.#db.delivery.createManyAndReturn({ data: [data], skipDuplicates: true });
    return row && toDelivery(row);
  }

  async find(deliveryId: bigint): Promise<Delivery | undefined> {
    const row = await this.#db.delivery.findUnique({ where: { deliveryId } });
    return row ? toDelivery(row) : undefined;
  }

  /** The delivery, which no other transaction can change until this one ends. */
  async findForUpdate(deliveryId: bigint): Promise<Delivery | undefined> {
    await this.#db.$executeRaw`SELECT 1 FROM delivery WHERE delivery_id = ${deliveryId} FOR UPDATE`;
    return this.find(deliveryId);
  }

  /** The same by its order. */
  async findByOrderForUpdate(orderId: bigint): Promise<Delivery | undefined> {
    await this.#db.$executeRaw`SELECT 1 FROM delivery WHERE order_id = ${orderId} FOR UPDATE`;
    const row = await this.#db.delivery.findUnique({ where: { orderId } });
    return row ? toDelivery(row) : undefined;
  }

  /** Moves a delivery on, unless it is there already. @param orderedTime when the order was heard to stand */
  async move(delivery: Delivery, to: DeliveryStatus, orderedTime?: Date): Promise<Delivery> {
    if (delivery.status === to) return delivery;
    const data: Prisma.DeliveryUpdateInput = {
      status: status.toColumn(to),
      version: { increment: 1n },
      updateTime: new Date(),
    };
    if (orderedTime) data.orderedTime = orderedTime;
    return toDelivery(await this.#db.delivery.update({ where: { deliveryId: delivery.deliveryId }, data }));
  }

  /** At most `take` deliveries older than `before`; an order or a shop of 0 and UNSPECIFIED mean any. */
  async page(
    filter: { orderId: bigint; shopId: bigint; status: DeliveryStatus },
    before: bigint | undefined,
    take: number,
  ): Promise<Delivery[]> {
    const where: Prisma.DeliveryWhereInput = {};
    if (filter.orderId !== 0n) where.orderId = filter.orderId;
    if (filter.shopId !== 0n) where.shopId = filter.shopId;
    if (filter.status !== DeliveryStatus.DELIVERY_STATUS_UNSPECIFIED) where.status = status.toColumn(filter.status);
    if (before !== undefined) where.deliveryId = { lt: before };
    const rows = await this.#db.delivery.findMany({ where, orderBy: { deliveryId: "desc" }, take });
    return rows.map(toDelivery);
  }
}

function toDelivery({ shopId, eqpNm, eqpSernum, allocationSeq, orderedTime: _internal, ...row }: Row): Delivery {
  const isWhole = shopId !== null && eqpNm !== null && eqpSernum !== null && allocationSeq !== null;
  const parcel = isWhole ? { shopId, eqpNm, eqpSernum, allocationSeq } : undefined;
  return { ...row, parcel, status: status.fromColumn(row.status) };
}
