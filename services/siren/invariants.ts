// What must hold once things are quiet, read from the databases alone. Tests and demonstrations ask.
import type pg from "pg";

/** The three databases. */
export interface Databases {
  readonly product: Queryable;
  readonly order: Queryable;
  readonly report: Queryable;
}

export type Queryable = Pick<pg.Pool, "query">;

interface ProductRow {
  readonly product_id: string;
  readonly name: string;
  readonly price: string;
  readonly status: string;
  readonly version: string;
}

/** @returns a sentence for everything that is wrong; nothing when S1, S2, S4 and S5 hold */
export async function violations(databases: Databases): Promise<string[]> {
  const products = await rowsOf<ProductRow>(
    databases.product,
    "SELECT product_id, name, price, status, version FROM product",
  );
  return [
    ...(await wrongOrders(databases.order)),
    ...wrongCopies("order's copy", products, await snapshots(databases.order)),
    ...wrongCopies("the report", products, await reports(databases.report)),
  ];
}

/** S1 and S2: every order has a price, and one Ordered that says the same. Events leave the outbox after their retention of 30 days. */
async function wrongOrders(order: Queryable): Promise<string[]> {
  const rows = await rowsOf<{ order_id: string; price: string; told: (string | null)[] }>(
    order,
    `SELECT order_id, price, array_agg(payload::json ->> 'price') FILTER (WHERE event_id IS NOT NULL) AS told
     FROM orders LEFT JOIN mesh.outbox ON subject = 'order.Ordered' AND aggregate_id = order_id::text
     WHERE create_time > now() - interval '29 days' GROUP BY order_id`,
  );
  return rows.flatMap(({ order_id, price, told }) => [
    ...(BigInt(price) > 0n ? [] : [`S1: order ${order_id} has the price ${price}`]),
    ...(told?.length === 1 && told[0] === price
      ? []
      : [`S2: order ${order_id} at ${price} has the events "${(told ?? []).join(", ")}"`]),
  ]);
}

/** S4 and S5: a copy has every product, as it is now. */
function wrongCopies(name: string, products: readonly ProductRow[], copies: readonly Partial<ProductRow>[]): string[] {
  const found = new Map(copies.map((copy) => [copy.product_id, copy]));
  return products.flatMap((product) => {
    const copy = found.get(product.product_id);
    const differs = Object.entries(copy ?? { copy: undefined }).some(
      ([key, value]) => value !== Reflect.get(product, key),
    );
    if (copy && !differs) return [];
    return [
      `S4: product ${product.product_id} is ${JSON.stringify(product)}, ${name} ${JSON.stringify(copy ?? "has none")}`,
    ];
  });
}

function snapshots(order: Queryable): Promise<Partial<ProductRow>[]> {
  return rowsOf(order, "SELECT product_id, name, status, version FROM product_snapshot");
}

function reports(report: Queryable): Promise<Partial<ProductRow>[]> {
  return rowsOf(report, "SELECT product_id, name, price, status, version FROM report");
}

async function rowsOf<Row>(database: Queryable, sql: string): Promise<Row[]> {
  return (await database.query(sql)).rows as Row[];
}
