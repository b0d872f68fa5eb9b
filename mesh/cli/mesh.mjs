#!/usr/bin/env node
// Starts the command line on Node 24, which runs TypeScript as it is. On an older Node it hands over to the one that the npm
// package `node` brings.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const entry = new URL("./main.ts", import.meta.url);
if (Number.parseInt(process.versions.node, 10) >= 24) {
  await import(entry.href);
} else {
  const node = join(dirname(createRequire(import.meta.url).resolve("node/package.json")), "bin", "node");
  const run = spawnSync(node, [entry.pathname, ...process.argv.slice(2)], { stdio: "inherit" });
  if (run.error) throw run.error;
  process.exit(run.status ?? 1);
}
