// Mall's order flow in its three steps: an order is taken (CreateOrder), its deposit is noted (by event), the deposit is confirmed
// (CheckPay, which calls product). Ours and the NestJS peer without a proxy, and ours on the local mesh, through the gateway and the
// sidecars; round by round in turn, so that whatever else the machine does meets all of them.
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { Order, OrderServiceService } from "#gen/proto/mall/order/v1/order.ts";
import { PayServiceService } from "#gen/proto/mall/pay/v1/pay.ts";
import { Product, ProductServiceService } from "#gen/proto/mall/product/v1/product.ts";
import { Code } from "#mesh/service/codes.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import type { GrpcCaller } from "#mesh/testing/grpc-caller.ts";
import { testNats, testPostgres } from "#mesh/testing/servers.ts";
import { type RunningSystem, startSystem } from "#mesh/testing/system.ts";
import { closedLoop, type LoadResult, median, percentile } from "./load.ts";
import { addCopies, addProducts, openOrderFlow, type Servers, type Side } from "./order-flow.ts";
import { cpuSeconds } from "./proc.ts";
import { type Row, row } from "./report.ts";

/** One way to run the flow. */
interface Lane {
  readonly title: string;
  /** Where CreateOrder and CheckPay go. */
  readonly order: GrpcCaller;
  readonly products: readonly bigint[];
  /** The databases whose outboxes it fills. */
  readonly databases: pg.Pool[];
  /** Starts pay and product, which wait while orders are measured. */
  startRest(): Promise<{ readonly pay: GrpcCaller; readonly paySql: pg.Pool }>;
  /** The processes that it costs, by the name that the report shows. */
  pids(): Promise<Readonly<Record<string, number>>>;
}

/** What one step cost in one lane: one entry a round. */
interface Rounds {
  readonly lane: Lane;
  readonly perSecond: number[];
  readonly latenciesMs: number[];
  /** Calls to which product was too slow. */
  readonly refused: number[];
  /** CPU in microseconds a call. */
  readonly cpu: Record<string, number[]>;
}

const orderCallers = 32;
/** Fewer: sellers confirm deposits, and at a longer queue the 610 ms that product has would be spent waiting. */
const checkCallers = 8;
const rounds = 5;
const secondsARound = 4;
const productCount = 100;
const offer = { name: "TV", price: 100n, qty: 1_000_000_000 };
const catalogue = { ...offer, count: productCount };

/** Runs all of it and returns a row a figure. Takes about four minutes. */
export async function benchMall(): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const servers = { postgres: stack.use(await testPostgres({ fsync: true })), nats: stack.use(await testNats()) };
  const lanes = [
    await directLane("ours", servers, stack),
    await directLane("nest", servers, stack),
    await meshLane(stack.use(await startSystem("mall")), stack),
  ];
  const orders = await inTurn(lanes, orderCallers, (lane) => () => createOrder(lane));
  const rest = new Map<Lane, { pay: GrpcCaller; deposits: bigint[] }>();
  const deposits: Row[] = [];
  for (const lane of lanes) {
    const { pay, paySql } = await lane.startRest();
    deposits.push(...(await drain(lane, paySql, orders)));
    rest.set(lane, { pay, deposits: await depositsOf(paySql) });
  }
  const checks = await inTurn(lanes, checkCallers, (lane) => {
    const { pay, deposits } = rest.get(lane) ?? { pay: lane.order, deposits: [] };
    return () => checkPay(pay, deposits);
  });
  return [...report("CreateOrder", orders, { ours: 1.2, mesh: 0.8 }), ...deposits, ...report("CheckPay", checks)];
}

async function directLane(side: Side, servers: Servers, stack: AsyncDisposableStack): Promise<Lane> {
  const flow = stack.use(await openOrderFlow(side, servers));
  const order = await flow.start("order");
  await addCopies(order, catalogue);
  const pids: Record<string, number> = { order: order.pid, PostgreSQL: servers.postgres.pid, NATS: servers.nats.pid };
  const databases = [order.sql];
  return {
    title: side === "ours" ? "ours" : "NestJS peer",
    order: order.caller,
    products: Array.from({ length: productCount }, (_, index) => BigInt(index + 1)),
    pids: async () => pids,
    databases,
    startRest: async () => {
      const product = await flow.start("product");
      await addProducts(product, catalogue);
      const pay = await flow.start("pay");
      databases.push(pay.sql, product.sql);
      Object.assign(pids, { pay: pay.pid, product: product.pid });
      return { pay: pay.caller, paySql: pay.sql };
    },
  };
}

/** The whole mall, but for the two that the peer does not have. */
async function meshLane(system: RunningSystem, stack: AsyncDisposableStack): Promise<Lane> {
  await keepSingle(system);
  const caller = system.grpc();
  const products: bigint[] = [];
  for (let number = 0; number < productCount; number++) {
    const { response } = await caller.call(ProductServiceService.createProduct, {
      product: Product.fromPartial(offer),
    });
    products.push(response?.productId ?? 0n);
  }
  const orderSql = await open(system, "mall_order", stack);
  const known = "SELECT 1 FROM product_copy WHERE product_id = ANY($1)";
  await eventually(async () => (await orderSql.query(known, [products])).rowCount === productCount);
  for (const workload of ["delivery", "orderstatus", "pay"]) await system.mesh("stop", `mall/${workload}`);
  const databases = [orderSql];
  return {
    title: "ours, gateway and sidecars",
    order: caller,
    products,
    pids: () => pidsOf(system),
    databases,
    startRest: async () => {
      await system.mesh("start", "mall/pay");
      const paySql = await open(system, "mall_pay", stack);
      databases.push(paySql, await open(system, "mall_product", stack));
      return { pay: caller, paySql };
    },
  };
}

/** One replica each, as the peer has, however busy they are. */
async function keepSingle(system: RunningSystem): Promise<void> {
  for (const name of ["order", "pay", "product"]) {
    const file = join(system.folder, "services", "mall", name, "k8s.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace(/maxReplicas: \d+/, "maxReplicas: 1"));
  }
  await system.untilReady();
}

async function pidsOf(system: RunningSystem): Promise<Record<string, number>> {
  const names = {
    order: "order",
    pay: "pay",
    product: "product",
    Envoy: "envoy",
    PostgreSQL: "postgres",
    NATS: "nats",
  };
  const status = await system.status();
  const pids = Object.entries(names).map(([name, workload]) => {
    return [name, status.find((replica) => replica.workload === workload)?.pid ?? 0] as const;
  });
  return Object.fromEntries(pids.filter(([, pid]) => pid > 0));
}

async function open(system: RunningSystem, database: string, stack: AsyncDisposableStack): Promise<pg.Pool> {
  const pool = new pg.Pool({ connectionString: await system.databaseUrl(database), max: 1 });
  pool.on("error", () => {});
  stack.defer(() => pool.end());
  return pool;
}

async function createOrder({ order, products }: Lane): Promise<void> {
  const productId = products[Math.floor(Math.random() * products.length)] ?? 0n;
  const wish = Order.fromPartial({ productId, qty: 3, address: "Seoul, Jongno-gu 1", customerId: "bench" });
  const answer = await order.call(OrderServiceService.createOrder, { order: wish, requestId: randomUUID() });
  if (answer.code !== 0) throw new Error(`${answer.code} ${answer.reason} ${answer.message}`);
}

/** The answer of pay when product was too slow, or its breaker open: the peer's by opossum, ours by Envoy. */
const tooSlow = "UNAVAILABLE";

async function checkPay(pay: GrpcCaller, deposits: bigint[]): Promise<void> {
  const payId = deposits.pop();
  if (payId === undefined) throw new Error("there are no more deposits");
  const answer = await pay.call(PayServiceService.checkPay, { payId, requestId: randomUUID() });
  if (answer.code === Code.UNAVAILABLE) throw new Error(tooSlow);
  if (answer.code !== 0) throw new Error(`${answer.code} ${answer.reason} ${answer.message}`);
}

/**
 * Every lane once a round, each time another one first; before that a round that does not count. What a lane leaves in its outboxes is
 * sent before the next one begins.
 */
async function inTurn(
  lanes: readonly Lane[],
  concurrency: number,
  callOf: (lane: Lane) => () => Promise<void>,
): Promise<Rounds[]> {
  const all = lanes.map((lane): Rounds => ({ lane, perSecond: [], latenciesMs: [], refused: [], cpu: {} }));
  const calls = new Map(lanes.map((lane) => [lane, callOf(lane)]));
  for (let round = 0; round <= rounds; round++) {
    const first = round % all.length;
    for (const each of [...all.slice(first), ...all.slice(0, first)]) {
      const call = calls.get(each.lane) ?? (async () => {});
      const used = await cpuOf(each.lane);
      const result = await closedLoop(call, { concurrency, seconds: secondsARound });
      failIfAny(result, each.lane);
      if (round > 0) note(each, result, await used());
      await untilSent(each.lane);
    }
  }
  return all;
}

async function untilSent({ databases }: Lane): Promise<void> {
  for (const sql of databases) {
    const unsent = "SELECT 1 FROM mesh.outbox WHERE sent_at IS NULL LIMIT 1";
    await eventually(async () => (await sql.query(unsent)).rowCount === 0, { withinMs: 60_000 });
  }
}

function note(rounds: Rounds, result: LoadResult, cpuSeconds: Readonly<Record<string, number>>): void {
  rounds.perSecond.push(result.succeeded / result.seconds);
  rounds.refused.push(result.failures.get(tooSlow) ?? 0);
  for (const latency of result.latenciesMs) rounds.latenciesMs.push(latency);
  for (const [part, seconds] of Object.entries(cpuSeconds)) {
    rounds.cpu[part] ??= [];
    rounds.cpu[part].push((seconds / Math.max(1, result.succeeded)) * 1e6);
  }
}

/** Starts counting; the function that comes back tells the CPU seconds since then, of the load generator too. */
async function cpuOf(lane: Lane): Promise<() => Promise<Record<string, number>>> {
  const pids = Object.entries(await lane.pids());
  const read = () => pids.map(([part, pid]) => [part, cpuSeconds(pid)] as const);
  const before = new Map(read());
  const own = process.cpuUsage();
  return async () => {
    const { user, system } = process.cpuUsage(own);
    const used = read().map(([part, seconds]) => [part, seconds - (before.get(part) ?? 0)] as const);
    return { ...Object.fromEntries(used), "load generator": (user + system) / 1e6 };
  };
}

/** Pay has just started, and notes a deposit for every order. */
async function drain(lane: Lane, paySql: pg.Pool, orders: readonly Rounds[]): Promise<Row[]> {
  const placed = async () => Number((await paySql.query("SELECT count(*) FROM pay")).rows[0]?.count);
  await eventually(async () => (await placed()) > 0, { withinMs: 60_000, everyMs: 10 });
  const used = await cpuOf(lane);
  // Deposits, time and CPU of the same interval: from here to the last deposit.
  const first = await placed();
  const started = performance.now();
  let last = { count: first, at: started, cpu: 0 };
  // It is done when nothing has come for a second: the orders of the warm-up are among them, and no list of them is kept.
  await eventually(
    async () => {
      const count = await placed();
      if (count > last.count) last = { count, at: performance.now(), cpu: (await used())["pay"] ?? 0 };
      return performance.now() - last.at > 1_000;
    },
    { withinMs: 300_000, everyMs: 20 },
  );
  const least = orders.find((each) => each.lane === lane)?.latenciesMs.length ?? 0;
  if (last.count < least) throw new Error(`${lane.title}: ${last.count} deposits for ${least} orders`);
  const micros = (last.cpu / (last.count - first)) * 1e6;
  return [
    row(`deposit noted by event, ${lane.title}`, ((last.count - first) / (last.at - started)) * 1000, {
      unit: "events/s",
    }),
    row("  CPU of pay", micros, { unit: "µs/event" }),
  ];
}

async function depositsOf(paySql: pg.Pool): Promise<bigint[]> {
  const { rows } = await paySql.query<{ pay_id: string }>(
    "SELECT pay_id FROM pay WHERE status = 'PLACED' ORDER BY 1 DESC",
  );
  return rows.map(({ pay_id: payId }) => BigInt(payId));
}

function report(step: string, [ours, nest, mesh]: readonly Rounds[], bounds?: { ours: number; mesh: number }): Row[] {
  if (!ours || !nest || !mesh) throw new Error("a lane is missing");
  const ratio = (own: Rounds) =>
    median(own.perSecond.map((perSecond, round) => perSecond / (nest.perSecond[round] ?? 0)));
  const atLeast = (bound: number | undefined) => (bound === undefined ? {} : { mustBeAtLeast: bound });
  return [
    ...[ours, nest, mesh].flatMap((each) => laneRows(step, each)),
    row(`${step}, ours of the NestJS peer, median`, ratio(ours), { unit: "", ...atLeast(bounds?.ours) }),
    row(`${step}, through the mesh of the bare peer`, ratio(mesh), { unit: "", ...atLeast(bounds?.mesh) }),
  ];
}

function laneRows(step: string, { lane, perSecond, latenciesMs, refused, cpu }: Rounds): Row[] {
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  return [
    row(`${step}, ${lane.title}`, median(perSecond), { unit: "calls/s" }),
    ...(step === "CheckPay"
      ? [
          row(
            "  refused: product too slow",
            refused.reduce((sum, count) => sum + count, 0),
            { unit: "calls" },
          ),
        ]
      : []),
    row("  latency p50", percentile(sorted, 0.5), { unit: "ms" }),
    row("  latency p99", percentile(sorted, 0.99), { unit: "ms" }),
    ...Object.entries(cpu).map(([part, micros]) => row(`  CPU of ${part}`, median(micros), { unit: "µs/call" })),
  ];
}

function failIfAny({ failures }: LoadResult, { title }: Lane): void {
  const text = [...failures]
    .filter(([reason]) => reason !== tooSlow)
    .map(([reason, count]) => `${count} x ${reason}`)
    .join(", ");
  if (text !== "") throw new Error(`${title}: ${text}`);
}
