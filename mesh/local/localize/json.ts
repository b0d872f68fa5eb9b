import type { Json } from "../envoy-api.ts";

export type JsonValue = Json[string];

export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field that should be an object; empty when it is not there. */
export function objectAt(json: Json | undefined, key: string): Json {
  const value = json?.[key];
  return isJson(value) ? value : {};
}

/** A field that should be a list of objects; empty when it is not there. */
export function listAt(json: Json | undefined, key: string): Json[] {
  const value = json?.[key];
  return Array.isArray(value) ? value.filter(isJson) : [];
}

export function textAt(json: Json | undefined, key: string): string {
  const value = json?.[key];
  return typeof value === "string" ? value : "";
}

export function nameOf(json: Json): string {
  return textAt(json, "name");
}

export function without(json: Json, ...keys: string[]): Json {
  return Object.fromEntries(Object.entries(json).filter(([key]) => !keys.includes(key)));
}

const hcmName = "envoy.filters.network.http_connection_manager";

/** The HTTP connection manager of a filter chain. */
export function httpManagerOf(chain: Json): Json | undefined {
  const filter = listAt(chain, "filters").find((candidate) => nameOf(candidate) === hcmName);
  return filter ? objectAt(filter, "typed_config") : undefined;
}
