/** Protobuf messages as JSON, with the field names of the `.proto` files. */
export type Json = string | number | boolean | null | Json[] | JsonObject;

export interface JsonObject {
  [field: string]: Json;
}

/** An object without the fields that are undefined, as protobuf JSON leaves out what is not set. */
export function message(fields: Record<string, Json | undefined>): JsonObject {
  const out: JsonObject = {};
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) out[key] = value;
  }
  return out;
}

/** A message packed in an Any. */
export function any(type: string, fields: Record<string, Json | undefined> = {}): JsonObject {
  const out: JsonObject = { "@type": `type.googleapis.com/${type}` };
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) out[key] = value;
  }
  return out;
}

/** A named extension with its configuration, as filters and transport sockets are written. */
export function extension(name: string, type: string, fields: Record<string, Json | undefined> = {}): JsonObject {
  return { name, typed_config: any(type, fields) };
}

/** An extension that stock Envoy does not know: its configuration stays opaque. */
export function typedStruct(name: string, type: string, value: JsonObject): JsonObject {
  return {
    name,
    typed_config: { ...any("udpa.type.v1.TypedStruct"), type_url: `type.googleapis.com/${type}`, value },
  };
}

/** Milliseconds as a protobuf duration: 610 as `0.61s`. */
export function durationOf(ms: number): string {
  return `${Math.round(ms * 1e6) / 1e9}s`;
}

export function optionalDuration(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : durationOf(ms);
}

/** A list, or nothing when it is empty. */
export function unlessEmpty<T>(items: readonly T[]): T[] | undefined {
  return items.length === 0 ? undefined : [...items];
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The message in a field; an empty one when it is not set. */
export function objectAt(json: JsonObject, field: string): JsonObject {
  const value = json[field];
  return isObject(value) ? value : {};
}

/** The messages in a repeated field; none when it is not set. */
export function objectsAt(json: JsonObject, field: string): JsonObject[] {
  const value = json[field];
  return Array.isArray(value) ? value.filter(isObject) : [];
}
