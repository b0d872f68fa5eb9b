import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { ProcessRecords } from "./process-records.ts";

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Output is appended here by the process itself, so that it does not pass through us. */
  readonly logFile: string;
  /** For the record, such as "siren/product". */
  readonly what: string;
  readonly records: ProcessRecords;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it never started. */
  readonly error?: string;
}

/** A process and the group it leads: what it starts ends with it. */
export class ManagedProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  #exit: Exit | undefined;
  readonly #records: ProcessRecords;

  constructor(options: ProcessOptions) {
    this.#records = options.records;
    mkdirSync(dirname(options.logFile), { recursive: true });
    const log = openSync(options.logFile, "a");
    const child = spawn(options.command, options.args, {
      detached: true,
      stdio: ["ignore", log, log],
      env: options.env,
      cwd: options.cwd,
    });
    this.pid = child.pid ?? 0;
    if (this.pid > 0) options.records.add(this.pid, options.what);
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve(this.#ended({ code, signal })));
      child.once("error", (error) => {
        if (this.pid > 0) return;
        writeSync(log, `cannot start ${options.command}: ${error.message}\n`);
        resolve(this.#ended({ code: null, signal: null, error: error.message }));
      });
    });
    void this.exited.then(() => closeSync(log));
  }

  get running(): boolean {
    return this.#exit === undefined;
  }

  /** To every process of the group. */
  signal(name: NodeJS.Signals): void {
    if (this.pid === 0) return;
    try {
      process.kill(-this.pid, name);
    } catch {
      // The whole group is gone.
    }
  }

  /** SIGTERM, and SIGKILL for what is left after `graceMs`. Resolves when the process is gone. */
  async stop(graceMs: number): Promise<Exit> {
    if (this.#exit) return this.#exit;
    this.signal("SIGTERM");
    const hard = setTimeout(() => this.signal("SIGKILL"), graceMs);
    const exit = await this.exited;
    clearTimeout(hard);
    return exit;
  }

  /** As in a container, nothing outlives the first process. */
  #ended(exit: Exit): Exit {
    this.#exit = exit;
    this.signal("SIGKILL");
    if (this.pid > 0) this.#records.remove(this.pid);
    return exit;
  }
}
