// The demonstrations of demonstrations.ts in short form, policies that change while the system runs, and what must hold when processes
// die. One system, one test after the other: each leaves it as it found it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patiently } from "#mesh/local/patiently.ts";
import type { Rest, RestAnswer } from "#mesh/local/rest.ts";
import { demonstrate } from "#mesh/testing/demonstrate.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { startLoad } from "#mesh/testing/load.ts";
import { reasonOf } from "#mesh/testing/method-case.ts";
import { readEvents } from "#mesh/testing/read-events.ts";
import { type RunningSystem, startSystem } from "#mesh/testing/system.ts";

let siren: RunningSystem;
let rest: Rest;
/** For sale, and order knows it. */
let americano: string;

beforeAll(async () => {
  siren = await startSystem("siren");
  rest = siren.rest();
  americano = await register("Americano", 4500);
  await isHeardOf(americano);
});

afterAll(() => siren?.[Symbol.asyncDispose]());

describe("a policy", () => {
  it("is in force as soon as it is saved, without a restart", async () => {
    const file = join(siren.folder, "istio", "siren", "product.yaml");
    const before = readFileSync(file, "utf8");
    const pids = (await siren.status()).map(({ pid }) => pid);
    writeFileSync(file, before.replace("timeout: 0.61s", "timeout: 1ms"));
    await eventually(async () => reasonOf(await order("policy")) === "PRODUCT_UNAVAILABLE");
    writeFileSync(file, before);
    await eventually(async () => (await order("policy")).status === 200);
    // The autoscaler may have added some.
    expect((await siren.status()).map(({ pid }) => pid)).toEqual(expect.arrayContaining(pids));
  });

  it.each([
    ["a timeout that is no duration", "timeout: 0.61s", "timeout: soon"],
    ["YAML that is none", "timeout: 0.61s", "timeout: {"],
    ["a field that contradicts another", "attempts: 1,", "attempts: 0,"],
  ])("with %s leaves the last good one in force, and says where it is wrong", async (_, right, wrong) => {
    const file = join(siren.folder, "istio", "siren", "product.yaml");
    const before = readFileSync(file, "utf8");
    writeFileSync(file, before.replace(right, wrong));
    await eventually(async () => /^error .*istio\/siren\/product\.yaml:\d+:\d+$/m.test(await siren.mesh("status")));
    expect((await patiently(() => order("policy"))).status).toBe(200);
    writeFileSync(file, before);
    await eventually(async () => !(await siren.mesh("status")).includes("istio/siren/product.yaml"));
  });
});

/** When each demonstration ran. */
const ran = new Map<string, { from: number; to: number }>();

describe("the demonstrations, in short form", () => {
  it.each(["S-1", "S-2", "S-3", "S-4", "S-5", "S-6"])("%s", async (id) => {
    const from = Date.now();
    await demonstrate(siren, `siren/${id}`);
    ran.set(id, { from, to: Date.now() });
  });
});

describe("the breaker, as Envoy's log of the demonstrations shows it", () => {
  const ofProduct = ({ cluster_name }: Outlier) => cluster_name.includes("product.siren");

  it("closes by itself, after 3 s, and 3 s later each time it opens again at once", () => {
    const closed = closings(outliers().filter(ofProduct));
    expect(closed.length).toBeGreaterThan(0);
    for (const { seconds, opened } of closed) expect(seconds).toBeGreaterThanOrEqual(3 * opened);
  });

  it("is order's own: the gateway does not eject product, and nothing is restarted", async () => {
    // In S-4 order's calls fail. In the others the gateway may have reasons of its own.
    const { from = 0, to = 0 } = ran.get("S-4") ?? {};
    const callers = outliers()
      .filter((event) => ofProduct(event) && Date.parse(event.timestamp) >= from && Date.parse(event.timestamp) <= to)
      .map(({ cluster_name }) => cluster_name);
    expect(callers.length).toBeGreaterThan(0);
    expect(callers).toEqual(callers.map(() => expect.stringMatching(/^order-.*product\.siren/)));
    expect((await siren.replicas("order")).every(({ restarts }) => restarts === 0)).toBe(true);
  });
});

describe("a server that is down", () => {
  it("NATS: orders are taken, and their events flow when it is back", async () => {
    await siren.mesh("stop", "nats");
    const id = await register("Without NATS", 3500);
    expect(reasonOf(await patiently(() => order("no-nats", id)))).toBe("PRODUCT_STATUS_UNKNOWN");
    expect((await patiently(() => order("no-nats"))).status).toBe(200);
    await siren.mesh("start", "nats");
    await isHeardOf(id);
    await eventually(async () => (await eventsOf("no-nats")) === 1);
  });

  it("PostgreSQL: requests are refused with STORAGE_UNAVAILABLE, and taken again when it is back", async () => {
    await siren.mesh("stop", "postgres");
    for (const path of ["/v1/products", "/v1/orders", "/v1/reports"]) {
      const answer = await rest("GET", path);
      expect(answer.status).toBe(503);
      expect(reasonOf(answer)).toBe("STORAGE_UNAVAILABLE");
    }
    await siren.mesh("start", "postgres");
    await siren.untilReady();
    await eventually(async () => (await order("no-postgres")).status === 200);
    expect(await ordersOf("no-postgres")).toHaveLength(1);
  });
});

describe("kill -9 under load", () => {
  it.each(["product", "order", "report", "envoy", "nats", "postgres"])(
    "of %s: what was answered OK is there, once, and everybody agrees in the end",
    async (victim) => {
      const customer = `kill-${victim}`;
      const load = startLoad(5, () => order(customer));
      await eventually(() => load.answers.filter(({ status }) => status === 200).length >= 20);
      const pid = await siren.kill(victim);
      const price = 4000 + (pid % 1000);
      const changed = await eventually(async () => (await change(americano, price)).status === 200);
      expect(changed).toBe(true);
      await siren.untilReady();
      const recovered = load.answers.length;
      await eventually(() => load.answers.slice(recovered).filter(({ status }) => status === 200).length >= 20);
      const answers = await load.stop();

      const kept = new Set((await eventually(() => ordersOf(customer))).map(({ orderId }) => orderId));
      const lost = answers.filter(
        ({ status, body }) => status === 200 && !kept.has((body as { orderId: string }).orderId),
      );
      expect(lost).toEqual([]);
      await eventually(async () => (await eventsOf(customer)) === (await ordersOf(customer)).length);
      await agreement();
    },
  );
});

/** A line of Envoy's outlier event log. */
interface Outlier {
  readonly timestamp: string;
  readonly action: "EJECT" | "UNEJECT";
  readonly cluster_name: string;
  readonly upstream_url: string;
  readonly num_ejections: number;
  /** Not there when it opens for the first time. */
  readonly secs_since_last_action?: string;
}

function outliers(): Outlier[] {
  const log = readFileSync(join(siren.folder, ".mesh", "logs", "outlier.log"), "utf8");
  return log
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line) as Outlier);
}

/**
 * How long each breaker was open, and how often in a row it had opened at least: Envoy forgets one opening in each second in which it stays
 * closed (interval: 1s).
 */
function closings(events: readonly Outlier[]): { seconds: number; opened: number }[] {
  const openedOf = new Map<string, number>();
  return events.flatMap(({ action, cluster_name, upstream_url, num_ejections, secs_since_last_action = "0" }) => {
    const breaker = `${cluster_name} ${upstream_url}`;
    const seconds = Number(secs_since_last_action);
    const before = num_ejections === 1 ? 0 : (openedOf.get(breaker) ?? 0); // Of a replica that came back nothing is known.
    if (action === "UNEJECT") return [{ seconds, opened: openedOf.get(breaker) ?? 1 }];
    openedOf.set(breaker, Math.max(0, before - seconds) + 1);
    return [];
  });
}

async function register(name: string, price: number): Promise<string> {
  const answer = await rest("POST", "/v1/products", { name, price, status: "PRODUCT_STATUS_AVAILABLE" });
  expect(answer).toMatchObject({ status: 200 });
  return (answer.body as { productId: string }).productId;
}

function change(productId: string, price: number): Promise<RestAnswer> {
  return rest("PATCH", `/v1/products/${productId}`, { price });
}

function order(customerId: string, productId = americano): Promise<RestAnswer> {
  return rest("POST", "/v1/orders", { productId, customerId });
}

async function isHeardOf(productId: string): Promise<void> {
  await eventually(async () => (await rest("GET", `/v1/productSnapshots/${productId}`)).status === 200);
}

interface KeptOrder {
  readonly orderId: string;
  readonly price: string;
}

async function ordersOf(customerId: string): Promise<KeptOrder[]> {
  return listAll<KeptOrder>(`/v1/orders?customerId=${customerId}`, "orders");
}

async function listAll<Row>(path: string, field: string): Promise<Row[]> {
  const rows: Row[] = [];
  let token = "";
  do {
    const answer = await rest("GET", `${path}${path.includes("?") ? "&" : "?"}pageSize=1000&pageToken=${token}`);
    expect(answer).toMatchObject({ status: 200 });
    rows.push(...((answer.body as Record<string, Row[]>)[field] ?? []));
    token = (answer.body as { nextPageToken: string }).nextPageToken;
  } while (token);
  return rows;
}

/** How many Ordered there are of a customer's orders. @throws when an order has more than one */
async function eventsOf(customerId: string): Promise<number> {
  const [nats] = await siren.replicas("nats");
  const events = await readEvents(`nats://${nats?.ports[0]?.listens}`, "SIREN", "siren.order.Ordered");
  const ids = events.filter(({ body }) => body["customerId"] === customerId).map(({ body }) => body["orderId"]);
  expect(new Set(ids).size).toBe(ids.length);
  return ids.length;
}

/** S4: once things are quiet, order's copies and the report equal product. */
async function agreement(): Promise<void> {
  interface Row {
    readonly productId: string;
    readonly name: string;
    readonly price?: string;
    readonly status: string;
  }
  const shown = ({ productId, name, status }: Row) => ({ productId, name, status });
  await eventually(async () => {
    const products = await listAll<Row>("/v1/products", "products");
    const snapshots = await listAll<Row>("/v1/productSnapshots", "productSnapshots");
    const reports = await listAll<Row>("/v1/reports", "reports");
    expect(snapshots.map(shown)).toEqual(products.map(shown));
    expect(reports.map((row) => ({ ...shown(row), price: row.price }))).toEqual(
      products.map((row) => ({ ...shown(row), price: row.price })),
    );
    return true;
  });
}
