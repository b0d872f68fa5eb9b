import type { KubeObject } from "#mesh/istio/kube-object.ts";
import { isObject, type Json, type JsonObject } from "#mesh/xds/json.ts";
import { isWritten, placeOf, type Setting } from "./explanation.ts";

/** A field of a DestinationRule and what Envoy does about it. */
interface Field {
  name: string;
  /** The block of a traffic policy, and the field in it. */
  path: [block: string, ...rest: string[]];
  value(cluster: JsonObject): string | undefined;
  /** What holds when the field is not written. */
  fallback: string;
  /** Only shown when the block is there. */
  onlyWithBlock?: boolean;
}

const unlimited = 4_294_967_295;

const fields: readonly Field[] = [
  limit("maximum connections", ["connectionPool", "tcp", "maxConnections"], "max_connections"),
  limit("maximum requests", ["connectionPool", "http", "http2MaxRequests"], "max_requests"),
  limit("maximum waiting requests", ["connectionPool", "http", "http1MaxPendingRequests"], "max_pending_requests"),
  limit("maximum retries in flight", ["connectionPool", "http", "maxRetries"], "max_retries"),
  {
    name: "connect timeout",
    path: ["connectionPool", "tcp", "connectTimeout"],
    value: (cluster) => text(cluster["connect_timeout"]),
    fallback: "the mesh's connectTimeout, 10s by default",
  },
  outlier("5xx errors in a row until a host is out", "consecutive5xxErrors", "consecutive_5xx", "5"),
  outlier(
    "gateway errors in a row until a host is out",
    "consecutiveGatewayErrors",
    "consecutive_gateway_failure",
    "off",
  ),
  outlier("looked at every", "interval", "interval", "10s"),
  outlier("out for (times the ejections so far)", "baseEjectionTime", "base_ejection_time", "30s"),
  outlier("hosts that may be out", "maxEjectionPercent", "max_ejection_percent", "10", "%"),
  {
    name: "healthy hosts below which all are used",
    path: ["outlierDetection", "minHealthPercent"],
    value: (cluster) => `${percentOf(cluster)}%`,
    fallback: "Istio's default",
    onlyWithBlock: true,
  },
  {
    name: "load balancing",
    path: ["loadBalancer"],
    value: (cluster) => text(cluster["lb_policy"]) ?? "ROUND_ROBIN",
    fallback: "Istio's default",
  },
  {
    name: "TLS to the callee",
    path: ["tls"],
    value: tlsOf,
    fallback: "Istio's automatic mutual TLS",
  },
];

/** What a cluster's limits, outlier detection, load balancing and TLS are, and where each is written. */
export function destinationSettings(
  cluster: JsonObject,
  { rules, subset, port }: { rules: readonly KubeObject[]; subset: string; port: number },
): Setting[] {
  const hasOutlierDetection = isObject(cluster["outlier_detection"]);
  const settings = fields.flatMap((field) => {
    if (field.onlyWithBlock && !hasOutlierDetection) return [];
    const value = field.value(cluster);
    if (value === undefined) return [];
    return [{ name: field.name, value, at: writtenAt(field.path, { rules, subset, port }) ?? field.fallback }];
  });
  if (!hasOutlierDetection)
    settings.push({ name: "breaker", value: "none: no outlierDetection", at: "Istio's default" });
  return settings;
}

/** The levels of a DestinationRule, from the one that wins: a block that a level has hides the same block of the others. */
function writtenAt(
  path: readonly string[],
  { rules, subset, port }: { rules: readonly KubeObject[]; subset: string; port: number },
): string | undefined {
  const [block = ""] = path;
  for (const level of ["subset", "top"] as const) {
    for (const rule of rules) {
      const base = level === "top" ? ["spec", "trafficPolicy"] : subsetPath(rule, subset);
      if (!base) continue;
      const onPort = portLevelPath(rule, base, port);
      // Port-level settings replace all blocks at once: what they do not write is not inherited.
      if (onPort) return isWritten(rule, [...onPort, ...path]) ? placeOf(rule, [...onPort, ...path]) : undefined;
      if (!isWritten(rule, [...base, block])) continue;
      return isWritten(rule, [...base, ...path]) ? placeOf(rule, [...base, ...path]) : undefined;
    }
  }
  return undefined;
}

function subsetPath(rule: KubeObject, subset: string): (string | number)[] | undefined {
  const index = subset === "" ? -1 : itemsAt(rule, ["spec", "subsets"]).findIndex((item) => item["name"] === subset);
  return index < 0 ? undefined : ["spec", "subsets", index, "trafficPolicy"];
}

function portLevelPath(rule: KubeObject, base: (string | number)[], port: number): (string | number)[] | undefined {
  const path = [...base, "portLevelSettings"];
  const index = itemsAt(rule, path).findIndex((item) => isObject(item["port"]) && item["port"]["number"] === port);
  return index < 0 ? undefined : [...path, index];
}

function itemsAt(rule: KubeObject, path: readonly (string | number)[]): JsonObject[] {
  let value = rule.raw as Json | undefined;
  for (const step of path) {
    if (Array.isArray(value) && typeof step === "number") value = value[step];
    else value = isObject(value) ? value[String(step)] : undefined;
  }
  return Array.isArray(value) ? value.filter((item) => isObject(item)) : [];
}

function limit(name: string, path: Field["path"], threshold: string): Field {
  return {
    name,
    path,
    fallback: "Istio's default",
    value(cluster) {
      const breakers = cluster["circuit_breakers"];
      const thresholds = isObject(breakers) && Array.isArray(breakers["thresholds"]) ? breakers["thresholds"] : [];
      const [first] = thresholds;
      const value = isObject(first) ? first[threshold] : undefined;
      return typeof value !== "number" || value === unlimited ? "no limit" : String(value);
    },
  };
}

/** Envoy's own default holds where Istio writes none. */
function outlier(name: string, field: string, key: string, envoyDefault: string, unit = ""): Field {
  return {
    name,
    path: ["outlierDetection", field],
    fallback: "Envoy's default",
    onlyWithBlock: true,
    value(cluster) {
      const detection = isObject(cluster["outlier_detection"]) ? cluster["outlier_detection"] : {};
      const value = text(detection[key]);
      if (value === "0" && key.startsWith("consecutive")) return "off";
      return `${value ?? envoyDefault}${unit}`;
    },
  };
}

function percentOf(cluster: JsonObject): string {
  const common = isObject(cluster["common_lb_config"]) ? cluster["common_lb_config"] : {};
  const threshold = common["healthy_panic_threshold"];
  return (isObject(threshold) ? text(threshold["value"]) : undefined) ?? "0";
}

function tlsOf(cluster: JsonObject): string | undefined {
  const sockets = Array.isArray(cluster["transport_socket_matches"]) ? cluster["transport_socket_matches"] : [];
  if (sockets.length > 0) return "mutual where the callee has a sidecar, else plain text";
  return isObject(cluster["transport_socket"]) ? "on" : "off";
}

function text(value: Json | undefined): string | undefined {
  if (isObject(value)) return text(value["value"]);
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
