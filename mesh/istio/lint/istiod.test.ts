import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadText } from "../load.ts";
import { lint } from "./lint.ts";

/** What istiod says of documents, beside the repository where it was cloned with its steering repository. */
const istiod = join(import.meta.dirname, "../../../../shared/istiod");

interface Verdict {
  name: string;
  verdict: "ok" | "warning" | "error";
  message: string;
  yaml: string;
}

function verdictOf(yaml: string): Verdict["verdict"] {
  const { objects } = loadText(yaml, "test.yaml");
  const codes = new Set(lint(objects).map(({ code }) => code));
  return codes.has("IST0106") ? "error" : codes.has("IST0133") ? "warning" : "ok";
}

describe.runIf(existsSync(istiod))("istiod's verdicts", () => {
  const file = join(istiod, "validation.json");
  const verdicts: Verdict[] = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
  const cases = join(istiod, "cases");

  it.each(verdicts)("agrees on $name: $verdict $message", ({ yaml, verdict }) => {
    expect(verdictOf(yaml)).toBe(verdict);
  });

  it.each(existsSync(cases) ? readdirSync(cases) : [])("takes the case %s, as istiod does", (name) => {
    expect(verdictOf(readFileSync(join(cases, name, "input.yaml"), "utf8"))).not.toBe("error");
  });
});
