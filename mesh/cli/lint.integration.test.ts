import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const repository = join(import.meta.dirname, "..", "..");
const warned = "mesh/istio/lint/testdata/IST0127.yaml";
const refused = "mesh/istio/lint/testdata/IST0106.yaml";

test.each([
  { args: [warned], status: 0 },
  { args: ["--strict", warned], status: 1 },
  { args: [refused], status: 1 },
  { args: ["--strict"], status: 0 },
  { args: ["--protos", "nowhere", "istio"], status: 2 },
])("mesh lint $args exits with $status", ({ args, status }) => {
  const cli = join("mesh", "cli", "main.ts");
  expect(spawnSync(process.execPath, [cli, "lint", ...args], { cwd: repository }).status).toBe(status);
});
