// What must hold once things are quiet, read from the databases alone. Tests and demonstrations ask.
import type pg from "pg";

/** The four databases. */
export interface Databases {
  readonly shop: Queryable;
  readonly order: Queryable;
  readonly delivery: Queryable;
  readonly message: Queryable;
}

export type Queryable = Pick<pg.Pool, "query">;

/** What my page shows of an order, as JSON names it. */
export interface ShownPage {
  readonly orderId: string;
  readonly eqpStatus: string;
}

interface OrderRow {
  readonly order_id: string;
  readonly shop_id: string;
  readonly eqp_sernum: string;
  readonly status: string;
}

interface PhoneRow {
  readonly shop_id: string;
  readonly eqp_sernum: string;
  readonly status: string;
  readonly order_id: string | null;
}

const withPhone = new Set(["PENDING", "ORDERED", "CANCEL_REQUESTED", "DELIVERY_STARTED"]);

/** What each order's customer has been told, and sees, when it is in this state. */
const told: Readonly<Record<string, { readonly messages: readonly string[]; readonly page: string }>> = {
  ORDERED: { messages: ["ORDERED"], page: "EQP_STATUS_ORDERED" },
  DELIVERY_STARTED: { messages: ["DELIVERY_STARTED", "ORDERED"], page: "EQP_STATUS_DELIVERY_STARTED" },
  CANCELLED: { messages: ["ORDERED", "ORDER_CANCELLED"], page: "EQP_STATUS_ORDER_CANCELLED" },
};

/** @returns a sentence for everything that is wrong; nothing when T1 to T5 hold */
export async function violations(databases: Databases, pages: readonly ShownPage[]): Promise<string[]> {
  const orders = await rowsOf<OrderRow>(databases.order, "SELECT order_id, shop_id, eqp_sernum, status FROM orders");
  const allocations = await rowsOf<PhoneRow>(
    databases.order,
    "SELECT shop_id, eqp_sernum, state AS status, order_id FROM orderable_equipment",
  );
  return [
    ...unfinished(orders),
    ...sharedPhones(orders, allocations),
    ...(await wrongDeliveries(orders, databases.delivery)),
    ...(await wrongPhones(orders, allocations, databases.shop)),
    ...(await wrongMessages(orders, databases.message)),
    ...wrongPages(orders, pages),
  ];
}

function unfinished(orders: readonly OrderRow[]): string[] {
  const open = orders.filter(({ status }) => status === "PENDING" || status === "CANCEL_REQUESTED");
  return open.map(({ order_id, status }) => `order ${order_id} is still ${status}`);
}

/** T1: at most one order has a phone, and order's own list says the same. */
function sharedPhones(orders: readonly OrderRow[], allocations: readonly PhoneRow[]): string[] {
  const holders = new Map<string, string[]>();
  for (const order of orders) {
    if (withPhone.has(order.status))
      holders.set(phoneOf(order), [...(holders.get(phoneOf(order)) ?? []), order.order_id]);
  }
  return allocations.flatMap((phone) => {
    const having = holders.get(phoneOf(phone)) ?? [];
    if (having.length > 1) return [`T1: phone ${phoneOf(phone)} has orders ${having.join(", ")}`];
    const [holder = null] = having;
    return holder === phone.order_id
      ? []
      : [`T1: phone ${phoneOf(phone)} is ${phone.order_id}'s, but order ${holder} has it`];
  });
}

/** T2: nothing is shipped without an order that stands; and no order that does not stand has an open delivery. */
async function wrongDeliveries(orders: readonly OrderRow[], delivery: Queryable): Promise<string[]> {
  const expected: Record<string, string> = { ORDERED: "READY", DELIVERY_STARTED: "STARTED" };
  const rows = await rowsOf<{ order_id: string; status: string }>(delivery, "SELECT order_id, status FROM delivery");
  const byOrder = new Map(rows.map(({ order_id, status }) => [order_id, status]));
  return orders.flatMap(({ order_id, status }) => {
    const found = byOrder.get(order_id) ?? "CANCELLED";
    const wanted = expected[status] ?? "CANCELLED";
    return found === wanted ? [] : [`T2: order ${order_id} is ${status}, its delivery ${found}`];
  });
}

/** T3: the phone of a cancelled order can be ordered again, unless it was. */
async function wrongPhones(
  orders: readonly OrderRow[],
  allocations: readonly PhoneRow[],
  shop: Queryable,
): Promise<string[]> {
  const phones = await rowsOf<PhoneRow>(shop, "SELECT shop_id, eqp_sernum, eqp_status AS status FROM equipment");
  const shown = new Map(phones.map((phone) => [phoneOf(phone), phone.status]));
  const statusOf = new Map(orders.map(({ order_id, status }) => [order_id, status]));
  return allocations.flatMap((phone) => {
    const wanted = phone.order_id === null ? "ORDER_AVAILABLE" : statusOf.get(phone.order_id);
    const found = shown.get(phoneOf(phone));
    return found === wanted ? [] : [`T3: phone ${phoneOf(phone)} should be ${wanted}, shop says ${found}`];
  });
}

/** T4: exactly one message for each change of an order. */
async function wrongMessages(orders: readonly OrderRow[], message: Queryable): Promise<string[]> {
  const rows = await rowsOf<{ order_id: string; kind: string }>(message, "SELECT order_id, kind FROM message");
  const sent = new Map<string, string[]>();
  for (const { order_id, kind } of rows) sent.set(order_id, [...(sent.get(order_id) ?? []), kind]);
  return orders.flatMap(({ order_id, status }) => {
    const found = (sent.get(order_id) ?? []).sort().join(" ");
    const wanted = (told[status]?.messages ?? []).join(" ");
    return found === wanted ? [] : [`T4: order ${order_id} is ${status}, its messages are "${found}"`];
  });
}

/** T5: my page has come to where the order is. */
function wrongPages(orders: readonly OrderRow[], pages: readonly ShownPage[]): string[] {
  const shown = new Map(pages.map(({ orderId, eqpStatus }) => [orderId, eqpStatus]));
  return orders.flatMap(({ order_id, status }) => {
    const found = shown.get(order_id);
    return found === told[status]?.page ? [] : [`T5: order ${order_id} is ${status}, its page ${found}`];
  });
}

function phoneOf({ shop_id, eqp_sernum }: { shop_id: string; eqp_sernum: string }): string {
  return `${shop_id}/${eqp_sernum}`;
}

async function rowsOf<Row>(database: Queryable, sql: string): Promise<Row[]> {
  return (await database.query(sql)).rows as Row[];
}
