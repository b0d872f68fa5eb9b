import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError } from "commander";
import { askDaemon } from "#mesh/local/daemon/control-client.ts";
import { readLock } from "#mesh/local/daemon/lock.ts";
import { preflight } from "#mesh/local/daemon/preflight.ts";
import { Refusal } from "#mesh/local/daemon/refusal.ts";
import type { State } from "#mesh/local/daemon/state.ts";
import type { Status } from "#mesh/local/daemon/status.ts";
import { printReady, showProgress } from "./progress.ts";
import { enterRepository, meshCommand, refusing, type StateOption, statusOf } from "./running-mesh.ts";

interface UpOptions extends StateOption {
  readonly detach?: boolean;
  readonly gatewayPort?: number;
  readonly timeout: number;
}

const defaultGatewayPort = 8080;
const settleMs = 15_000;

/** `mesh up`: starts PostgreSQL, NATS, Envoy and the services, and keeps them running. */
export function command(): Command {
  return meshCommand("up", "start PostgreSQL, NATS, Envoy and the services, and keep them running")
    .argument("[systems...]", "which systems; default: all under services/")
    .option("-d, --detach", "return when all is ready; the mesh goes on in the background")
    .option("--gateway-port <port>", "the gateway's port; 0: any free one (default: 8080)", parsePort)
    .option("--timeout <seconds>", "how long to wait until all is ready", Number, 300)
    .action(refusing((systems: string[], options: UpOptions) => up(systems, options)));
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("a port is a number from 0 to 65535.");
  return port;
}

async function up(systems: string[], options: UpOptions): Promise<void> {
  const state = enterRepository(options);
  const running = await runningMesh(state);
  if (running) return joinRunning(running, systems, { state, options });
  const gatewayPort = options.gatewayPort ?? defaultGatewayPort;
  if (options.detach) await startDetached(systems, { state, gatewayPort, timeoutMs: options.timeout * 1000 });
  else
    await (await import("./run-daemon.ts")).runDaemon({
      state,
      gatewayPort,
      systems,
      timeoutMs: options.timeout * 1000,
    });
}

/** The mesh that runs with this state. One that is just starting, or ending, is given a moment to be the one or the other. */
async function runningMesh(state: State): Promise<Status | undefined> {
  for (const giveUpAt = Date.now() + settleMs; ; await sleep(100)) {
    const running = await statusOf(state);
    if (running && running.phase !== "stopping") return running;
    const holder = readLock(state.lock);
    if (!holder) return undefined;
    if (Date.now() < giveUpAt) continue;
    throw new Refusal(
      `a mesh with the state ${state.root} is starting or stopping (pid ${holder.pid}); try again in a moment`,
    );
  }
}

/** A mesh runs already: it brings up what is missing. */
async function joinRunning(
  running: Status,
  systems: string[],
  of: { state: State; options: UpOptions },
): Promise<void> {
  const { gatewayPort, timeout } = of.options;
  if (gatewayPort && gatewayPort !== running.gatewayPort) {
    throw new Refusal(
      `a mesh runs already, with its gateway on port ${running.gatewayPort}; stop it with \`mesh down\` or use another --state`,
    );
  }
  process.stderr.write(`the mesh runs already (pid ${running.pid})\n`);
  await askDaemon(of.state.controlSocket, "POST", "/up", { systems });
  await waitUntilReady(of.state, timeout * 1000);
}

async function startDetached(
  systems: string[],
  of: { state: State; gatewayPort: number; timeoutMs: number },
): Promise<void> {
  const problems = await preflight(of.state, of.gatewayPort);
  if (problems.length > 0) throw new Refusal(problems.join("\n"));
  mkdirSync(of.state.logs, { recursive: true });
  const logFile = join(of.state.logs, "daemon.out");
  const log = openSync(logFile, "w");
  const args = [
    process.argv[1] ?? "",
    "daemon",
    ...systems,
    "--state",
    of.state.root,
    "--gateway-port",
    String(of.gatewayPort),
  ];
  const child = spawn(process.execPath, args, { detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  child.unref();
  let ended = false;
  child.once("exit", () => {
    ended = true;
  });
  while (!ended && !(await statusOf(of.state))) await sleep(30);
  const failed = await waitUntilReady(of.state, of.timeoutMs).catch((error: unknown) => error);
  if (!failed) return;
  const gone = ended || !(await statusOf(of.state));
  throw gone
    ? new Refusal(
        readFileSync(logFile, "utf8")
          .trim()
          .replace(/^mesh: /, "") || "the mesh ended",
      )
    : failed;
}

async function waitUntilReady(state: State, timeoutMs: number): Promise<void> {
  const startedAt = Date.now();
  const problems = await showProgress(() => statusOf(state), { timeoutMs });
  if (problems.length > 0) throw new Refusal(problems.join("\n"));
  const status = await statusOf(state);
  if (status) printReady(status, Date.now() - startedAt);
}
