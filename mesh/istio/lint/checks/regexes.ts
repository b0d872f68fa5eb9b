import { RE2JS } from "re2js";
import type { Place } from "../place.ts";

const maxLength = 1_024;
const hint =
  "write a regular expression of RE2 (https://github.com/google/re2/wiki/Syntax): no look-around, no back-references";

/** A regular expression that Envoy will run: in RE2's syntax, not empty, not too long. */
export function checkRegex(regex: string, place: Place): void {
  if (regex === "") return place.refuse("the regular expression is empty", "write one, or remove the match");
  if (new TextEncoder().encode(regex).length > maxLength) {
    return place.refuse(`the regular expression is longer than ${maxLength} bytes`, "shorten it, or match a prefix");
  }
  const problem = regexProblem(regex);
  if (problem) place.refuse(`the regular expression cannot be read: ${problem}`, hint);
}

export function regexProblem(regex: string): string | undefined {
  try {
    RE2JS.compile(regex);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
