// SirenOrder under `mesh up`, on a copy of its files and a state of its own: start-up, memory, orders through the gateway, and the
// time from saving a policy to its being in force.
import { readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Order, OrderServiceService } from "#gen/proto/siren/order/v1/order.ts";
import { Product, ProductServiceService, ProductStatus } from "#gen/proto/siren/product/v1/product.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { type RunningSystem, startSystem } from "#mesh/testing/system.ts";
import { closedLoop, median, openLoop, percentile } from "./load.ts";
import { cpuSeconds, pssMb } from "./proc.ts";
import { type Row, row } from "./report.ts";

const parts = ["envoy", "postgres", "nats", "order", "product", "report"] as const;
type Part = (typeof parts)[number];

/** Runs all of it and returns a row a figure. Takes about two minutes. */
export async function benchSiren(): Promise<Row[]> {
  await using system = await startSystem("siren");
  return [
    ...(await warmStart(system)),
    ...(await idleMemory(system)),
    ...(await orders(system)),
    ...(await policyChange(system)),
  ];
}

/** The first start made the databases and the bundles; what a developer waits for each morning is the second. */
async function warmStart(system: RunningSystem): Promise<Row[]> {
  await system.mesh("down");
  const start = performance.now();
  await system.mesh("up", "siren", "--detach", "--gateway-port", new URL(system.gateway).port);
  return [row("mesh up siren, warm", (performance.now() - start) / 1000, { unit: "s", mustBeAtMost: 10 })];
}

async function idleMemory(system: RunningSystem): Promise<Row[]> {
  await sleep(5000);
  const pids = await pidsOf(system);
  const services = (["order", "product", "report"] as const).map((name) => pssMb(pids[name]));
  return [
    row("idle service, largest of three", Math.max(...services), { unit: "MB PSS", mustBeAtMost: 90 }),
    row("idle Envoy", pssMb(pids.envoy), { unit: "MB PSS" }),
    row("idle PostgreSQL", pssMb(pids.postgres), { unit: "MB PSS" }),
    row("idle NATS", pssMb(pids.nats), { unit: "MB PSS" }),
  ];
}

async function orders(system: RunningSystem): Promise<Row[]> {
  const productId = await orderableProduct(system);
  const grpc = system.grpc();
  const order = async () => {
    const { code, reason } = await grpc.call(OrderServiceService.createOrder, {
      order: Order.fromPartial({ productId }),
    });
    if (code !== 0) throw new Error(`${code} ${reason}`);
  };
  await closedLoop(order, { concurrency: 32, seconds: 5 }); // Warms up: the compiler, the pools.
  const pids = await pidsOf(system);
  const used = () => Object.fromEntries(parts.map((part) => [part, cpuSeconds(pids[part])])) as Record<Part, number>;
  const before = used();
  const result = await closedLoop(order, { concurrency: 32, seconds: 15 });
  const after = used();
  failIfAny(result.failures, "CreateOrder");
  const micros = (part: Part) => ((after[part] - before[part]) / result.succeeded) * 1e6;
  return [
    row("CreateOrder through the gateway, 32 callers", result.succeeded / result.seconds, { unit: "calls/s" }),
    row("  latency p50", percentile(result.latenciesMs, 0.5), { unit: "ms" }),
    row("  latency p99", percentile(result.latenciesMs, 0.99), { unit: "ms" }),
    ...parts.map((part) => row(`  CPU of ${part}`, micros(part), { unit: "µs/call" })),
  ];
}

/** Saves a policy that changes a response header, again and again, under 200 requests a second; the header tells when it counts. */
async function policyChange(system: RunningSystem): Promise<Row[]> {
  const file = join(system.folder, "istio/gateway/siren.yaml");
  const original = readFileSync(file, "utf8");
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const seen = new Map<string, number>();
  const call = async () => {
    const header = await listReports(system, agent);
    if (header !== undefined && !seen.has(header)) seen.set(header, performance.now());
  };
  const edits = 30;
  const delays: number[] = [];
  const editing = async () => {
    for (let edit = 1; edit <= edits; edit++) {
      await sleep(400);
      const marker = String(edit);
      writeFileSync(file, withHeader(original, marker));
      const saved = performance.now();
      delays.push((await eventually(() => seen.get(marker), { withinMs: 10_000, everyMs: 5 })) - saved);
    }
  };
  const done = editing();
  const load = openLoop(call, { ratePerSecond: 200, seconds: edits * 0.6 });
  const [result] = await Promise.all([load, done]).finally(() => agent.destroy());
  const sorted = delays.sort((a, b) => a - b);
  const failed = [...result.failures.values()].reduce((sum, count) => sum + count, 0);
  return [
    row("policy saved to in force, p50", median(sorted), { unit: "ms" }),
    row("policy saved to in force, p99", percentile(sorted, 0.99), { unit: "ms", mustBeAtMost: 500 }),
    row("requests failed meanwhile, at 200/s", failed, { unit: `of ${result.succeeded + failed}`, mustBeAtMost: 0 }),
  ];
}

/** The policy of the route for reports, with a response header. */
function withHeader(policy: string, marker: string): string {
  const route = "    - name: report-reads\n";
  const changed = policy.replace(route, `${route}      headers: { response: { set: { x-bench: "${marker}" } } }\n`);
  if (changed === policy) throw new Error("istio/gateway/siren.yaml has no route report-reads any more");
  return changed;
}

function listReports(system: RunningSystem, agent: Agent): Promise<string | undefined> {
  const url = new URL("/v1/reports?page_size=1", system.gateway);
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, headers: { host: "siren.localhost" } }, (response) => {
      response.resume().once("end", () => {
        if (response.statusCode !== 200) reject(new Error(`HTTP ${response.statusCode}`));
        else resolve(response.headers["x-bench"] as string | undefined);
      });
    });
    outgoing.once("error", reject).end();
  });
}

async function orderableProduct(system: RunningSystem): Promise<bigint> {
  const grpc = system.grpc();
  const product = Product.fromPartial({ name: "bench", price: 4500n, status: ProductStatus.PRODUCT_STATUS_AVAILABLE });
  const { response } = await grpc.call(ProductServiceService.createProduct, { product });
  const productId = response?.productId ?? 0n;
  await eventually(async () => (await grpc.call(OrderServiceService.getProductSnapshot, { productId })).code === 0);
  return productId;
}

async function pidsOf(system: RunningSystem): Promise<Record<Part, number>> {
  const status = await system.status();
  const pid = (part: Part) => status.find(({ workload }) => workload === part)?.pid ?? 0;
  return Object.fromEntries(parts.map((part) => [part, pid(part)])) as Record<Part, number>;
}

function failIfAny(failures: ReadonlyMap<string, number>, what: string): void {
  const text = [...failures].map(([reason, count]) => `${count} x ${reason}`).join(", ");
  if (text !== "") throw new Error(`${what} failed: ${text}`);
}
