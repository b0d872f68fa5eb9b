import { join } from "node:path";
import { ProductRegistered } from "#gen/proto/siren/product/v1/events.ts";
import { Product, ProductServiceService, type ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import { type OwnDatabase, openDatabase } from "#mesh/service/database.ts";
import { event } from "#mesh/service/event.ts";
import { implement } from "#mesh/service/handler.ts";
import { present } from "#mesh/service/present.ts";
import { type Sql, sqlClient } from "./sql-client.ts";

// The smallest service that does everything: products with a version, an event for each, requests with request_id. For tests and benchmarks of
// the run time.

export interface Row {
  readonly id: string;
  readonly name: string;
  readonly price: string;
  readonly version: string;
}

export class ShopStore {
  readonly #db: Sql;

  constructor(db: Sql) {
    this.#db = db;
  }

  async insert(name: string, price: bigint): Promise<Row> {
    const [row] = await this.#db.$queryRawUnsafe<Row>(
      "INSERT INTO item (name, price) VALUES ($1, $2) RETURNING *",
      name,
      price,
    );
    return present(row);
  }

  async find(id: bigint): Promise<Row | undefined> {
    const [row] = await this.#db.$queryRawUnsafe<Row>("SELECT * FROM item WHERE id = $1", id);
    return row;
  }

  all(): Promise<Row[]> {
    return this.#db.$queryRawUnsafe<Row>("SELECT * FROM item ORDER BY id");
  }

  /** @returns whether a row had this version */
  async reprice(id: bigint, price: bigint, version: bigint): Promise<boolean> {
    const sql = "UPDATE item SET price = $2, version = version + 1 WHERE id = $1 AND version = $3";
    return (await this.#db.$executeRawUnsafe(sql, id, price, version)) === 1;
  }

  async note(text: string): Promise<void> {
    await this.#db.$executeRawUnsafe("INSERT INTO note (text) VALUES ($1)", text);
  }

  async notes(): Promise<string[]> {
    return (await this.#db.$queryRawUnsafe<{ text: string }>("SELECT text FROM note ORDER BY id")).map(
      ({ text }) => text,
    );
  }
}

export const registered = event("siren.product.v1.ProductRegistered", ProductRegistered);

/** The folder of its migrations. @param kind of the database */
export function shopMigrations(kind: "postgres" | "sqlite" = "postgres"): string {
  return join(import.meta.dirname, "shop-migrations", kind);
}

/** @param poolSize default 4 */
export function shopDatabase(url: string, poolSize = 4): OwnDatabase<ShopStore> {
  return openDatabase({
    client: sqlClient,
    store: (db: Sql) => new ShopStore(db),
    migrations: shopMigrations(url.startsWith("file:") ? "sqlite" : "postgres"),
    url,
    poolSize,
    // Many at once wait for few connections, on a busy machine for longer than the run time would let them.
    connectMs: 60_000,
  });
}

/** The product service over that database. @param inside called in each transaction of CreateProduct */
export function shopService(database: OwnDatabase<ShopStore>, inside: () => Promise<void> = async () => {}) {
  return implement(ProductServiceService, {
    async createProduct(request, call) {
      const { name, price, status } = present(request.product);
      return database.answer(call, async (tx) => {
        const row = await tx.store.insert(name, price);
        await inside();
        const productId = BigInt(row.id);
        const message = { productId, name, price, status, version: 1n };
        tx.publish(registered, message, { aggregateId: productId, aggregateVersion: 1n });
        return toProduct(row, status);
      });
    },
    async getProduct({ productId }) {
      return toProduct(present(await database.store.find(productId)), 1);
    },
    updateProduct: async () => Product.fromPartial({}),
    listProducts: async () => ({ products: [], nextPageToken: "" }),
    checkProduct: async ({ productId }) => ({ productId, price: 1n, status: 1 }),
  });
}

function toProduct(row: Row, status: ProductStatus): Product {
  return Product.fromPartial({ productId: BigInt(row.id), name: row.name, price: BigInt(row.price), status });
}
