import { setTimeout as sleep } from "node:timers/promises";
import pc from "picocolors";
import type { Status, StatusRow, WorkloadStatus } from "#mesh/local/daemon/status.ts";

/** A workload that was started so often in vain will not become ready by waiting. */
const hopelessRestarts = 3;
/** Envoy's refusal of a configuration is final as long as nobody edits it. */
const refusedMs = 5_000;
const pollMs = 100;

/**
 * Shows how servers and workloads become ready: on a terminal as lines that change in place, else a line for each step.
 * Resolves with what is wrong, empty when all is ready.
 */
export async function showProgress(
  read: () => Promise<Status | undefined>,
  options: { timeoutMs: number; out?: NodeJS.WriteStream },
): Promise<string[]> {
  const out = options.out ?? process.stderr;
  const view = out.isTTY ? new Lines(out) : new Steps(out);
  const giveUpAt = Date.now() + options.timeoutMs;
  let refusedSince = Number.POSITIVE_INFINITY;
  for (;;) {
    const status = await read();
    if (!status || status.phase === "stopping") return ["the mesh has ended; see its log"];
    view.show(status);
    if (status.ready) return [];
    refusedSince = isRefused(status) ? Math.min(refusedSince, Date.now()) : Number.POSITIVE_INFINITY;
    if (Date.now() - refusedSince > refusedMs) return ["the configuration is not in force:", ...errorsOf(status)];
    const hopeless = hopelessOf(status);
    if (hopeless.length > 0) return hopeless;
    if (Date.now() > giveUpAt) return notReady(status, options.timeoutMs);
    await sleep(pollMs);
  }
}

/** All runs, but Envoy does not take what the YAML says. Without an error it is only slow to take it. */
function isRefused(status: Status): boolean {
  const runs = status.phase === "running" && status.workloads.every(({ settled }) => settled);
  return runs && !status.inForce && errorsOf(status).length > 0;
}

function errorsOf({ findings }: Status): string[] {
  return findings
    .filter(({ severity }) => severity === "error")
    .map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`);
}

function hopelessOf(status: Status): string[] {
  if (status.phase !== "running") return [];
  const broken = status.findings.filter(({ code }) => code === "M923" || code === "M924");
  if (broken.length > 0) return broken.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`);
  return status.rows
    .filter((row) => row.restarts >= hopelessRestarts && row.state === "CrashLoopBackOff")
    .map(
      (row) =>
        `${row.system}/${row.workload} does not start (${row.reason}); see \`mesh logs ${row.system}/${row.workload}\``,
    );
}

function notReady(status: Status, timeoutMs: number): string[] {
  const waiting = status.rows
    .filter((row) => !row.ready)
    .map((row) => `${row.system}/${row.workload} (${row.reason || row.state})`);
  const what = waiting.length > 0 ? waiting.join(", ") : status.activity || "the configuration";
  return [`not ready after ${timeoutMs / 1000} s: ${what}`];
}

interface View {
  show(status: Status): void;
}

interface Line {
  readonly name: string;
  readonly text: string;
  readonly ready: boolean;
  /** Worth a line where lines cannot be written over. */
  readonly news: boolean;
}

function linesOf(status: Status): Line[] {
  const servers = status.rows.filter((row) => row.system === "mesh").map(serverLine);
  return [...servers, ...status.workloads.map((workload) => workloadLine(workload, status))];
}

function serverLine(row: StatusRow): Line {
  const text = row.ready ? "ready" : row.reason || row.state.toLowerCase();
  return { name: row.workload, text, ready: row.ready, news: row.ready || row.reason !== "" };
}

function workloadLine({ system, workload, desired, ready, settled }: WorkloadStatus, status: Status): Line {
  const rows = status.rows.filter((row) => row.system === system && row.workload === workload);
  // That a process does not listen yet is no news; that it was started again is.
  const reason = rows.find((row) => !row.ready && row.reason && row.restarts > 0)?.reason;
  const text = settled ? `${ready}/${desired} ready` : `${ready}/${desired} ready${reason ? `, ${reason}` : ""}`;
  return { name: `${system}/${workload}`, text, ready: settled, news: settled || reason !== undefined };
}

/** For terminals: all lines, written over each time. */
class Lines implements View {
  readonly #out: NodeJS.WriteStream;
  #height = 0;
  #last = "";

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show(status: Status): void {
    const lines = linesOf(status).map(
      ({ name, text, ready }) => `  ${ready ? pc.green("✓") : pc.yellow("·")} ${name.padEnd(24)} ${text}`,
    );
    const activity = status.ready ? "" : status.activity;
    const text = [...lines, ...(activity ? [pc.dim(`  ${activity} ...`)] : [])].join("\n");
    if (text === this.#last) return;
    const up = this.#height > 0 ? `\x1b[${this.#height}A\x1b[0J` : "";
    this.#out.write(`${up}${text}\n`);
    this.#height = text.split("\n").length;
    this.#last = text;
  }
}

/** For files and pipes: a line when something becomes ready or says why it is not. */
class Steps implements View {
  readonly #out: NodeJS.WriteStream;
  readonly #seen = new Map<string, string>();
  readonly #startedAt = Date.now();

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show(status: Status): void {
    for (const { name, text, news } of linesOf(status)) {
      if (!news || this.#seen.get(name) === text) continue;
      this.#seen.set(name, text);
      const seconds = ((Date.now() - this.#startedAt) / 1000).toFixed(1);
      this.#out.write(`${seconds.padStart(6)} s  ${name.padEnd(24)} ${text}\n`);
    }
  }
}

/** What there is to know once all is ready: problems of the YAML, overlays, URLs. */
export function printReady(status: Status, tookMs: number): void {
  for (const error of errorsOf(status)) process.stderr.write(`${pc.red("error")} ${error}\n`);
  process.stdout.write(`all ready in ${(tookMs / 1000).toFixed(1)} s\n`);
  if (status.overlays.length > 0) process.stdout.write(`overlays in force: ${status.overlays.join(", ")}\n`);
  for (const url of status.urls) process.stdout.write(`  ${url}\n`);
  if (status.urls.length === 0) process.stdout.write(`  http://localhost:${status.gatewayPort}\n`);
}
