import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Contracts } from "./contracts.ts";
import { readImage } from "./descriptors.ts";

/** Contracts could not be read; the message says what to do. */
export class ContractsError extends Error {}

/**
 * Reads contracts from a descriptor image, or from a folder of .proto files, which `buf` compiles. Without a path: the
 * image `gen/image.binpb` of the working folder, or its `proto/` where `buf` is installed, or none.
 */
export function loadContracts(path: string | undefined): Contracts {
  if (path !== undefined) return loadPath(path);
  if (existsSync("gen/image.binpb")) return read("gen/image.binpb");
  return existsSync("proto") && hasBuf() ? compile("proto") : new Contracts();
}

function loadPath(path: string): Contracts {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new ContractsError(`there is no file or folder ${path}`);
  return stats.isDirectory() ? compile(path) : read(path);
}

function read(file: string): Contracts {
  try {
    return readImage(readFileSync(file));
  } catch (cause) {
    throw new ContractsError(`${file} is no descriptor image; make one with: buf build -o image.binpb`, { cause });
  }
}

function compile(folder: string): Contracts {
  const target = mkdtempSync(join(tmpdir(), "mesh-lint-"));
  try {
    const image = join(target, "image.binpb");
    const workspace = findUpwards(resolve(folder), "buf.yaml");
    // A folder below a module is no input of its own, and a module is no path in its workspace.
    const attempts = [[folder], ...(workspace ? [[workspace, "--path", resolve(folder)]] : [])];
    const failures = attempts.map((input) => build(input, image));
    if (failures.every((failure) => failure !== "")) {
      throw new ContractsError(`buf cannot compile ${folder}:\n${failures[0]}`);
    }
    return read(image);
  } finally {
    rmSync(target, { recursive: true });
  }
}

/** Returns why it failed, or nothing. */
function build(input: string[], image: string): string {
  if (existsSync(image)) return "";
  const run = spawnSync("buf", ["build", ...input, "-o", image], { encoding: "utf8" });
  if (run.error)
    throw new ContractsError("to compile .proto files the command buf is needed; or give --protos an image");
  return run.status === 0 ? "" : run.stderr || `exit status ${run.status}`;
}

/** The nearest folder, from one upwards, that holds a file: what is imported from elsewhere is configured there. */
function findUpwards(folder: string, file: string): string | undefined {
  if (existsSync(join(folder, file))) return folder;
  return dirname(folder) === folder ? undefined : findUpwards(dirname(folder), file);
}

function hasBuf(): boolean {
  return spawnSync("buf", ["--version"]).status === 0;
}
