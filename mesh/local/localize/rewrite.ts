import type { Json } from "../envoy-api.ts";
import { isJson, type JsonValue, nameOf, textAt } from "./json.ts";
import { scoped } from "./names.ts";
import { translateSecret } from "./secrets.ts";
import type { LocalProxy, Place, SecretNeed, Shortfall } from "./types.ts";

/** What rewriting one proxy's resources needs to know and finds out. */
export interface Rewriting {
  readonly key: string;
  readonly proxy: LocalProxy;
  readonly place: Place;
  readonly clusters: ReadonlySet<string>;
  readonly secrets: Map<string, SecretNeed>;
  readonly shortfalls: Shortfall[];
}

const ads: Json = { ads: {}, resource_api_version: "V3" };

// Extensions of Istio's own Envoy build, and those that read what iptables left on a connection.
const leftOut =
  /^(istio[._]|envoy\.filters\.(network\.metadata_exchange|network\.stackdriver|http\.peer_metadata)|envoy\.filters\.listener\.original_dst$)/;

/** The same resource in the names and with the means of this machine: a copy, whatever its kind. */
export function rewrite(resource: Json, context: Rewriting): Json {
  return rewriteObject(resource, { ...context, resource });
}

interface Within extends Rewriting {
  readonly resource: Json;
}

function rewriteObject(json: Json, within: Within): Json {
  const out: Json = {};
  for (const [key, value] of Object.entries(json)) {
    if (key === "match_subject_alt_names" && Array.isArray(value)) {
      out["match_typed_subject_alt_names"] = value.flatMap(typedNames);
      continue;
    }
    const rewritten = rewriteField(key, value, within);
    if (rewritten !== undefined) out[key] = rewritten;
  }
  if (textAt(json, "@type").endsWith("grpc_json_transcoder.v3.GrpcJsonTranscoder")) checkTranscoder(out, within);
  return out;
}

/** Envoy refuses a transcoder for a service that its descriptors do not have. */
function checkTranscoder(config: Json, within: Within): void {
  const file = textAt(config, "proto_descriptor");
  const known = within.place.servicesIn(file ? { file } : { base64: textAt(config, "proto_descriptor_bin") });
  const services = Array.isArray(config["services"]) ? config["services"].map(String) : [];
  for (const service of services.filter((name) => !known.has(name))) {
    within.shortfalls.push({
      resource: within.resource,
      severity: "error",
      message: `the transcoder's descriptors have no service ${service}`,
      hint: `name a service of ${file || "the descriptors given inline"}, or give other descriptors`,
    });
  }
}

/** istiod still writes the field that Envoy has deprecated: a matcher for names of every type. */
function typedNames(matcher: JsonValue): JsonValue[] {
  const types = JSON.stringify(matcher).includes("spiffe://") ? ["URI"] : ["DNS", "URI"];
  return types.map((type) => ({ san_type: type, matcher }));
}

function rewriteField(key: string, value: JsonValue, within: Within): JsonValue | undefined {
  const rule = rules[key];
  if (rule) {
    const answer = rule(value, within);
    if (answer !== asIs) return answer;
  }
  return rewriteValue(value, within);
}

function rewriteValue(value: JsonValue, within: Within): JsonValue {
  if (Array.isArray(value)) {
    return value.filter((item) => !isLeftOut(item)).map((item) => rewriteValue(item, within));
  }
  return isJson(value) ? rewriteObject(value, within) : value;
}

function isLeftOut(item: JsonValue): boolean {
  return isJson(item) && "typed_config" in item && leftOut.test(nameOf(item));
}

const asIs = Symbol("as it is");

type Rule = (value: JsonValue, within: Within) => JsonValue | undefined | typeof asIs;

const rules: Readonly<Record<string, Rule>> = {
  cluster: clusterName,
  cluster_name: clusterName,
  // Of a weighted cluster's list; other things called so have no such names.
  clusters: (value, within) =>
    Array.isArray(value)
      ? value.map((item) =>
          isJson(item) ? { ...rewriteObject(item, within), name: toScoped(nameOf(item), within) } : item,
        )
      : asIs,
  route_config_name: (value, within) => (typeof value === "string" ? scoped(within.key, value) : asIs),
  tls_certificate_sds_secret_configs: (value, within) =>
    Array.isArray(value) ? value.filter(isJson).map((item) => secretConfig(item, within)) : asIs,
  validation_context_sds_secret_config: (value, within) => (isJson(value) ? secretConfig(value, within) : asIs),
  proto_descriptor: mountedFile,
  // Zero means to wait for ever for what may never come.
  initial_fetch_timeout: () => undefined,
  // Put on where spans go somewhere, by telemetry.ts.
  tracing: () => undefined,
  // Names of statistics: ours tell the proxies apart. Each ends in a semicolon, because names have dots in them.
  alt_stat_name: (value, within) => (typeof value === "string" ? scoped(within.key, value) : asIs),
  stat_prefix: (value, within) => (typeof value === "string" && value.endsWith(";") ? scoped(within.key, value) : asIs),
};

function clusterName(value: JsonValue, within: Within): JsonValue | typeof asIs {
  return typeof value === "string" ? toScoped(value, within) : asIs;
}

function toScoped(name: string, within: Within): string {
  return within.clusters.has(name) ? scoped(within.key, name) : name;
}

function secretConfig(config: Json, within: Within): Json {
  const { name, need } = translateSecret(nameOf(config), within.proxy);
  within.secrets.set(name, need);
  return { name, sds_config: ads };
}

function mountedFile(value: JsonValue, within: Within): JsonValue | undefined | typeof asIs {
  if (typeof value !== "string" || value === "") return asIs;
  const file = within.place.mountedFile(value);
  if (file) return file;
  within.shortfalls.push({
    resource: within.resource,
    severity: "error",
    message: `${value} is a file of the cluster that does not exist on this machine`,
    hint: "name /etc/mesh/descriptors/<system>.binpb for a system whose contracts are under proto/<system>",
  });
  return value;
}
