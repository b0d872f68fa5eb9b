import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const onLinux = process.platform === "linux";
/** USER_HZ: fixed to 100 on every architecture that Node runs on. */
const ticksPerSecond = 100;

export interface Usage {
  /** User and system time of all living members, in seconds. */
  readonly cpuSeconds: number;
  /** Memory that cannot be reclaimed (anonymous and shared), which is what a memory limit hits; in bytes. */
  readonly memoryBytes: number;
}

/** When a process started, in the kernel's own words: with the pid it names one process for good. Undefined if there is none. */
export function startTimeOf(pid: number): string | undefined {
  if (!onLinux) return ps(["-o", "lstart=", "-p", String(pid)])[0];
  const stat = readStat(pid);
  return stat && stat.state !== "Z" && stat.state !== "X" ? `${stat.startTicks}@${bootId()}` : undefined;
}

/** The living members of a process group. */
export function membersOf(group: number): number[] {
  if (!onLinux) {
    return ps(["-axo", "pid=,pgid="])
      .map((line) => line.trim().split(/\s+/).map(Number))
      .flatMap(([pid, pgid]) => (pid !== undefined && pgid === group ? [pid] : []));
  }
  return allStats().flatMap(({ pid, stat }) => (stat.group === group && stat.state !== "Z" ? [pid] : []));
}

/** What the processes of each group use. One pass over the process table for all of them. */
export function usageOf(groups: ReadonlySet<number>): Map<number, Usage> {
  const usage = new Map<number, Usage>();
  const members = onLinux ? linuxMembers(groups) : psMembers(groups);
  for (const { group, cpuSeconds, memoryBytes } of members) {
    const sum = usage.get(group) ?? { cpuSeconds: 0, memoryBytes: 0 };
    usage.set(group, { cpuSeconds: sum.cpuSeconds + cpuSeconds, memoryBytes: sum.memoryBytes + memoryBytes });
  }
  return usage;
}

/** A variable of a process' environment as it was started; undefined where the system does not tell. */
export function environmentOf(pid: number, name: string): string | undefined {
  const text = onLinux ? read(`/proc/${pid}/environ`) : undefined;
  const entry = text?.split("\0").find((line) => line.startsWith(`${name}=`));
  return entry?.slice(name.length + 1);
}

interface Member extends Usage {
  readonly group: number;
}

function linuxMembers(groups: ReadonlySet<number>): Member[] {
  return allStats().flatMap(({ pid, stat }) =>
    groups.has(stat.group)
      ? [{ group: stat.group, cpuSeconds: stat.cpuTicks / ticksPerSecond, memoryBytes: unreclaimableOf(pid) }]
      : [],
  );
}

function unreclaimableOf(pid: number): number {
  const status = read(`/proc/${pid}/status`) ?? "";
  const kilobytes = ["RssAnon", "RssShmem"].map((name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0),
  );
  return kilobytes.reduce((sum, value) => sum + value, 0) * 1024;
}

function psMembers(groups: ReadonlySet<number>): Member[] {
  return ps(["-axo", "pgid=,rss=,time="]).flatMap((line) => {
    const [group, rss, time] = line.trim().split(/\s+/);
    if (!groups.has(Number(group))) return [];
    const cpuSeconds = (time ?? "0").split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
    return [{ group: Number(group), cpuSeconds, memoryBytes: Number(rss) * 1024 }];
  });
}

interface Stat {
  readonly state: string;
  readonly group: number;
  readonly cpuTicks: number;
  readonly startTicks: number;
}

function allStats(): { pid: number; stat: Stat }[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? readStat(pid) : undefined;
    return stat ? [{ pid, stat }] : [];
  });
}

/** proc(5): the fields behind the name, which is in parentheses and may contain anything. */
function readStat(pid: number): Stat | undefined {
  const text = read(`/proc/${pid}/stat`);
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  if (!fields || fields.length < 20) return undefined;
  return {
    state: fields[0] ?? "",
    group: Number(fields[2]),
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    startTicks: Number(fields[19]),
  };
}

let boot: string | undefined;

function bootId(): string {
  boot ??= read("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
  return boot;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // It ended meanwhile, or is not ours to read.
  }
}

function ps(args: string[]): string[] {
  try {
    return execFileSync("ps", args, { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } })
      .trim()
      .split("\n");
  } catch {
    return [];
  }
}
