import type { Resource } from "#mesh/istio/resource.ts";
import type { JwtRule, RequestAuthentication } from "#mesh/istio/security.ts";
import { jwtFilter, jwtPayload } from "./authz-matchers.ts";
import type { Compilation } from "./compilation.ts";
import { extension, type JsonObject, message, unlessEmpty } from "./json.ts";
import type { Mesh } from "./mesh.ts";
import { labelsMatch, type Proxy } from "./proxy.ts";

/** Claims that hold several words, as OAuth writes them. */
const spaceDelimited = ["permission", "scope"];

/**
 * The filter that checks the tokens of a workload's callers; none when nothing asks for it. A request without a token passes: that
 * one is needed is said by an AuthorizationPolicy. The rules of the workload's own namespace come before the mesh's.
 */
export function jwtFilters({ mesh, proxy }: Compilation): JsonObject[] {
  const policies = mesh.requestAuthentications.filter((policy) => appliesTo(policy, mesh, proxy));
  const own = policies.filter(({ namespace }) => namespace === proxy.namespace);
  const rules = [...new Set([...own, ...policies])].flatMap(({ spec }) => spec.jwtRules ?? []).sort(byIssuer);
  if (rules.length === 0) return [];
  const providers = Object.fromEntries(
    rules.map((rule, index) => [providerName(index), provider(rule, { mesh, proxy })]),
  );
  const filter = extension(jwtFilter, "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication", {
    providers,
    rules: [{ match: { prefix: "/" }, requires: requirement(rules.map((_, index) => providerName(index))) }],
    bypass_cors_preflight: true,
  });
  return [filter];
}

function appliesTo({ namespace, spec }: Resource<RequestAuthentication>, { settings }: Mesh, proxy: Proxy): boolean {
  return (
    (namespace === settings.rootNamespace || namespace === proxy.namespace) &&
    !spec.targetRef &&
    !spec.targetRefs?.length &&
    labelsMatch(spec.selector?.matchLabels ?? {}, proxy.labels)
  );
}

function byIssuer(a: JwtRule, b: JwtRule): number {
  const [x, y] = [a.issuer ?? "", b.issuer ?? ""];
  return x === y ? 0 : x < y ? -1 : 1;
}

function providerName(index: number): string {
  return `origins-${index}`;
}

/** A token of any provider passes, and so does a request without one; a token that no provider accepts does not. */
function requirement(names: string[]): JsonObject {
  const missing = { allow_missing: {} };
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) {
    return { requires_any: { requirements: [{ provider_name: only }, missing] } };
  }
  const any = names.map((provider_name): JsonObject => ({ provider_name }));
  const all = any.map((each): JsonObject => ({ requires_any: { requirements: [each, missing] } }));
  return { requires_any: { requirements: [...any, { requires_all: { requirements: all } }] } };
}

function provider(rule: JwtRule, { mesh, proxy }: { mesh: Mesh; proxy: Proxy }): JsonObject {
  const headers = (rule.fromHeaders ?? []).map(({ name = "", prefix }) =>
    message({ name, value_prefix: prefix || undefined }),
  );
  const claims = (rule.outputClaimToHeaders ?? []).map(({ header = "", claim = "" }) => ({
    header_name: header,
    claim_name: claim,
  }));
  return message({
    issuer: rule.issuer,
    audiences: unlessEmpty(rule.audiences ?? []),
    local_jwks: { inline_string: keysOf(rule, mesh) },
    forward: rule.forwardOriginalToken || undefined,
    from_headers: unlessEmpty(headers),
    from_params: unlessEmpty(rule.fromParams ?? []),
    from_cookies: unlessEmpty(rule.fromCookies ?? []),
    forward_payload_header: rule.outputPayloadToHeader,
    payload_in_metadata: jwtPayload,
    normalize_payload_in_metadata: {
      space_delimited_claims: [...new Set([...spaceDelimited, ...(rule.spaceDelimitedClaims ?? [])])].sort(),
    },
    claim_to_headers: unlessEmpty(claims),
    // A gateway may route by claims, which are known only now.
    clear_route_cache: proxy.type === "router" || undefined,
  });
}

/**
 * The keys of a rule: written, or fetched from its `jwksUri` and handed in with the mesh. Without keys no token is accepted:
 * an empty key set refuses every one of them, where a guess would accept some (CVE-2026-31837).
 */
function keysOf(rule: JwtRule, { fetchedKeys }: Mesh): string {
  if (rule.jwks) return rule.jwks;
  return fetchedKeys.get(rule.jwksUri ?? rule.jwks_uri ?? rule.issuer ?? "") ?? '{"keys":[]}';
}
