import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second of /proc/PID/stat: USER_HZ, 100 on every Linux that Node supports (proc(5)). */
const ticksPerSecond = 100;

/** The process and everything that it started. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = statOf(Number(name));
    if (stat) children.set(stat.parent, [...(children.get(stat.parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  for (let index = 0; index < tree.length; index++) tree.push(...(children.get(tree[index] ?? 0) ?? []));
  return tree;
}

/** A process with everything that it started, or these processes alone. */
type Processes = number | readonly number[];

/** CPU seconds, user and system, that they have used so far. */
export function cpuSeconds(processes: Processes): number {
  return listOf(processes).reduce((sum, pid) => sum + (statOf(pid)?.ticks ?? 0), 0) / ticksPerSecond;
}

/** Their proportional set size in MB (10^6 bytes): memory that several share is divided among them. */
export function pssMb(processes: Processes): number {
  return listOf(processes).reduce((sum, pid) => sum + pssKib(pid) * 1024, 0) / 1e6;
}

function listOf(processes: Processes): readonly number[] {
  return typeof processes === "number" ? processTree(processes) : processes;
}

function pssKib(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // it has ended
  }
}

function statOf(pid: number): { parent: number; ticks: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command may hold spaces and parentheses: the fields begin after the last one.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}
