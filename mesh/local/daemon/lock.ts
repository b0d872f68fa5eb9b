import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { startTimeOf } from "../supervisor/process-table.ts";

export interface Holder {
  readonly pid: number;
  readonly startTime: string;
  readonly gatewayPort: number;
}

/** Who holds the lock and lives; undefined when nobody does. */
export function readLock(file: string): Holder | undefined {
  const holder = parse(file);
  return holder && lives(holder) ? holder : undefined;
}

/** Whether the process that took the lock still runs, and is not another one with its number. */
export function lives({ pid, startTime }: Holder): boolean {
  return startTimeOf(pid) === startTime;
}

/** Takes the lock, also from a holder that was killed; false when another process has it. Atomic between processes. */
export function takeLock(file: string, gatewayPort: number): boolean {
  const mine: Holder = { pid: process.pid, startTime: startTimeOf(process.pid) ?? "", gatewayPort };
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine));
  try {
    for (let tries = 0; tries < 3; tries++) {
      if (link(draft, file)) return true;
      if (readLock(file)) return false;
      removeStale(file);
    }
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

export function releaseLock(file: string): void {
  if (parse(file)?.pid === process.pid) rmSync(file, { force: true });
}

/** Moves the stale lock away first: of two that see it only one gets it, and a fresh one that it caught goes back. */
function removeStale(file: string): void {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return; // The other one was faster.
  }
  if (readLock(aside)) link(aside, file);
  rmSync(aside, { force: true });
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function parse(file: string): Holder | undefined {
  try {
    const holder: Partial<Holder> = JSON.parse(readFileSync(file, "utf8"));
    const { pid, startTime, gatewayPort = 0 } = holder;
    return typeof pid === "number" && typeof startTime === "string" ? { pid, startTime, gatewayPort } : undefined;
  } catch {
    return undefined;
  }
}
