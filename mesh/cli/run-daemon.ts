import { Daemon } from "#mesh/local/daemon/daemon.ts";
import type { State } from "#mesh/local/daemon/state.ts";
import { showProgress } from "./progress.ts";
import { printReady } from "./up.ts";
import { validate } from "./validate-objects.ts";

export interface RunOptions {
  readonly state: State;
  readonly gatewayPort: number;
  readonly systems: readonly string[];
  /** Show progress and wait so long for all to be ready; absent: run without a word. */
  readonly timeoutMs?: number;
}

/** Runs a mesh in this process until a signal or `mesh down` ends it. */
export async function runDaemon(options: RunOptions): Promise<void> {
  const startedAt = Date.now();
  const daemon = new Daemon({ ...options, validate });
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (!stopping && options.timeoutMs) process.stderr.write("\nstopping ...\n");
    stopping = true;
    daemon.note(`got ${signal}`);
    void daemon.close();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop(signal));
  process.on("uncaughtException", (error) => {
    daemon.note(`fails: ${error.stack}`);
    process.exitCode = 1;
    void daemon.close();
  });
  await daemon.start();
  if (options.timeoutMs) {
    const problems = await showProgress(async () => daemon.status(), { timeoutMs: options.timeoutMs });
    if (!stopping && problems.length > 0) process.stderr.write(`mesh: ${problems.join("\n")}\n`);
    else if (!stopping) printReady(daemon.status(), Date.now() - startedAt);
  }
  await daemon.ended;
}
