import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ManagedProcess } from "../supervisor/process.ts";
import { type ProcessRecords, stateVariable } from "../supervisor/process-records.ts";
import type { State } from "./state.ts";

const limitMs = 60_000;

/**
 * Runs services/<system>/sample-data.ts through the gateway, once for each version of the file. It has to bear being run again.
 *
 * @throws when it fails, with where its output is
 */
export async function putSampleData(
  system: string,
  of: { state: State; records: ProcessRecords; gatewayPort: number },
): Promise<void> {
  const script = resolve("services", system, "sample-data.ts");
  if (!existsSync(script)) return;
  const marks = join(of.state.root, "sample-data.json");
  const done: Record<string, string> = existsSync(marks) ? JSON.parse(readFileSync(marks, "utf8")) : {};
  const version = createHash("sha256").update(readFileSync(script)).digest("hex");
  if (done[system] === version) return;
  const logFile = join(of.state.logs, system, "sample-data.log");
  const run = new ManagedProcess({
    command: process.execPath,
    args: [script],
    env: {
      PATH: process.env["PATH"] ?? "",
      MESH_GATEWAY: `http://127.0.0.1:${of.gatewayPort}`,
      [stateVariable]: of.state.root,
    },
    cwd: process.cwd(),
    logFile,
    what: `${system}/sample-data`,
    records: of.records,
  });
  const timer = setTimeout(() => void run.stop(1_000), limitMs);
  const { code } = await run.exited;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`services/${system}/sample-data.ts failed; its output is in ${logFile}`);
  writeFileSync(marks, JSON.stringify({ ...done, [system]: version }));
}
