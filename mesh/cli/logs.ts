import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { Refusal } from "#mesh/local/daemon/refusal.ts";
import type { State } from "#mesh/local/daemon/state.ts";
import { enterRepository, meshCommand, refusing, type StateOption, statusOf } from "./running-mesh.ts";

interface LogsOptions extends StateOption {
  readonly follow?: boolean;
  readonly lines: number;
}

const pollMs = 200;

/** `mesh logs`: what a workload, a server or the mesh itself has written; also when nothing runs. */
export function command(): Command {
  return meshCommand("logs", "print what a workload has written")
    .argument("<workload>", "such as siren/product; also postgres, nats, envoy, daemon")
    .option("-f, --follow", "go on with what is written from now on")
    .option("-n, --lines <count>", "how many of the last lines of each replica", Number, 200)
    .action(refusing((workload: string, options: LogsOptions) => logs(workload, options)));
}

async function logs(workload: string, options: LogsOptions): Promise<void> {
  const state = enterRepository(options);
  const files = await filesOf(workload, state);
  const offsets = new Map<string, number>();
  const print = (file: string, text: string) => {
    const prefix = files.length > 1 ? `${basename(file, ".log")} ` : "";
    for (const line of text.split("\n")) if (line !== "") process.stdout.write(`${prefix}${line}\n`);
  };
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    offsets.set(file, Buffer.byteLength(text));
    print(file, text.trimEnd().split("\n").slice(-options.lines).join("\n"));
  }
  while (options.follow) {
    await sleep(pollMs);
    for (const file of await filesOf(workload, state)) {
      const text = readFrom(file, offsets.get(file) ?? 0);
      offsets.set(file, (offsets.get(file) ?? 0) + Buffer.byteLength(text));
      print(file, text);
    }
  }
}

/** Of the replicas that run; of the last one when none does. */
async function filesOf(workload: string, state: State): Promise<string[]> {
  const server = join(state.logs, `${workload.replace(/^mesh\//, "")}.log`);
  if (existsSync(server)) return [server];
  const folder = folderOf(workload, state);
  const files = readdirSync(folder)
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
  const rows = (await statusOf(state))?.rows ?? [];
  const running = files.filter((file) => rows.some((row) => row.replica === basename(file, ".log")));
  return running.length > 0 ? running : files.slice(-1);
}

function folderOf(workload: string, state: State): string {
  const exact = join(state.logs, workload);
  if (workload.includes("/") && existsSync(exact)) return exact;
  const known = existsSync(state.logs) ? workloadsIn(state.logs) : [];
  const byName = known.filter((id) => id.split("/")[1] === workload);
  const [only] = byName;
  if (only && byName.length === 1) return join(state.logs, only);
  throw new Refusal(`no log of ${workload}; there are logs of: ${known.join(", ") || "nothing"}`);
}

function workloadsIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  const servers = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".log"))
    .map(({ name }) => basename(name, ".log"));
  const workloads = entries
    .filter((entry) => entry.isDirectory())
    .flatMap((system) =>
      readdirSync(join(folder, system.name), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => `${system.name}/${name}`),
    );
  return [...workloads, ...servers];
}

function readFrom(file: string, offset: number): string {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= offset) return "";
  const handle = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(size - offset);
    const length = readSync(handle, buffer, 0, buffer.length, offset);
    return buffer.toString("utf8", 0, length);
  } finally {
    closeSync(handle);
  }
}
