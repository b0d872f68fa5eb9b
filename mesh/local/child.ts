import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface ChildOptions {
  /** Both output streams are appended here. */
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Runs the process as another user (only root may). */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** What asks the process to end in good order; default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A server process that is not ours (Envoy, NATS, PostgreSQL): started, watched, ended. */
export interface Child {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  running(): boolean;
  /** Asks it to end, waits `graceMs` (default 10 s), then kills it; resolves once it is gone. */
  stop(graceMs?: number): Promise<void>;
}

const living = new Map<ChildProcess, NodeJS.Signals>();
let hooked = false;

/**
 * Starts a process in a process group of its own, so that Ctrl-C in the terminal reaches only us and we decide the order in
 * which things end. Should this process end first, the children are asked to end too.
 *
 * @throws when the program cannot be executed
 */
export async function startChild(command: string, args: readonly string[], options: ChildOptions): Promise<Child> {
  const stopSignal = options.stopSignal ?? "SIGTERM";
  const spawned = spawnLogged(command, args, options);
  await new Promise<void>((resolve, reject) => {
    spawned.once("spawn", resolve);
    spawned.once("error", (error) => reject(new Error(`${command} cannot be started: ${error.message}`)));
  });
  endWithUs();
  living.set(spawned, stopSignal);
  const exited = new Promise<Exit>((resolve) => {
    spawned.once("exit", (code, signal) => {
      living.delete(spawned);
      resolve({ code, signal });
    });
  });
  return {
    pid: spawned.pid ?? 0,
    exited,
    running: () => living.has(spawned),
    stop: (graceMs = 10_000) => end(spawned, exited, { stopSignal, graceMs }),
  };
}

/**
 * Ends a process that an earlier run of ours left behind (it was killed before it could clean up). Nothing happens when the
 * pid belongs by now to something else: the command line must contain `marker`.
 */
export async function stopOrphan(pid: number, marker: string, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (!isOurs(pid, marker)) return;
  kill(pid, signal);
  for (let waitedMs = 0; isOurs(pid, marker); waitedMs += 50) {
    if (waitedMs === 10_000) kill(pid, "SIGKILL");
    if (waitedMs > 15_000) throw new Error(`process ${pid} (${marker}) of an earlier run does not end; end it by hand`);
    await sleep(50);
  }
}

/** The last lines of a log, for a message that explains why a process ended. */
export function tailOf(logFile: string, lines = 8): string {
  try {
    return readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "";
  }
}

function spawnLogged(command: string, args: readonly string[], options: ChildOptions): ChildProcess {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, "a");
  try {
    return spawn(command, args, {
      detached: true,
      stdio: ["ignore", log, log],
      env: options.env ?? process.env,
      ...(options.cwd ? { cwd: options.cwd } : {}),
      ...(options.user ?? {}),
    });
  } finally {
    closeSync(log);
  }
}

async function end(
  spawned: ChildProcess,
  exited: Promise<Exit>,
  how: { stopSignal: NodeJS.Signals; graceMs: number },
): Promise<void> {
  if (!living.has(spawned)) return;
  spawned.kill(how.stopSignal);
  const hardly = setTimeout(() => spawned.kill("SIGKILL"), how.graceMs);
  await exited;
  clearTimeout(hardly);
}

function endWithUs(): void {
  if (hooked) return;
  hooked = true;
  process.on("exit", () => {
    for (const [child, signal] of living) child.kill(signal);
  });
}

function isOurs(pid: number, marker: string): boolean {
  try {
    const command = execFileSync("ps", ["-ww", "-o", "stat=,command=", "-p", String(pid)], { encoding: "utf8" });
    return !command.startsWith("Z") && command.includes(marker);
  } catch {
    return false;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself meanwhile.
  }
}
