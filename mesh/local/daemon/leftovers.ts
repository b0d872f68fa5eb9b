import { existsSync } from "node:fs";
import { ProcessRecords } from "../supervisor/process-records.ts";
import type { State } from "./state.ts";

const graceMs = 5_000;

/** Ends the processes that a mesh left when it was killed; resolves with what they were. */
export async function clearLeftovers(state: State): Promise<string[]> {
  if (!existsSync(state.processes)) return [];
  return new ProcessRecords(state.processes, state.root).clear(graceMs);
}
