import { Daemon } from "#mesh/local/daemon/daemon.ts";
import { Refusal } from "#mesh/local/daemon/refusal.ts";
import { reportStatus } from "#mesh/local/daemon/report.ts";
import type { State } from "#mesh/local/daemon/state.ts";
import { printReady, showProgress } from "./progress.ts";

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
  let daemon: Daemon | undefined;
  let stopping = false;
  const stop = (why: string) => {
    if (!stopping && options.timeoutMs) process.stderr.write("\nstopping ...\n");
    stopping = true;
    daemon?.note(why);
    void daemon?.close();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop(`got ${signal}`));
  process.on("uncaughtException", (error) => {
    process.exitCode = 1;
    stop(`fails: ${error.stack}`);
  });
  let shown: Promise<string[]> | undefined;
  const created = (made: Daemon) => {
    daemon = made;
    if (stopping) throw new Refusal("stopped before it began");
    const { timeoutMs } = options;
    if (timeoutMs) shown = showProgress(async () => reportStatus(made), { timeoutMs });
  };
  const running = await Daemon.start(options, created).catch((error: unknown) => {
    if (stopping) return undefined;
    throw error;
  });
  if (!running) return;
  const problems = await shown;
  if (problems && !stopping) {
    if (problems.length > 0) process.stderr.write(`mesh: ${problems.join("\n")}\n`);
    else printReady(reportStatus(running), Date.now() - startedAt);
  }
  await running.ended;
}
