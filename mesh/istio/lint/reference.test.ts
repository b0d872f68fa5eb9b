import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { renderReference } from "./reference.ts";

it("docs/lint.md says what the table of codes says", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/lint.md"), "utf8");
  expect(page, "run: node mesh/istio/lint/reference.ts > docs/lint.md").toBe(renderReference());
});
