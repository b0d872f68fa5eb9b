import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { locate } from "./binaries.ts";
import { type Child, type Exit, startChild, stopOrphan, tailOf } from "./child.ts";

export interface NatsOptions {
  /** Streams and the server's own files; made when it does not exist. */
  readonly dataDir: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 0: any free port. */
  readonly monitorPort?: number;
  /** Default: `nats.log` beside dataDir. */
  readonly logFile?: string;
}

export interface Nats {
  /** `nats://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** `http://127.0.0.1:PORT`: /healthz, /varz, /jsz */
  readonly monitorUrl: string;
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
}

const startMs = 30_000;

/**
 * Starts nats-server with JetStream on the loopback interface and waits until JetStream answers. A server that an earlier,
 * killed run left behind on the same folder is ended first: two on one store would destroy it.
 *
 * @throws when the port is taken or the server does not come up
 */
export async function startNats(options: NatsOptions): Promise<Nats> {
  const dataDir = resolve(options.dataDir);
  const logFile = options.logFile ?? join(dirname(dataDir), "nats.log");
  const binary = await locate("nats-server");
  mkdirSync(join(dataDir, "ports"), { recursive: true });
  const config = join(dataDir, "nats.conf");
  await clearLeftovers(dataDir, config);
  writeFileSync(config, configOf(dataDir, options));
  const child = await startChild(binary, ["-c", config], { logFile });
  try {
    const ports = await untilReady(child, dataDir, logFile);
    return {
      url: `nats://127.0.0.1:${ports.client}`,
      port: ports.client,
      monitorUrl: `http://127.0.0.1:${ports.monitor}`,
      pid: child.pid,
      exited: child.exited,
      stop: () => child.stop(),
    };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

function configOf(dataDir: string, options: NatsOptions): string {
  const quote = (path: string) => JSON.stringify(path);
  return [
    "server_name: mainsheet",
    `listen: "127.0.0.1:${options.port || -1}"`,
    `http: "127.0.0.1:${options.monitorPort || -1}"`,
    `pid_file: ${quote(join(dataDir, "nats.pid"))}`,
    `ports_file_dir: ${quote(join(dataDir, "ports"))}`,
    `jetstream { store_dir: ${quote(join(dataDir, "store"))} }`,
    "",
  ].join("\n");
}

async function clearLeftovers(dataDir: string, config: string): Promise<void> {
  const pidFile = join(dataDir, "nats.pid");
  if (existsSync(pidFile)) await stopOrphan(Number(readFileSync(pidFile, "utf8")), config);
  rmSync(pidFile, { force: true });
  for (const name of readdirSync(join(dataDir, "ports"))) rmSync(join(dataDir, "ports", name), { force: true });
}

interface Ports {
  readonly client: number;
  readonly monitor: number;
}

async function untilReady(child: Child, dataDir: string, logFile: string): Promise<Ports> {
  const giveUpAt = Date.now() + startMs;
  for (;;) {
    if (!child.running()) throw explain(logFile);
    const ports = readPorts(dataDir);
    if (ports && (await isHealthy(ports.monitor))) return ports;
    if (Date.now() > giveUpAt) throw new Error(`NATS is not ready after ${startMs / 1000} s:\n${tailOf(logFile)}`);
    await sleep(20);
  }
}

function readPorts(dataDir: string): Ports | undefined {
  const file = readdirSync(join(dataDir, "ports")).find((name) => name.endsWith(".ports"));
  if (!file) return undefined;
  try {
    const ports: { nats?: string[]; monitoring?: string[] } = JSON.parse(
      readFileSync(join(dataDir, "ports", file), "utf8"),
    );
    const client = portOf(ports.nats);
    const monitor = portOf(ports.monitoring);
    return client && monitor ? { client, monitor } : undefined;
  } catch {
    return undefined; // Still being written.
  }
}

function portOf(urls: string[] | undefined): number | undefined {
  return urls?.[0] ? Number(new URL(urls[0]).port) : undefined;
}

async function isHealthy(monitorPort: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${monitorPort}/healthz`);
    return answer.ok;
  } catch {
    return false;
  }
}

function explain(logFile: string): Error {
  const tail = tailOf(logFile);
  const taken = /listen tcp 127\.0\.0\.1:(\d+): bind: address already in use/.exec(tail);
  if (taken) return new Error(`NATS cannot listen on port ${taken[1]}: it is taken; choose another one`);
  return new Error(`NATS does not start; the end of ${logFile}:\n${tail}`);
}
