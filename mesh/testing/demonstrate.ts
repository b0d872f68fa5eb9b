import { expect } from "vitest";
import type { DemonstrationReport } from "#mesh/demo/run-demonstration.ts";
import type { RunningSystem } from "./system.ts";

/**
 * Runs a demonstration in its short form by `mesh demo`, and expects that everything was seen and no invariant is broken.
 *
 * @param id with the system: `tword/T-4`
 */
export async function demonstrate(
  running: RunningSystem,
  id: string,
  { seconds = 3, concurrency = 20 } = {},
): Promise<void> {
  const options = ["--seconds", `${seconds}`, "--concurrency", `${concurrency}`, "--json"];
  // A failing one says in its error what was not seen.
  const report = JSON.parse(await running.mesh("demo", id, ...options)) as DemonstrationReport;
  expect(report).toMatchObject({ id, ok: true, violations: [], problems: [] });
}
