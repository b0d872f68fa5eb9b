import type { JsonObject } from "./json.ts";

/** Where the JWT filter leaves a request's verified claims. */
export const jwtFilter = "envoy.filters.http.jwt_authn";

/**
 * The claim that a header match such as `@request.auth.claims[group][id]` or `@request.auth.claims.group.id` means; undefined
 * for real headers.
 */
export function parseClaimHeader(name: string): string[] | undefined {
  const prefix = "@request.auth.claims";
  if (!name.toLowerCase().startsWith(prefix)) return undefined;
  const rest = name.slice(prefix.length);
  if (rest.startsWith(".")) return rest.slice(1).split(".");
  return rest.startsWith("[") && rest.endsWith("]") ? rest.slice(1, -1).split("][") : undefined;
}

/** Matches a claim that is a text or a list of texts; nested claims by their path. */
export function claimMatcher(claim: string[], value: JsonObject | undefined): JsonObject {
  const matcher = value ?? { safe_regex: { regex: ".+" } };
  return {
    filter: jwtFilter,
    path: ["payload", ...claim].map((key) => ({ key })),
    value: {
      or_match: {
        value_matchers: [{ list_match: { one_of: { string_match: matcher } } }, { string_match: matcher }],
      },
    },
  };
}
