// Several systems under one `mesh up`: until everything is ready, what they hold when idle, and what they do when nobody asks.
import { globSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type RunningSystem, startSystem } from "#mesh/testing/system.ts";
import { cpuSeconds, pssMb } from "./proc.ts";
import { type Row, row } from "./report.ts";

interface Bounds {
  readonly services: number;
  readonly warmSeconds: number;
  readonly pssMb: number;
}

const repository = join(import.meta.dirname, "..");
const three: Bounds = { services: 13, warmSeconds: 20, pssMb: 1600 };
const six: Bounds = { services: 28, warmSeconds: 45, pssMb: 3200 };
const settleMs = 10_000;
const idleMs = 20_000;
const servers = ["envoy", "postgres", "nats"];

/** The first three systems, then all that there are. */
export async function benchSystems(): Promise<Row[]> {
  const first = ["siren", "tword", "mall"];
  const all = globSync("services/*/kustomization.yaml", { cwd: repository }).map((path) => basename(dirname(path)));
  const rest = all.filter((system) => !first.includes(system)).sort();
  const rows = await measure(first, three);
  return rest.length === 0 ? rows : [...rows, ...(await measure([...first, ...rest], six))];
}

/** @param bounds hold for so many services; with fewer there is nothing to compare */
async function measure([system = "", ...others]: readonly string[], bounds: Bounds): Promise<Row[]> {
  await using running = await startSystem(system, others);
  const warm = await warmStart(running);
  const services = await servicesOf(running);
  const title = `${others.length + 1} systems, ${services.length} services`;
  const isWhole = services.length >= bounds.services;
  await sleep(settleMs);
  const pids = await pidsOf(running);
  // The mesh's own process has all the others as children.
  const processesOf = (name: string, pid: number) => (name === "mesh" ? [pid] : pid);
  const pss = new Map([...pids].map(([name, pid]) => [name, pssMb(processesOf(name, pid))]));
  const cpuOf = () => new Map([...pids].map(([name, pid]) => [name, cpuSeconds(processesOf(name, pid))]));
  const before = cpuOf();
  await sleep(idleMs);
  const after = cpuOf();
  const cpu = (name: string) => (((after.get(name) ?? 0) - (before.get(name) ?? 0)) / idleMs) * 1e6;
  const sum = (names: readonly string[], of: (name: string) => number) =>
    names.reduce((all, name) => all + of(name), 0);
  const memory = (name: string) => pss.get(name) ?? 0;
  const rest = [...servers, "mesh"];
  return [
    row(`${title}, warm`, warm, { unit: "s", ...(isWhole ? { mustBeAtMost: bounds.warmSeconds } : {}) }),
    row("  memory, idle, in all", sum([...services, ...rest], memory), {
      unit: "MB PSS",
      ...(isWhole ? { mustBeAtMost: bounds.pssMb } : {}),
    }),
    row("    services together", sum(services, memory), { unit: "MB PSS" }),
    row("    largest service", Math.max(...services.map(memory)), { unit: "MB PSS" }),
    ...rest.map((name) => row(`    ${name}`, memory(name), { unit: "MB PSS" })),
    row("  CPU, idle: services together", sum(services, cpu), { unit: "ms/s" }),
    ...rest.map((name) => row(`    ${name}`, cpu(name), { unit: "ms/s" })),
  ];
}

/** The first start made the databases and the bundles; what a developer waits for each morning is the second. */
async function warmStart(running: RunningSystem): Promise<number> {
  await running.mesh("down");
  const started = performance.now();
  await running.mesh("up", ...running.systems, "--detach", "--gateway-port", new URL(running.gateway).port);
  return (performance.now() - started) / 1000;
}

async function servicesOf(running: RunningSystem): Promise<string[]> {
  return [...(await pidsOf(running)).keys()].filter((name) => name.includes("/"));
}

/** By `system/replica`, or by the name of a server; the mesh's own process is `mesh`. */
async function pidsOf(running: RunningSystem): Promise<Map<string, number>> {
  const status = await running.status();
  const pids = status.map(({ system, workload, replica, pid }) => {
    return [servers.includes(workload) ? workload : `${system}/${replica}`, pid] as const;
  });
  return new Map([...pids.filter(([, pid]) => pid > 0), ["mesh", running.pid]]);
}
