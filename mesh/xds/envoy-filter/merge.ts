import { isObject, type Json, type JsonObject } from "../json.ts";
import { isNoValue, isUnset, withUnitOfSeconds } from "./values.ts";

/** Fields that are protobuf maps: an entry replaces the one of its key, and is not merged with it. */
const maps = new Set([
  "typed_per_filter_config",
  "typed_extension_protocol_options",
  "filter_metadata",
  "typed_filter_metadata",
]);

/** Fields of which a message has one at most (`oneof`): setting one takes the others away. */
const alternatives: readonly (readonly string[])[] = [
  ["route", "redirect", "direct_response", "filter_action", "non_forwarding_action"],
  ["cluster", "cluster_header", "weighted_clusters", "cluster_specifier_plugin", "inline_cluster_specifier_plugin"],
  ["prefix", "path", "safe_regex", "connect_matcher", "path_separated_prefix", "path_match_policy"],
  ["host_rewrite_literal", "auto_host_rewrite", "host_rewrite_header", "host_rewrite_path_regex"],
  ["rds", "route_config", "scoped_routes"],
  ["type", "cluster_type"],
];

/**
 * Merges a patch into a message as protobuf does: what the patch sets wins, messages are merged field by field, lists are
 * appended to, and a packed message (`@type`) is replaced as a whole. A zero sets nothing: it changes no value that is there.
 * Changes `into`.
 */
export function mergeMessage(into: JsonObject, patch: JsonObject): void {
  for (const [field, value] of Object.entries(patch)) {
    const group = alternatives.find((names) => names.includes(field));
    if (!group && isUnset(value, into[field])) continue;
    for (const other of group ?? []) if (other !== field) delete into[other];
    into[field] = merged(field, into[field], value);
  }
}

/** Merges the configuration of a filter into another of the same type; of another type it changes nothing. */
export function mergePacked(into: Json | undefined, patch: Json | undefined): Json | undefined {
  if (!isObject(into) || !isObject(patch) || into["@type"] !== patch["@type"]) return into;
  const copy = structuredClone(into);
  mergeMessage(copy, patch);
  return copy;
}

function merged(field: string, old: Json | undefined, value: Json): Json {
  if (Array.isArray(old) && Array.isArray(value)) return [...old, ...structuredClone(value)];
  if (!isObject(old) || !isObject(value) || "@type" in value) return structuredClone(value);
  if (maps.has(field)) return { ...old, ...structuredClone(value) };
  const copy = structuredClone(old);
  mergeMessage(copy, value);
  return copy;
}

/**
 * A patch's value with the field names of the `.proto` files, where YAML may write them in camelCase, with durations in
 * seconds, and without what is no value in protobuf. Names that are no field names, such as keys of maps with dots or dashes,
 * and everything in a Struct stay as they are.
 */
export function withFieldNames(value: unknown): Json {
  if (Array.isArray(value)) return value.map(withFieldNames);
  if (typeof value !== "object" || value === null) return value as Json;
  const type = (value as Record<string, unknown>)["@type"];
  const isStruct = typeof type === "string" && type.endsWith(".TypedStruct");
  const fields = Object.entries(value).flatMap(([key, item]): [string, Json][] => {
    const name = /^[a-z][A-Za-z0-9]*$/.test(key) ? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : key;
    if (isStruct && key === "value") return [[name, item as Json]];
    if (isNoValue(name, item)) return [];
    return [[name, typeof item === "string" ? withUnitOfSeconds(name, item) : withFieldNames(item)]];
  });
  return Object.fromEntries(fields);
}
