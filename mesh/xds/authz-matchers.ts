import type { JsonObject } from "./json.ts";

/** The name of Envoy's JWT filter, under which it leaves a token's claims. */
export const jwtFilter = "envoy.filters.http.jwt_authn";
/** The key of the claims in the JWT filter's dynamic metadata. */
export const jwtPayload = "payload";

/** Anything that is not empty. */
export const anyText: JsonObject = { safe_regex: { regex: ".+" } };

/**
 * Envoy's string matcher of an AuthorizationPolicy's value: `*` is any text but none, `x*` a prefix, `*x` a suffix, everything else
 * exact. With a `prefix` such as `spiffe://`, a suffix becomes an expression.
 */
export function valueMatcher(value: string, prefix = ""): JsonObject {
  if (value === "*") return anyText;
  if (value.startsWith("*")) {
    const suffix = value.slice(1);
    return prefix === "" ? { suffix } : { safe_regex: { regex: `${prefix}.*${suffix}` } };
  }
  return value.endsWith("*") ? { prefix: `${prefix}${value.slice(0, -1)}` } : { exact: `${prefix}${value}` };
}

/** A matcher of a request header, with the same wildcards; `*` asks that the header is there. */
export function headerMatcher(name: string, value: string, options: { ignoreCase?: boolean } = {}): JsonObject {
  if (value === "*") return { name, present_match: true };
  const matcher = valueMatcher(value);
  return { name, string_match: options.ignoreCase ? { ...matcher, ignore_case: true } : matcher };
}

/** A matcher of a path without its query: a wildcard value, or a template with `{*}` and `{**}`. */
export function pathPermission(value: string): JsonObject {
  if (!value.includes("{*}") && !value.includes("{**}")) return { url_path: { path: valueMatcher(value) } };
  return {
    uri_template: {
      name: "uri-template",
      typed_config: {
        "@type": "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
        path_template: value.replaceAll("{**}", "**").replaceAll("{*}", "*"),
      },
    },
  };
}

/** One claim of the request's token, as text. */
export function claimMatcher(claim: string, text: JsonObject): JsonObject {
  return { filter: jwtFilter, path: [{ key: jwtPayload }, { key: claim }], value: { string_match: text } };
}

/** A claim at a path of the request's token that is one of the values, or a list that holds one of them. */
export function claimListMatcher(path: readonly string[], values: readonly string[]): JsonObject {
  const value = anyOf(values.map((each) => ({ string_match: valueMatcher(each) })));
  return {
    filter: jwtFilter,
    path: [jwtPayload, ...path].map((key) => ({ key })),
    value: { or_match: { value_matchers: [{ list_match: { one_of: value } }, value] } },
  };
}

/** Dynamic metadata of any filter: a value in brackets is looked for in a list. */
export function metadataMatcher(filter: string, key: string, values: readonly string[]): JsonObject {
  const matchers = values.map((value): JsonObject => {
    const inList = /^\[(.*)\]$/.exec(value)?.[1];
    const text: JsonObject = { string_match: valueMatcher(inList ?? value) };
    return inList === undefined ? text : { list_match: { one_of: text } };
  });
  return { filter, path: [{ key }], value: anyOf(matchers) };
}

function anyOf(matchers: JsonObject[]): JsonObject {
  const [only, ...others] = matchers;
  return only && others.length === 0 ? only : { or_match: { value_matchers: matchers } };
}

/** An address or a CIDR range; undefined when it is neither. */
export function cidrRange(value: string): JsonObject | undefined {
  const [address = "", length] = value.split("/");
  const isV6 = address.includes(":");
  if (!isV6 && !/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return undefined;
  const bits = isV6 ? 128 : 32;
  const prefix = length === undefined ? bits : Number(length);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > bits) return undefined;
  return { address_prefix: address, prefix_len: prefix };
}
