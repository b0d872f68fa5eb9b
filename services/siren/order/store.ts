import type { Prisma, Order as Row, ProductSnapshot as SnapshotRow } from "#gen/prisma/siren/order/client.ts";
import { OrderStatus } from "#gen/proto/siren/order/v1/order.ts";
import { ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import { present } from "#mesh/service/present.ts";
import type { Order, Snapshot } from "./domain.ts";

const productStatus = enumColumn(ProductStatus, "PRODUCT_STATUS");
const orderStatus = enumColumn(OrderStatus, "ORDER_STATUS");

/** A snapshot as it is kept, with the times when its first and its newest event arrived. */
export interface KeptSnapshot extends Snapshot {
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** The orders and order's copy of the products; both newest first. */
export class OrderStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** In SQL, because every order comes through here: Prisma's `create` takes half as long again for the whole transaction. */
  async insert({ productId, price, customerId }: Pick<Order, "productId" | "price" | "customerId">): Promise<Order> {
    const [row] = await this.#db.$queryRaw<Row[]>`
      INSERT INTO orders (product_id, price, status, customer_id)
      VALUES (${productId}, ${price}, 'ORDERED', ${customerId})
      RETURNING order_id AS "orderId", product_id AS "productId", price, status::text, customer_id AS "customerId",
        create_time AS "createTime", update_time AS "updateTime"`;
    return toOrder(present(row));
  }

  async find(orderId: bigint): Promise<Order | undefined> {
    const row = await this.#db.order.findUnique({ where: { orderId } });
    return row ? toOrder(row) : undefined;
  }

  /** At most `take` orders older than `before`; an empty customer and a product of 0 mean any. */
  async page(
    filter: { customerId: string; productId: bigint },
    before: bigint | undefined,
    take: number,
  ): Promise<Order[]> {
    const where: Prisma.OrderWhereInput = {};
    if (filter.customerId !== "") where.customerId = filter.customerId;
    if (filter.productId !== 0n) where.productId = filter.productId;
    if (before !== undefined) where.orderId = { lt: before };
    const rows = await this.#db.order.findMany({ where, orderBy: { orderId: "desc" }, take });
    return rows.map(toOrder);
  }

  /** Keeps what an event tells, unless a newer event has arrived before it. */
  async learn({ productId, name, status, version }: Snapshot): Promise<void> {
    const column = productStatus.toColumn(status);
    await this.#db.$executeRaw`
      INSERT INTO product_snapshot (product_id, name, status, version)
      VALUES (${productId}, ${name}, ${column}::product_status, ${version})
      ON CONFLICT (product_id) DO UPDATE
        SET name = excluded.name, status = excluded.status, version = excluded.version, update_time = now()
        WHERE product_snapshot.version < excluded.version`;
  }

  async findSnapshot(productId: bigint): Promise<KeptSnapshot | undefined> {
    const row = await this.#db.productSnapshot.findUnique({ where: { productId } });
    return row ? toSnapshot(row) : undefined;
  }

  /** At most `take` snapshots of products older than `before`, of one status or, for UNSPECIFIED, of any. */
  async pageSnapshots(status: ProductStatus, before: bigint | undefined, take: number): Promise<KeptSnapshot[]> {
    const where: Prisma.ProductSnapshotWhereInput = {};
    if (status !== ProductStatus.PRODUCT_STATUS_UNSPECIFIED) where.status = productStatus.toColumn(status);
    if (before !== undefined) where.productId = { lt: before };
    const rows = await this.#db.productSnapshot.findMany({ where, orderBy: { productId: "desc" }, take });
    return rows.map(toSnapshot);
  }
}

function toOrder(row: Row): Order {
  return { ...row, status: orderStatus.fromColumn(row.status) };
}

function toSnapshot(row: SnapshotRow): KeptSnapshot {
  return { ...row, status: productStatus.fromColumn(row.status) };
}
