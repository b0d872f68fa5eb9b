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
  readonly caller: GrpcCaller;
  readonly sql: pg.Pool;
}

/** The services of one side, stopped together. */
export interface OrderFlow extends AsyncDisposable {
  /** Starts a service and waits until it answers. */
  start(name: PeerName): Promise<Runner>;
}

export interface Servers {
  readonly postgres: TestPostgres;
  readonly nats: TestNats;
}

const repository = join(import.meta.dirname, "..");

/** Builds a side; nothing runs yet. @param env for its services, besides what they need */
export async function openOrderFlow(
  side: Side,
  servers: Servers,
  env: Readonly<Record<string, string>> = {},
): Promise<OrderFlow> {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), `mall-${side}-`));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const mains = side === "ours" ? await bundles(join(folder, "bundles")) : buildPeers();
  return {
    start: async (name) => stack.use(await startRunner({ side, name, main: mains[name], folder, env }, servers)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
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
  /** Of the side's sockets. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

async function startRunner(options: RunnerOptions, { postgres, nats }: Servers): Promise<Runner> {
  const { side, name, main, folder, env } = options;
  const url = postgres.freshUrl();
  // Both sides write to the tables that our migrations make, with the same indexes and checks.
  await migrate(url, join(repository, "services", "mall", name, "migrations"));
  const socket = join(folder, `${name}.sock`);
  const callee = name === "order" ? "pay" : "product";
  const calls = `unix:${join(folder, `${callee}.sock`)}`;
  const ways = {
    ours: { MESH_LISTEN: `unix:${socket}`, MESH_OUTBOUND: calls },
    nest: { LISTEN: `unix:${socket}`, PRODUCT_URL: calls },
  };
  const servers = { NS: `mall${side}`, DATABASE_URL: url, NATS_URL: nats.url, SERVICE_NAME: `${name}.mall` };
  const log = openSync(join(folder, `${name}.log`), "w");
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, NODE_ENV: "production", LOG_LEVEL: "info", ...servers, ...ways[side], ...env },
    stdio: ["ignore", log, "inherit"],
  });
  closeSync(log);
  const ended = once(child, "exit");
  const isUp = () => child.exitCode !== null || existsSync(socket);
  const caller = grpcCaller(`unix:${socket}`);
  const sql = new pg.Pool({ connectionString: url, max: 2 });
  const stop = async () => {
    caller[Symbol.dispose]();
    await sql.end();
    child.kill("SIGTERM");
    await ended;
  };
  try {
    await eventually(isUp, { withinMs: 60_000 });
    if (side === "ours") await eventually(() => isServing(caller), { withinMs: 60_000 });
    if (child.exitCode !== null) throw new Error(`${name} of ${side} ended with ${child.exitCode}`);
    return { pid: child.pid ?? 0, caller, sql, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function isServing(caller: GrpcCaller): Promise<boolean> {
  const { response } = await caller.call(HealthService.check, { service: "readiness" });
  return response?.status === HealthCheckResponse_ServingStatus.SERVING;
}

/** What a side's tables hold of the catalogue before anything is ordered. */
export interface Catalogue {
  readonly name: string;
  readonly price: bigint;
  readonly qty: number;
  readonly count: number;
}

/** Tells order of products, numbered from 1, of which it has heard of none yet. */
export async function addCopies({ sql }: Runner, { name, price, count }: Catalogue): Promise<void> {
  const copies = "INSERT INTO product_copy SELECT number, $1, $2, 1 FROM generate_series(1, $3::integer) number";
  await sql.query(copies, [name, price, count]);
}

/** Puts the same products into product's tables. */
export async function addProducts({ sql }: Runner, { name, price, qty, count }: Catalogue): Promise<void> {
  const products = `WITH registered AS (
      INSERT INTO product (name, price, qty, stock_seq) SELECT $1, $2, $3, 1 FROM generate_series(1, $4::integer) RETURNING *
    )
    INSERT INTO stock_movement (product_id, seq, change, former_qty, remaining_qty)
      SELECT product_id, stock_seq, qty, 0, qty FROM registered`;
  await sql.query(products, [name, price, qty, count]);
}
