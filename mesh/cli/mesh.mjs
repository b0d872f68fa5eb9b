#!/usr/bin/env node
// Starts the command line. In this repository it runs the TypeScript as it is on Node 24, and hands over to the one that the npm
// package `node` brings where there is an older one. As published it is one file of JavaScript, which Node 20 can run.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const source = new URL("./main.ts", import.meta.url);
if (!existsSync(source)) {
  await import(new URL("../../dist/mesh.js", import.meta.url).href);
} else if (Number.parseInt(process.versions.node, 10) >= 24) {
  await import(source.href);
} else {
  const node = join(dirname(createRequire(import.meta.url).resolve("node/package.json")), "bin", "node");
  const run = spawnSync(node, [source.pathname, ...process.argv.slice(2)], { stdio: "inherit" });
  if (run.error) throw run.error;
  process.exit(run.status ?? 1);
}
