import type { HttpMatch, StringMatch } from "#mesh/istio/virtual-service.ts";
import { claimMatcher, parseClaimHeader } from "./claims.ts";
import { type JsonObject, message, unlessEmpty } from "./json.ts";
import { isPresence, stringMatcher } from "./string-match.ts";

/** What a request must look like for a route to apply. Sources, gateways and ports were decided before. */
export function routeMatch(match: HttpMatch | undefined): JsonObject {
  if (!match) return { prefix: "/" };
  const { headers, claims } = splitClaims(match);
  return message({
    ...pathMatch(match.uri),
    case_sensitive: !match.ignoreUriCase,
    headers: unlessEmpty([...headers, ...pseudoHeaders(match)]),
    query_parameters: unlessEmpty(
      sortedEntries(match.queryParams ?? {}).map(([name, value]) => ({ name, ...valueMatch(value) })),
    ),
    dynamic_metadata: unlessEmpty(claims),
  });
}

/** Whether a route takes every request, so that nothing behind it can be reached. */
export function isCatchAll(route: JsonObject): boolean {
  const match = route["match"] as JsonObject;
  const regex = match["safe_regex"] as JsonObject | undefined;
  if (match["prefix"] !== "/" && regex?.["regex"] !== ".*") return false;
  return !match["headers"] && !match["query_parameters"] && !match["dynamic_metadata"];
}

function pathMatch(uri: StringMatch | undefined): JsonObject {
  if (uri?.exact !== undefined) return { path: uri.exact };
  if (uri?.prefix !== undefined) return { prefix: uri.prefix };
  return uri?.regex === undefined ? { prefix: "/" } : { safe_regex: { regex: uri.regex } };
}

function splitClaims(match: HttpMatch): { headers: JsonObject[]; claims: JsonObject[] } {
  const headers: JsonObject[] = [];
  const claims: JsonObject[] = [];
  const add = (name: string, value: StringMatch, absent: boolean): void => {
    const path = parseClaimHeader(name);
    if (path) claims.push({ ...claimMatcher(path, stringMatcher(value)), ...(absent && { invert: true }) });
    else headers.push(headerMatcher(name, value, absent));
  };
  for (const [name, value] of sortedEntries(match.headers ?? {})) add(name, value, false);
  for (const [name, value] of sortedEntries(match.withoutHeaders ?? {})) add(name, value, true);
  headers.sort((a, b) => compareText(String(a["name"]), String(b["name"])));
  return { headers, claims };
}

/** `absent` turns the match around: a request without the header fits too. */
function headerMatcher(name: string, value: StringMatch, absent: boolean): JsonObject {
  const matcher = { name, ...valueMatch(value) };
  if (!absent) return matcher;
  return { ...matcher, invert_match: true, ...(!isPresence(value) && { treat_missing_header_as_empty: true }) };
}

function pseudoHeaders(match: HttpMatch): JsonObject[] {
  const parts = [
    [":method", match.method],
    [":authority", match.authority],
    [":scheme", match.scheme],
  ] as const;
  return parts.flatMap(([name, value]) => (value ? [headerMatcher(name, value, false)] : []));
}

function valueMatch(value: StringMatch): JsonObject {
  const matcher = stringMatcher(value);
  return isPresence(value) || !matcher ? { present_match: true } : { string_match: matcher };
}

function sortedEntries<T>(entries: Record<string, T>): [string, T][] {
  return Object.entries(entries).sort(([a], [b]) => compareText(a, b));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
