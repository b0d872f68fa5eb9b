import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { eventually } from "./eventually.ts";

const folder = mkdtempSync(join(tmpdir(), "mesh-after-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A process that asks for `file` to be made after it, and is killed. */
async function killed(file: string, more = ""): Promise<void> {
  const source = `import { afterUs } from ${JSON.stringify(join(import.meta.dirname, "after-us.ts"))};
    const callOff = afterUs('touch "$1"', process.argv[1]); ${more}
    console.log("ready");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source, file]);
  await once(child.stdout, "data");
  expect(existsSync(file)).toBe(false);
  child.kill("SIGKILL");
  await once(child, "exit");
}

it("runs when the process was killed, and not when it was called off", async () => {
  await killed(join(folder, "called off"), "callOff();");
  await killed(join(folder, "made"));
  await eventually(() => existsSync(join(folder, "made")));
  await sleep(200);
  expect(existsSync(join(folder, "called off"))).toBe(false);
});
