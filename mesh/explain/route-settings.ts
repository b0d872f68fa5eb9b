import type { KubeObject } from "#mesh/istio/kube-object.ts";
import type { Path } from "#mesh/istio/source.ts";
import { isObject, type Json, type JsonObject } from "#mesh/xds/json.ts";
import type { Mesh } from "#mesh/xds/mesh.ts";
import { originOf } from "#mesh/xds/origin.ts";
import { isWritten, placeOf, type Setting } from "./explanation.ts";

interface Context {
  mesh: Mesh;
  objects: readonly KubeObject[];
}

/** Timeout, retries, faults, mirrors and rewrites of a route, and where each is written. */
export function routeSettings(route: JsonObject, action: JsonObject, context: Context): Setting[] {
  const rules = rulesBehind(route, context.objects);
  const settings = [timeoutOf(action, rules), ...retriesOf(action, rules, context)];
  for (const [field, key, name] of extras) {
    const value = key === "fault" ? faultOf(route) : action[key];
    const place = placeIn(rules, [field]);
    if (value !== undefined && place) settings.push({ name, value: shown(value), at: place });
  }
  return settings;
}

const extras = [
  ["fault", "fault", "fault"],
  ["mirror", "request_mirror_policies", "mirror"],
  ["rewrite", "prefix_rewrite", "path rewritten to"],
  ["rewrite", "regex_rewrite", "path rewritten by"],
  ["rewrite", "host_rewrite_literal", "authority rewritten to"],
] as const;

/** A rule of a VirtualService; of a delegate first, then of the root that it inherits from. */
interface Rule {
  object: KubeObject;
  path: Path;
}

function rulesBehind(route: JsonObject, objects: readonly KubeObject[]): Rule[] {
  const origin = originOf(route);
  if (origin?.object.kind !== "VirtualService") return [];
  const own: Rule = { object: origin.object, path: origin.path.slice(0, 3) };
  return [own, ...rootsOf(own.object, objects)];
}

function rootsOf(delegate: KubeObject, objects: readonly KubeObject[]): Rule[] {
  const roots = objects.filter((object) => object.kind === "VirtualService" && object !== delegate);
  return roots.flatMap((object) => {
    const spec = object.spec as JsonObject | undefined;
    const rules = Array.isArray(spec?.["http"]) ? spec["http"] : [];
    return rules.flatMap((rule, index) => {
      const target = isObject(rule) ? rule["delegate"] : undefined;
      if (!isObject(target) || target["name"] !== delegate.metadata.name) return [];
      const namespace = target["namespace"] ?? object.metadata.namespace;
      return namespace === delegate.metadata.namespace ? [{ object, path: ["spec", "http", index] }] : [];
    });
  });
}

function timeoutOf({ timeout }: JsonObject, rules: readonly Rule[]): Setting {
  const value = timeout === "0s" || timeout === undefined ? "none" : String(timeout);
  return { name: "timeout", value, at: placeIn(rules, ["timeout"]) ?? "Istio's default" };
}

function retriesOf(action: JsonObject, rules: readonly Rule[], { mesh, objects }: Context): Setting[] {
  const policy = action["retry_policy"];
  const written = placeIn(rules, ["retries"]);
  const at = (field: string) => placeIn(rules, ["retries", field]) ?? written ?? meshRetries(mesh, objects);
  if (!isObject(policy)) return [{ name: "retries", value: "none", at: at("attempts") }];
  const settings = [
    { name: "retries", value: String(policy["num_retries"] ?? 1), at: at("attempts") },
    { name: "retried on", value: String(policy["retry_on"] ?? ""), at: at("retryOn") },
  ];
  if (policy["per_try_timeout"] !== undefined) {
    settings.push({ name: "timeout of each try", value: shown(policy["per_try_timeout"]), at: at("perTryTimeout") });
  }
  return settings;
}

function meshRetries({ settings }: Mesh, objects: readonly KubeObject[]): string {
  if (settings.fields.defaultHttpRetryPolicy === undefined) return "Istio's default";
  const config = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "istio");
  return config ? `${placeOf(config, ["data", "mesh"])} (defaultHttpRetryPolicy)` : "defaultHttpRetryPolicy";
}

function placeIn(rules: readonly Rule[], field: Path): string | undefined {
  const rule = rules.find(({ object, path }) => isWritten(object, [...path, ...field]));
  return rule && placeOf(rule.object, [...rule.path, ...field]);
}

function faultOf(route: JsonObject): Json | undefined {
  const filters = route["typed_per_filter_config"];
  const fault = isObject(filters) ? filters["envoy.filters.http.fault"] : undefined;
  if (!isObject(fault)) return undefined;
  const { "@type": _, ...rest } = fault;
  return rest;
}

function shown(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
