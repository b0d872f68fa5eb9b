import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { environmentOf, membersOf, startTimeOf } from "./process-table.ts";

/** The variable by which a process tells whose it is, in case its group's leader is gone. */
export const stateVariable = "MESH_STATE";

interface Record {
  readonly pid: number;
  readonly startTime: string;
  readonly what: string;
  /** What asks it to end. */
  readonly signal: NodeJS.Signals;
}

/** Which processes run, on disk: a mesh that was killed finds them again, by pid and start time, never by name. */
export class ProcessRecords {
  readonly #folder: string;
  readonly #state: string;

  /** `state` is the value of MESH_STATE in the processes' environment. */
  constructor(folder: string, state: string) {
    this.#folder = folder;
    this.#state = state;
    mkdirSync(folder, { recursive: true });
  }

  /** Called right after the start, synchronously: between the two there is no moment to be killed in but this one. */
  add(pid: number, what: string, stopSignal: NodeJS.Signals = "SIGTERM"): void {
    const record: Record = { pid, startTime: startTimeOf(pid) ?? "", what, signal: stopSignal };
    writeFileSync(this.#fileOf(pid), JSON.stringify(record));
  }

  remove(pid: number): void {
    rmSync(this.#fileOf(pid), { force: true });
  }

  /** Ends the process groups that an earlier run left behind; resolves with what they were. */
  async clear(graceMs: number): Promise<string[]> {
    const left = this.#read().flatMap((record) => {
      const members = this.#livingMembers(record);
      return members.length > 0 ? [{ record, members }] : [];
    });
    for (const { record, members } of left) for (const pid of members) send(pid, record.signal);
    const hardAt = Date.now() + graceMs;
    for (const { record } of left) {
      for (let members = this.#livingMembers(record); members.length > 0; members = this.#livingMembers(record)) {
        if (Date.now() > hardAt) for (const pid of members) send(pid, "SIGKILL");
        await sleep(20);
      }
    }
    for (const record of this.#read()) this.remove(record.pid);
    return left.map(({ record }) => record.what);
  }

  #livingMembers({ pid, startTime }: Record): number[] {
    const now = startTimeOf(pid);
    if (now === startTime) return [...new Set([pid, ...membersOf(pid)])];
    // Another process has the pid by now, so nobody of the group is left; or the leader ended and left children.
    if (now !== undefined) return [];
    return membersOf(pid).filter((member) => environmentOf(member, stateVariable) === this.#state);
  }

  #read(): Record[] {
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith(".json"))
      .flatMap((name) => parse(join(this.#folder, name)));
  }

  #fileOf(pid: number): string {
    return join(this.#folder, `${pid}.json`);
  }
}

function parse(file: string): Record[] {
  try {
    const record: Partial<Record> = JSON.parse(readFileSync(file, "utf8"));
    const { pid, startTime, what = "", signal = "SIGTERM" } = record;
    return typeof pid === "number" && pid > 1 && typeof startTime === "string"
      ? [{ pid, startTime, what, signal }]
      : [];
  } catch {
    rmSync(file, { force: true }); // Cut off by the kill.
    return [];
  }
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended meanwhile.
  }
}
