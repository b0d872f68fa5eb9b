import type { StringMatch } from "#mesh/istio/virtual-service.ts";
import type { JsonObject } from "./json.ts";

/** Envoy's string matcher; undefined for "is present". An expression matches the whole text. */
export function stringMatcher(match: StringMatch | undefined): JsonObject | undefined {
  if (match?.exact !== undefined) return { exact: match.exact };
  if (match?.prefix !== undefined) return { prefix: match.prefix };
  return match?.regex === undefined ? undefined : { safe_regex: { regex: match.regex } };
}

/** Whether the match asks only that there is a value: nothing is written, or the expression `*`, which is no expression. */
export function isPresence(match: StringMatch): boolean {
  return (
    stringMatcher(match) === undefined ||
    (match.exact === undefined && match.prefix === undefined && match.regex === "*")
  );
}
