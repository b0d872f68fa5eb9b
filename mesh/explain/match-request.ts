import { RE2JS } from "re2js";
import { isObject, type Json, type JsonObject } from "#mesh/xds/json.ts";

/** A request as a proxy sees it. Header names are lower case; a JWT's claim is the header `@request.auth.claims.NAME`. */
export interface SeenRequest {
  authority: string;
  method: string;
  /** With the query. */
  path: string;
  scheme: "http" | "https";
  headers: Readonly<Record<string, string>>;
}

/**
 * Why a route's match does not take a request; undefined when it does. All conditions are Envoy's:
 * https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/config/route/v3/route_components.proto#config-route-v3-routematch
 */
export function whyNotMatched(match: JsonObject, request: SeenRequest): string | undefined {
  return (
    pathMismatch(match, request) ??
    firstOf(match["headers"], (matcher) => headerMismatch(matcher, request)) ??
    firstOf(match["query_parameters"], (matcher) => queryMismatch(matcher, request)) ??
    firstOf(match["dynamic_metadata"], (matcher) => claimMismatch(matcher, request))
  );
}

/** Whether a text fits a StringMatcher. */
export function stringMatches(matcher: JsonObject, text: string): boolean {
  const fold = (value: string) => (matcher["ignore_case"] === true ? value.toLowerCase() : value);
  const wanted = (key: string) => (typeof matcher[key] === "string" ? fold(matcher[key]) : undefined);
  const [exact, prefix, suffix, contains] = ["exact", "prefix", "suffix", "contains"].map(wanted);
  if (exact !== undefined) return fold(text) === exact;
  if (prefix !== undefined) return fold(text).startsWith(prefix);
  if (suffix !== undefined) return fold(text).endsWith(suffix);
  if (contains !== undefined) return fold(text).includes(contains);
  return regexMatches(matcher["safe_regex"], text);
}

function pathMismatch(match: JsonObject, { path }: SeenRequest): string | undefined {
  const bare = path.split("?", 1)[0] ?? "";
  const fold = (text: string) => (match["case_sensitive"] === false ? text.toLowerCase() : text);
  const { path: exact, prefix, path_separated_prefix: segment, safe_regex: regex } = match;
  if (typeof exact === "string" && fold(bare) !== fold(exact)) return `the path is not ${exact}`;
  if (typeof prefix === "string" && !fold(bare).startsWith(fold(prefix)))
    return `the path does not start with ${prefix}`;
  if (typeof segment === "string" && fold(bare) !== fold(segment) && !fold(bare).startsWith(`${fold(segment)}/`)) {
    return `the path is neither ${segment} nor below it`;
  }
  if (isObject(regex) && !regexMatches(regex, bare)) return `the path does not match ${String(regex["regex"])}`;
  return undefined;
}

const pseudo = { ":method": "method", ":authority": "authority", ":path": "path", ":scheme": "scheme" } as const;

function headerMismatch(matcher: JsonObject, request: SeenRequest): string | undefined {
  const name = String(matcher["name"]);
  const field = pseudo[name as keyof typeof pseudo];
  const value = field ? request[field] : request.headers[name.toLowerCase()];
  return valueMismatch(matcher, value, field ? `the ${field}` : `the header ${name}`);
}

function queryMismatch(matcher: JsonObject, { path }: SeenRequest): string | undefined {
  const name = String(matcher["name"]);
  const value = new URLSearchParams(path.split("?", 2)[1] ?? "").get(name) ?? undefined;
  return valueMismatch(matcher, value, `the query parameter ${name}`);
}

/** A matcher of metadata from a token: `{path: [{key: payload}, {key: sub}], value: {or_match: ...}}`. */
function claimMismatch(matcher: JsonObject, { headers }: SeenRequest): string | undefined {
  const steps = list(matcher["path"]).map((step) => (isObject(step) ? String(step["key"]) : ""));
  const name = steps.slice(1).join(".");
  const value = headers[`@request.auth.claims.${name.toLowerCase()}`];
  const fits = value !== undefined && stringMatchers(matcher["value"]).some((one) => stringMatches(one, value));
  const inverted = matcher["invert"] === true;
  if (fits !== inverted) return undefined;
  return value === undefined ? `the token has no claim ${name}` : `the claim ${name} is ${JSON.stringify(value)}`;
}

/** The text matchers anywhere in a value matcher: a claim is one text or a list of them. */
function stringMatchers(value: Json | undefined): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(stringMatchers);
  if (!isObject(value)) return [];
  const own = value["string_match"];
  return isObject(own) ? [own] : Object.values(value).flatMap(stringMatchers);
}

function valueMismatch(matcher: JsonObject, value: string | undefined, what: string): string | undefined {
  const inverted = matcher["invert_match"] === true;
  const text = value ?? (matcher["treat_missing_header_as_empty"] === true ? "" : undefined);
  const stringMatch = matcher["string_match"];
  const present = isObject(stringMatch)
    ? text !== undefined && stringMatches(stringMatch, text)
    : (value !== undefined) === (matcher["present_match"] !== false);
  if (isObject(stringMatch) && text === undefined) return `${what} is missing`;
  if (present !== inverted) return undefined;
  const condition = isObject(stringMatch) ? conditionOf(stringMatch) : "present";
  const is = value === undefined ? "is missing" : `is ${JSON.stringify(value)}`;
  return `${what} ${is}, and must ${inverted ? "not " : ""}be ${condition}`;
}

function conditionOf(matcher: JsonObject): string {
  const [[kind = "", wanted = ""] = []] = Object.entries(matcher).filter(([key]) => key !== "ignore_case");
  if (kind === "exact") return JSON.stringify(wanted);
  if (isObject(wanted)) return `what ${String(wanted["regex"])} matches`;
  return `a text with the ${kind} ${JSON.stringify(wanted)}`;
}

function regexMatches(matcher: Json | undefined, text: string): boolean {
  const regex = isObject(matcher) ? matcher["regex"] : undefined;
  return typeof regex === "string" && RE2JS.compile(regex).matches(text);
}

function firstOf(
  matchers: Json | undefined,
  mismatch: (matcher: JsonObject) => string | undefined,
): string | undefined {
  for (const matcher of list(matchers)) {
    const found = isObject(matcher) ? mismatch(matcher) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}
