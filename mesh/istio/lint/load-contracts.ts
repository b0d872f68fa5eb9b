import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
    const module = existsSync("buf.yaml") ? "." : folder;
    const args = module === "." ? [module, "--path", folder] : [module];
    const run = spawnSync("buf", ["build", ...args, "-o", image], { encoding: "utf8" });
    if (run.error)
      throw new ContractsError(`${folder} needs the command buf; or give --protos an image (buf build -o)`);
    if (run.status !== 0) throw new ContractsError(`buf cannot compile ${folder}:\n${run.stderr}`);
    return read(image);
  } finally {
    rmSync(target, { recursive: true });
  }
}

function hasBuf(): boolean {
  return spawnSync("buf", ["--version"]).status === 0;
}
