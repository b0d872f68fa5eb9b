import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { codes } from "./codes.ts";
import { renderReference } from "./reference.ts";

it("docs/lint.md says what the table of codes says", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/lint.md"), "utf8");
  expect(page, "run: node mesh/istio/lint/reference.ts > docs/lint.md").toBe(renderReference());
});

/** The ranges of `pkg/config/analysis/msg/messages.yaml` of Istio, up to its release 1.31. */
const ranges = [
  [1, 2],
  [101, 103],
  [106, 112],
  [116, 116],
  [118, 118],
  [123, 123],
  [125, 177],
] as const;

it("docs/lint.md says of every code of istioctl what it means here, or why it is not here", () => {
  const [, section = ""] = renderReference().split("## Codes of istioctl that are not here\n");
  const [rows = ""] = section.split("\n## ");
  const notHere = [...rows.matchAll(/^\| (IST[^|]*)/gm)].flatMap(([, cell = ""]) => cell.trim().split(", "));
  const here = Object.keys(codes).filter((code) => code.startsWith("IST"));
  const all = ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => `IST${String(first + index).padStart(4, "0")}`),
  );
  expect([...here, ...notHere].sort()).toEqual(all);
});
