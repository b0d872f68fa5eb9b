import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { eventually } from "#mesh/testing/eventually.ts";
import { temporaryFolder } from "#mesh/testing/temporary-folder.ts";
import { LineBuffer } from "./line-buffer.ts";

function open(options = {}) {
  const path = join(temporaryFolder(), "log");
  const fd = openSync(path, "w");
  const buffer = new LineBuffer({ fd, gatherChars: 1_000, gatherMs: 5, maxChars: 1e6, ...options });
  return { buffer, read: () => readFileSync(path, "utf8"), close: () => closeSync(fd) };
}

describe("LineBuffer", () => {
  it("writes a single line after a moment", async () => {
    const { buffer, read } = open();
    buffer.write("one\n");
    expect(read()).toBe("");
    await eventually(() => read() === "one\n");
  });

  it("keeps the order of very many lines", async () => {
    const { buffer, read } = open({ maxChars: 1e9 });
    const lines = Array.from({ length: 50_000 }, (_, index) => `line ${index} 한\n`);
    for (const line of lines) buffer.write(line);
    await new Promise<void>((resolve) => buffer.flush(resolve));
    expect(read()).toBe(lines.join(""));
  });

  it("calls back at once when there is nothing to flush", async () => {
    await new Promise<void>((resolve) => open().buffer.flush(resolve));
  });

  it("drops and counts what nobody takes", async () => {
    const { buffer, read } = open({ gatherChars: 1e9, gatherMs: 20, maxChars: 10 });
    for (let index = 0; index < 5; index++) buffer.write("0123456789\n");
    await eventually(() => read() !== "");
    expect(read()).toBe('0123456789\n{"level":"warn","msg":"log lines dropped","count":4}\n');
  });

  it("loses nothing at the end of the process", () => {
    const code = `import { LineBuffer } from ${JSON.stringify(join(import.meta.dirname, "line-buffer.ts"))};
      const buffer = new LineBuffer({ fd: 1, gatherChars: 1e6, gatherMs: 1e6, maxChars: 1e6 });
      buffer.write("last words\\n"); process.exit(0);`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
    expect(stdout).toBe("last words\n");
  });
});
