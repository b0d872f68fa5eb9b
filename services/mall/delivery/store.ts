import type { Prisma, Delivery as Row } from "#gen/prisma/mall/delivery/client.ts";
import { DeliveryStatus } from "#gen/proto/mall/delivery/v1/delivery.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import type { Delivery, Parcel } from "./domain.ts";

const status = enumColumn(DeliveryStatus, "DELIVERY_STATUS");

/** The deliveries, newest first. */
export class DeliveryStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** Writes the delivery of an order that has none yet; undefined when it has one. */
  async insert(parcel: Parcel): Promise<Delivery | undefined> {
    const [row] = await this.#db.delivery.createManyAndReturn({ data: [parcel], skipDuplicates: true });
    return row && toDelivery(row);
  }

  async find(deliveryId: bigint): Promise<Delivery | undefined> {
    const row = await this.#db.delivery.findUnique({ where: { deliveryId } });
    return row ? toDelivery(row) : undefined;
  }

  /** At most `take` deliveries older than `before`; an order of 0 means any. */
  async page(orderId: bigint, before: bigint | undefined, take: number): Promise<Delivery[]> {
    const where: Prisma.DeliveryWhereInput = {};
    if (orderId !== 0n) where.orderId = orderId;
    if (before !== undefined) where.deliveryId = { lt: before };
    const rows = await this.#db.delivery.findMany({ where, orderBy: { deliveryId: "desc" }, take });
    return rows.map(toDelivery);
  }
}

function toDelivery(row: Row): Delivery {
  return { ...row, status: status.fromColumn(row.status) };
}
