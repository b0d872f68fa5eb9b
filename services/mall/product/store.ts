import type { Prisma, Product as Row } from "#gen/prisma/mall/product/client.ts";
import { LostUpdate } from "#mesh/service/errors.ts";
import type { Offer, Product, StockAnswer } from "./domain.ts";

/** A change of the stock. */
export interface Movement {
  readonly former: Pick<Product, "qty">;
  readonly after: Pick<Product, "productId" | "qty" | "stockSeq" | "price">;
  /** The order that takes units; none for an adjustment. */
  readonly orderId?: bigint;
}

/** The products, newest first, and every movement of their stock. */
export class ProductStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** Writes a product; the units that it begins with are its first movement. */
  async insert({ name, price, qty }: Offer & Pick<Product, "qty">): Promise<Product> {
    const product = await this.#db.product.create({ data: { name, price, qty, stockSeq: 1n } });
    await this.record({ former: { qty: 0 }, after: product });
    return product;
  }

  async find(productId: bigint): Promise<Product | undefined> {
    return (await this.#db.product.findUnique({ where: { productId } })) ?? undefined;
  }

  /** The product, which no other transaction can change until this one ends. */
  async findForUpdate(productId: bigint): Promise<Product | undefined> {
    await this.#db.$executeRaw`SELECT 1 FROM product WHERE product_id = ${productId} FOR UPDATE`;
    return this.find(productId);
  }

  /** Makes other transactions about the same order wait until this one ends. */
  async lockOrder(orderId: bigint): Promise<void> {
    await this.#db.$executeRaw`SELECT pg_advisory_xact_lock(${orderId})`;
  }

  /** Writes a product that was changed from the version before; somebody else's change in between is a LostUpdate. */
  async update({ productId, name, price, qty, stockSeq, version }: Product): Promise<Product> {
    const [row] = await this.#db.product.updateManyAndReturn({
      where: { productId, version: version - 1n },
      data: { name, price, qty, stockSeq, version, updateTime: new Date() },
    });
    if (!row) throw new LostUpdate();
    return row;
  }

  async record({ former, after, orderId }: Movement): Promise<void> {
    const { productId, stockSeq: seq, qty: remainingQty, price } = after;
    const ordered = orderId === undefined ? {} : { orderId, price };
    const change = remainingQty - former.qty;
    await this.#db.stockMovement.create({
      data: { productId, seq, change, formerQty: former.qty, remainingQty, ...ordered },
    });
  }

  async refuse(orderId: bigint, productId: bigint, { reason }: StockAnswer & { taken: false }): Promise<void> {
    await this.#db.stockRefusal.create({ data: { orderId, productId, reason } });
  }

  /** What an order was answered before. */
  async findAnswer(orderId: bigint): Promise<StockAnswer | undefined> {
    const movement = await this.#db.stockMovement.findUnique({ where: { orderId } });
    if (movement) return { taken: true, remainingQty: movement.remainingQty, price: movement.price ?? 0n };
    const refusal = await this.#db.stockRefusal.findUnique({ where: { orderId } });
    return refusal ? { taken: false, reason: refusal.reason } : undefined;
  }

  /** At most `take` products older than `before`. */
  page(before: bigint | undefined, take: number): Promise<Row[]> {
    const where = before === undefined ? {} : { productId: { lt: before } };
    return this.#db.product.findMany({ where, orderBy: { productId: "desc" }, take });
  }
}
