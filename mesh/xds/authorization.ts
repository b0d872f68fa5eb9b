import type { Resource } from "#mesh/istio/resource.ts";
import type { AuthorizationPolicy } from "#mesh/istio/security.ts";
import { matchesNothing, type RuleContext, rbacPolicy } from "./authz-rule.ts";
import type { Compilation } from "./compilation.ts";
import { externalAuthorization } from "./ext-authz.ts";
import { extension, type Json, type JsonObject, message } from "./json.ts";
import type { Mesh } from "./mesh.ts";
import { policyRule } from "./names.ts";
import { labelsMatch, type Proxy } from "./proxy.ts";

type Layer = "http" | "tcp";
type Policies = readonly Resource<AuthorizationPolicy>[];

const standardActions = [
  { action: "AUDIT", rbac: "LOG" },
  { action: "DENY", rbac: "DENY" },
  { action: "ALLOW", rbac: "ALLOW" },
] as const;

const rbacFilter = {
  http: { name: "envoy.filters.http.rbac", type: "envoy.extensions.filters.http.rbac.v3.RBAC", fields: {} },
  tcp: {
    name: "envoy.filters.network.rbac",
    type: "envoy.extensions.filters.network.rbac.v3.RBAC",
    fields: { stat_prefix: "tcp." },
  },
} as const;

/** Asks an external authorizer about requests; before the JWT filter. */
export function customAuthorizationFilters({ mesh, proxy }: Compilation): JsonObject[] {
  return customFilters(policiesOf(mesh, proxy), { mesh, layer: "http" });
}

/** Audits, denies and allows requests, in this order; after the JWT filter, whose claims the rules read. */
export function authorizationFilters({ mesh, proxy }: Compilation): JsonObject[] {
  return standardFilters(policiesOf(mesh, proxy), { mesh, layer: "http" });
}

/** All of it for connections that carry no requests. */
export function tcpAuthorizationFilters({ mesh, proxy }: Compilation): JsonObject[] {
  const policies = policiesOf(mesh, proxy);
  const place: Place = { mesh, layer: "tcp" };
  return [...customFilters(policies, place), ...standardFilters(policies, place)];
}

/** The policies for a workload: of the root namespace and of its own, without a selector or with one that matches. */
function policiesOf({ authorizationPolicies, settings }: Mesh, proxy: Proxy): Policies {
  return authorizationPolicies.filter(
    ({ namespace, spec }) =>
      (namespace === settings.rootNamespace || namespace === proxy.namespace) &&
      !spec.targetRef &&
      !spec.targetRefs?.length &&
      labelsMatch(spec.selector?.matchLabels ?? {}, proxy.labels),
  );
}

interface Place {
  mesh: Mesh;
  layer: Layer;
}

function standardFilters(policies: Policies, place: Place): JsonObject[] {
  return standardActions.flatMap(({ action, rbac }) => {
    const found = policies.filter(({ spec }) => (spec.action ?? "ALLOW") === action);
    return found.length === 0 ? [] : [standardFilter(found, rbac, place)];
  });
}

function standardFilter(policies: Policies, action: RuleContext["action"], place: Place): JsonObject {
  const enforced = policies.filter((policy) => !isDryRun(policy));
  const tried = policies.filter(isDryRun);
  const rules = enforced.length === 0 ? undefined : rulesOf(enforced, action, place);
  const shadow = tried.length === 0 ? undefined : rulesOf(tried, action, place);
  const prefix =
    shadow && action !== "ALLOW" ? { DENY: "istio_dry_run_deny_", LOG: "" }[action] : "istio_dry_run_allow_";
  return rbac(place.layer, { rules, shadow_rules: shadow, shadow_rules_stat_prefix: prefix || undefined });
}

/** Rules that find out, without enforcing, whether the authorizer is to be asked; then the question. */
function customFilters(all: Policies, place: Place): JsonObject[] {
  const policies = all.filter(({ spec }) => spec.action === "CUSTOM");
  if (policies.length === 0) return [];
  const rules = rulesOf(policies, "DENY", place, "istio-ext-authz-");
  const providers = new Set(policies.map(({ spec }) => spec.provider?.name ?? ""));
  const [provider = ""] = providers;
  const authorizer = providers.size === 1 ? externalAuthorization(place.mesh, provider) : undefined;
  if (!authorizer) return [rbac(place.layer, { rules: renamed(rules, "-deny-due-to-bad-CUSTOM-action") })];
  const question = authorizer[place.layer];
  if (!question) return [];
  return [rbac(place.layer, { shadow_rules: rules, shadow_rules_stat_prefix: "istio_ext_authz_" }), question];
}

function rbac(layer: Layer, fields: Record<string, Json | undefined>): JsonObject {
  const { name, type, fields: own } = rbacFilter[layer];
  return extension(name, type, { ...fields, ...own });
}

function rulesOf(policies: Policies, action: RuleContext["action"], { mesh, layer }: Place, prefix = ""): JsonObject {
  const { trustDomain, trustDomainAliases } = mesh.settings;
  const found: Record<string, JsonObject> = {};
  for (const { namespace, name, spec } of policies) {
    const rules = spec.rules ?? [];
    const context: RuleContext = {
      namespace,
      forTcp: layer === "tcp",
      action,
      trustDomains: [trustDomain, ...trustDomainAliases],
    };
    rules.forEach((rule, index) => {
      const policy = rbacPolicy(rule, context);
      if (policy) found[`${prefix}${policyRule(namespace, name, index)}`] = policy;
    });
    if (rules.length === 0) found[`${prefix}${policyRule(namespace, name, 0)}`] = matchesNothing;
  }
  return message({
    action: action === "ALLOW" ? undefined : action,
    policies: Object.keys(found).length === 0 ? undefined : found,
  });
}

function renamed(rules: JsonObject, suffix: string): JsonObject {
  const policies = Object.entries(rules["policies"] ?? {});
  return { ...rules, policies: Object.fromEntries(policies.map(([name, policy]) => [`${name}${suffix}`, policy])) };
}

/** Annotated to be tried out: counted, not enforced. The words are those of Go's ParseBool. */
function isDryRun({ object }: Resource<AuthorizationPolicy>): boolean {
  return ["1", "t", "T", "TRUE", "true", "True"].includes(object.metadata.annotations["istio.io/dry-run"] ?? "");
}
