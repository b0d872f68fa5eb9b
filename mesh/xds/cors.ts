import type { CorsPolicy } from "#mesh/istio/virtual-service.ts";
import { any, type JsonObject, unlessEmpty } from "./json.ts";
import { stringMatcher } from "./string-match.ts";

export const corsFilter = "envoy.filters.http.cors";

/** A route's CORS policy. Preflights that do not match go to the service, unless they are to be ignored. */
export function corsConfig(cors: CorsPolicy): JsonObject {
  const origins = (cors.allowOrigins ?? []).flatMap((match) => stringMatcher(match) ?? []);
  const exact = (cors.allowOrigin ?? []).map((origin) => ({ exact: origin }));
  return any("envoy.extensions.filters.http.cors.v3.CorsPolicy", {
    allow_origin_string_match: unlessEmpty(cors.allowOrigins?.length ? origins : exact),
    allow_methods: joined(cors.allowMethods),
    allow_headers: joined(cors.allowHeaders),
    expose_headers: joined(cors.exposeHeaders),
    max_age: cors.maxAge === undefined ? undefined : String(Math.trunc(cors.maxAge / 1000)),
    allow_credentials: cors.allowCredentials,
    filter_enabled: { default_value: { numerator: 100 } },
    forward_not_matching_preflights: cors.unmatchedPreflights !== "IGNORE",
  });
}

function joined(words: string[] | undefined): string | undefined {
  return words && words.length > 0 ? words.join(",") : undefined;
}
