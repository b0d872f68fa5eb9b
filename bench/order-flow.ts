// Mall's order flow, twice: our services and the NestJS peer's, the same three on either side, each a process in production mode with a
// database of its own, on the same PostgreSQL and NATS and without a proxy.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { HealthCheckResponse_ServingStatus, HealthService } from "#gen/proto/grpc/health/v1/health.ts";
import { Bundler } from "#mesh/local/daemon/bundler.ts";
import { migrate } from "#mesh/service/migrate.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { type GrpcCaller, grpcCaller } from "#mesh/testing/grpc-caller.ts";
import type { TestNats, TestPostgres } from "#mesh/testing/servers.ts";
import { buildPeers, type PeerName, peerNames } from "./peers/build.ts";

export const sides = ["ours", "nest"] as const;
export type Side = (typeof sides)[number];

/** One service of a side. */
export interface Runner extends AsyncDisposable {
  readonly pid: number;
  /** `unix:/path` */
  readonly target: string;
  readonly caller: GrpcCaller;
  readonly sql: pg.Pool;
}

export interface OrderFlow extends AsyncDisposable {
  readonly order: Runner;
  readonly pay: Runner;
  readonly product: Runner;
}

export interface Servers {
  readonly postgres: TestPostgres;
  readonly nats: TestNats;
}

const repository = join(import.meta.dirname, "..");

/** Builds a side, starts its services and waits until they answer. */
export async function startOrderFlow(side: Side, servers: Servers): Promise<OrderFlow> {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), `mall-${side}-`));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const mains = side === "ours" ? await bundles(join(folder, "bundles")) : buildPeers();
    const start = async (name: PeerName, env: Readonly<Record<string, string>>) => {
      return stack.use(await startRunner({ side, name, main: mains[name], folder, env }, servers));
    };
    const product = await start("product", {});
    const pay = await start("pay", { MESH_OUTBOUND: product.target, PRODUCT_URL: product.target });
    const order = await start("order", { MESH_OUTBOUND: pay.target });
    return { order, pay, product, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** As `mesh up` bundles them. */
async function bundles(folder: string): Promise<Record<PeerName, string>> {
  const bundler = new Bundler(repository, folder);
  const made = peerNames.map(async (name) => {
    const { main } = await bundler.bundle(`mall/${name}`, join(repository, "services", "mall", name, "main.ts"));
    return [name, main] as const;
  });
  return Object.fromEntries(await Promise.all(made)) as Record<PeerName, string>;
}

interface RunnerOptions {
  readonly side: Side;
  readonly name: PeerName;
  readonly main: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

async function startRunner(options: RunnerOptions, { postgres, nats }: Servers): Promise<Runner> {
  const { side, name, main, folder, env } = options;
  const url = postgres.freshUrl();
  // Both sides write to the tables that our migrations make, with the same indexes and checks.
  await migrate(url, join(repository, "services", "mall", name, "migrations"));
  const socket = join(folder, `${name}.sock`);
  const target = `unix:${socket}`;
  const listens = side === "ours" ? { MESH_LISTEN: target } : { LISTEN: target, SERVICE_NAME: `${name}.mall` };
  const servers = { NS: `mall${side}`, DATABASE_URL: url, NATS_URL: nats.url };
  const log = openSync(join(folder, `${name}.log`), "w");
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, NODE_ENV: "production", LOG_LEVEL: "info", ...servers, ...listens, ...env },
    stdio: ["ignore", log, "inherit"],
  });
  closeSync(log);
  const ended = once(child, "exit");
  const isUp = () => child.exitCode !== null || existsSync(socket);
  await eventually(isUp, { withinMs: 60_000 });
  const caller = grpcCaller(target);
  const sql = new pg.Pool({ connectionString: url, max: 2 });
  const stop = async () => {
    caller[Symbol.dispose]();
    await sql.end();
    child.kill("SIGTERM");
    await ended;
  };
  try {
    if (side === "ours") await eventually(() => isServing(caller), { withinMs: 60_000 });
    if (child.exitCode !== null) throw new Error(`${name} of ${side} ended with ${child.exitCode}`);
    return { pid: child.pid ?? 0, target, caller, sql, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function isServing(caller: GrpcCaller): Promise<boolean> {
  const { response } = await caller.call(HealthService.check, { service: "readiness" });
  return response?.status === HealthCheckResponse_ServingStatus.SERVING;
}

/** Puts a product, number 1, into the tables of a side that has none yet. */
export async function addProduct(
  { order, product }: OrderFlow,
  { name, price, qty }: { readonly name: string; readonly price: bigint; readonly qty: number },
): Promise<void> {
  await order.sql.query("INSERT INTO product_copy VALUES (1, $1, $2, 1)", [name, price]);
  const sql = `WITH registered AS (INSERT INTO product (name, price, qty, stock_seq) VALUES ($1, $2, $3, 1) RETURNING *)
    INSERT INTO stock_movement (product_id, seq, change, former_qty, remaining_qty)
      SELECT product_id, stock_seq, qty, 0, qty FROM registered`;
  await product.sql.query(sql, [name, price, qty]);
}
