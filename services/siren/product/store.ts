import type { Prisma, Product as Row } from "#gen/prisma/siren/product/client.ts";
import { ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import { LostUpdate } from "#mesh/service/errors.ts";
import type { Offer, Product } from "./domain.ts";

const productStatus = enumColumn(ProductStatus, "PRODUCT_STATUS");

/** The products, newest first. */
export class ProductStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  async insert({ name, price, status }: Offer): Promise<Product> {
    return toProduct(await this.#db.product.create({ data: { name, price, status: productStatus.toColumn(status) } }));
  }

  async find(productId: bigint): Promise<Product | undefined> {
    const row = await this.#db.product.findUnique({ where: { productId } });
    return row ? toProduct(row) : undefined;
  }

  /** Writes a product that was revised from the version before; somebody else's change in between is a LostUpdate. */
  async update({ productId, name, price, status, version }: Product): Promise<Product> {
    const rows = await this.#db.product.updateManyAndReturn({
      where: { productId, version: version - 1n },
      data: { name, price, status: productStatus.toColumn(status), version, updateTime: new Date() },
    });
    if (!rows[0]) throw new LostUpdate();
    return toProduct(rows[0]);
  }

  /** At most `take` products older than `before`, of one status or, for UNSPECIFIED, of any. */
  async page(status: ProductStatus, before: bigint | undefined, take: number): Promise<Product[]> {
    const where: Prisma.ProductWhereInput = {};
    if (status !== ProductStatus.PRODUCT_STATUS_UNSPECIFIED) where.status = productStatus.toColumn(status);
    if (before !== undefined) where.productId = { lt: before };
    const rows = await this.#db.product.findMany({ where, orderBy: { productId: "desc" }, take });
    return rows.map(toProduct);
  }
}

function toProduct(row: Row): Product {
  return { ...row, status: productStatus.fromColumn(row.status) };
}
