// What must hold once things are quiet, read from the databases alone. Tests and demonstrations ask.
import type pg from "pg";

/** The four databases. */
export interface Databases {
  readonly order: Queryable;
  readonly pay: Queryable;
  readonly product: Queryable;
  readonly delivery: Queryable;
}

export type Queryable = Pick<pg.Pool, "query">;

/** What the status screen shows of an order, as JSON names it. */
export interface ShownStatus {
  readonly orderId: string;
  readonly orderStatus: string;
}

interface OrderRow {
  readonly order_id: string;
  readonly status: string;
  readonly cancel_cause: string | null;
}

interface PayRow extends OrderRow {
  readonly qty: number | null;
}

/** @returns a sentence for everything that is wrong; nothing when M1 to M4 and M6 hold */
export async function violations(databases: Databases, shown: readonly ShownStatus[]): Promise<string[]> {
  const orders = await rowsOf<OrderRow>(databases.order, "SELECT order_id, status, cancel_cause FROM orders");
  const pays = await rowsOf<PayRow>(databases.pay, "SELECT order_id, status, cancel_cause, qty FROM pay");
  const payOf = new Map(pays.map((pay) => [pay.order_id, pay]));
  return [
    ...unfinished(orders, pays),
    ...(await wrongStock(databases.product)),
    ...(await wrongMovements(pays, databases)),
    ...wrongOrders(orders, payOf),
    ...wrongScreens(orders, payOf, shown),
  ];
}

function unfinished(orders: readonly OrderRow[], pays: readonly PayRow[]): string[] {
  const cancels = orders.filter(({ status }) => status === "CANCEL_REQUESTED");
  const checks = pays.filter(({ status }) => status === "CHECKING");
  return [
    ...cancels.map(({ order_id }) => `order ${order_id} is still CANCEL_REQUESTED`),
    ...checks.map(({ order_id }) => `the deposit of order ${order_id} is still CHECKING`),
  ];
}

/** M1 and M2: no stock is below zero, and the movements of a product sum up to it. */
async function wrongStock(product: Queryable): Promise<string[]> {
  const rows = await rowsOf<{ product_id: string; qty: number; moved: string }>(
    product,
    `SELECT product_id, qty, (SELECT sum(change) FROM stock_movement AS m WHERE m.product_id = p.product_id) AS moved
     FROM product AS p`,
  );
  return rows.flatMap(({ product_id, qty, moved }) => {
    if (qty < 0) return [`M1: product ${product_id} has ${qty} units`];
    return Number(moved) === qty
      ? []
      : [`M2: product ${product_id} has ${qty} units, its movements sum up to ${moved}`];
  });
}

/** M3: one movement and one delivery for each confirmed deposit, of what was paid, and none otherwise. */
async function wrongMovements(pays: readonly PayRow[], { product, delivery }: Databases): Promise<string[]> {
  const moved = await unitsByOrder(product, "SELECT order_id, -change AS qty FROM stock_movement WHERE order_id > 0");
  const delivered = await unitsByOrder(delivery, "SELECT order_id, qty FROM delivery");
  const paid = new Map(pays.filter(({ status }) => status === "CHECKED").map((pay) => [pay.order_id, [pay.qty]]));
  const orders = new Set([...moved.keys(), ...delivered.keys(), ...paid.keys()]);
  return [...orders].flatMap((order) => {
    const [wanted, taken, sent] = [paid, moved, delivered].map((units) => (units.get(order) ?? []).join("+"));
    if (wanted === taken && wanted === sent) return [];
    return [`M3: order ${order} paid for "${wanted}" units, the stock gave "${taken}", "${sent}" are on their way`];
  });
}

/** M4: a cancelled order has a cancelled deposit (so, by M3, no movement); and an order is on its way when its deposit is confirmed. */
function wrongOrders(orders: readonly OrderRow[], payOf: ReadonlyMap<string, PayRow>): string[] {
  const onTheWay = new Set(["DELIVERING", "CLOSED"]);
  return orders.flatMap(({ order_id, status, cancel_cause }) => {
    const pay = payOf.get(order_id);
    const agrees =
      (status === "CANCELED") === (pay?.status === "CANCELED") &&
      cancel_cause === (pay?.cancel_cause ?? null) &&
      onTheWay.has(status) === (pay?.status === "CHECKED");
    return agrees
      ? []
      : [`M4: order ${order_id} is ${status} ${cancel_cause}, its deposit ${pay?.status} ${pay?.cancel_cause}`];
  });
}

/** M6: the status screen has come to where the order is. */
function wrongScreens(
  orders: readonly OrderRow[],
  payOf: ReadonlyMap<string, PayRow>,
  shown: readonly ShownStatus[],
): string[] {
  const found = new Map(shown.map(({ orderId, orderStatus }) => [orderId, orderStatus]));
  return orders.flatMap((order) => {
    const wanted = `ORDER_STATUS_KIND_${screenOf(order, payOf.get(order.order_id))}`;
    const seen = found.get(order.order_id);
    return seen === wanted ? [] : [`M6: order ${order.order_id} is ${order.status}, its screen shows ${seen}`];
  });
}

function screenOf({ status, cancel_cause }: OrderRow, pay: PayRow | undefined): string {
  if (status === "CLOSED") return "RECEIPT_CONFIRMED";
  if (status === "DELIVERING") return "IN_DELIVERY";
  if (status === "CANCELED") return cancel_cause === "ORDER_CANCELED" ? "ORDER_CANCELED" : "PAYMENT_CANCELED";
  return pay ? "AWAITING_DEPOSIT" : "ORDER_RECEIVED";
}

async function unitsByOrder(database: Queryable, sql: string): Promise<Map<string, number[]>> {
  const units = new Map<string, number[]>();
  for (const { order_id, qty } of await rowsOf<{ order_id: string; qty: number }>(database, sql)) {
    units.set(order_id, [...(units.get(order_id) ?? []), qty]);
  }
  return units;
}

async function rowsOf<Row>(database: Queryable, sql: string): Promise<Row[]> {
  return (await database.query(sql)).rows as Row[];
}
