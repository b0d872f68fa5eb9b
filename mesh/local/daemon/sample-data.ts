import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Finding } from "#mesh/istio/finding.ts";
import { ManagedProcess } from "../supervisor/process.ts";
import { type ProcessRecords, stateVariable } from "../supervisor/process-records.ts";
import type { State } from "./state.ts";

const limitMs = 60_000;
const tries = 3;
const pauseMs = 1_000;

export interface SampleDataParts {
  readonly state: State;
  readonly records: ProcessRecords;
  gatewayPort(): number;
  note(text: string): void;
}

/**
 * Runs services/<system>/sample-data.ts through the gateway (`MESH_GATEWAY`), once for each version of the file. The script has to
 * bear being run again.
 */
export class SampleData {
  readonly #parts: SampleDataParts;
  readonly #begun = new Set<string>();
  readonly #ended = new Set<string>();
  findings: Finding[] = [];

  constructor(parts: SampleDataParts) {
    this.#parts = parts;
  }

  /** It is there, or cannot be (then there is a finding). */
  isDone(system: string): boolean {
    return this.#ended.has(system) || !existsSync(scriptOf(system));
  }

  /** Call it when the system is ready; the second time nothing happens. */
  async put(system: string): Promise<void> {
    if (this.#begun.has(system) || this.isDone(system)) return;
    this.#begun.add(system);
    const script = scriptOf(system);
    const version = createHash("sha256").update(readFileSync(script)).digest("hex");
    if (this.#versions()[system] !== version && (await this.#run(system))) this.#remember(system, version);
    this.#ended.add(system);
  }

  async #run(system: string): Promise<boolean> {
    for (let n = 1; n <= tries; n++) {
      if (await this.#runOnce(system)) return true;
      if (n < tries) await sleep(pauseMs);
    }
    const file = `services/${system}/sample-data.ts`;
    const message = `the sample data cannot be put: ${this.#logOf(system)} says why`;
    this.#parts.note(message);
    this.findings.push({ code: "M925", severity: "warning", file, line: 1, column: 1, path: "", message, hint: "" });
    return false;
  }

  async #runOnce(system: string): Promise<boolean> {
    const { state, records } = this.#parts;
    const run = new ManagedProcess({
      command: process.execPath,
      args: [scriptOf(system)],
      env: {
        PATH: process.env["PATH"] ?? "",
        MESH_GATEWAY: `http://127.0.0.1:${this.#parts.gatewayPort()}`,
        [stateVariable]: state.root,
      },
      cwd: process.cwd(),
      logFile: this.#logOf(system),
      what: `${system}/sample-data`,
      records,
    });
    const timer = setTimeout(() => void run.stop(1_000), limitMs);
    const { code } = await run.exited;
    clearTimeout(timer);
    return code === 0;
  }

  #logOf(system: string): string {
    return join(this.#parts.state.logs, system, "sample-data.log");
  }

  get #marks(): string {
    return join(this.#parts.state.root, "sample-data.json");
  }

  #versions(): Record<string, string> {
    return existsSync(this.#marks) ? (JSON.parse(readFileSync(this.#marks, "utf8")) as Record<string, string>) : {};
  }

  #remember(system: string, version: string): void {
    writeFileSync(`${this.#marks}.new`, JSON.stringify({ ...this.#versions(), [system]: version }));
    renameSync(`${this.#marks}.new`, this.#marks);
  }
}

function scriptOf(system: string): string {
  return resolve("services", system, "sample-data.ts");
}
