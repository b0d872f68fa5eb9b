import { describe, expect, it } from "vitest";
import type { Status } from "#mesh/local/daemon/status.ts";
import { showProgress } from "./progress.ts";

const error = {
  code: "M001",
  severity: "error",
  file: "a.yaml",
  line: 1,
  column: 2,
  path: "",
  message: "no",
  hint: "",
};
const running = { phase: "running", rows: [], workloads: [], findings: [], inForce: false, ready: false, activity: "" };

/** Shows a mesh that is always the same. Progress goes where nobody looks. */
function show(status: object, timeoutMs: number): Promise<string[]> {
  const out = { isTTY: false, write: () => true } as unknown as NodeJS.WriteStream;
  return showProgress(async () => status as Status, { timeoutMs, out });
}

describe("showProgress", () => {
  it("ends when all is ready", async () => {
    expect(await show({ ...running, ready: true }, 0)).toEqual([]);
  });

  it("says what Envoy refuses, long before the time is over", async () => {
    const problems = await show({ ...running, findings: [error] }, 600_000);
    expect(problems).toEqual(["the configuration is not in force:", "a.yaml:1:2 no"]);
  });

  it("waits, as long as it may, for an Envoy that is slow and refuses nothing", async () => {
    const problems = await show({ ...running, activity: "putting the configuration in force" }, 6_000);
    expect(problems).toEqual(["not ready after 6 s: putting the configuration in force"]);
  });
});
