import type { EnumType, Fields, FieldType, MapType, MessageType, ScalarType } from "./types.ts";

/** What to write where an object is expected and something else stands. */
export function objectHint(type: MessageType<Fields>, value: unknown): string {
  const names = Object.keys(type.fields);
  if (Array.isArray(value)) return "write an object: its fields without a dash before them";
  const field = (type.oneOf ?? type.exclusive)?.[0] ?? names.find((name) => takes(type.fields[name], value));
  if (field !== undefined) return `write {${field}: ${JSON.stringify(value)}}`;
  return names.length > 0 ? `write an object with ${names.slice(0, 8).join(", ")}` : "write an object";
}

/** Whether a field was probably meant by a value that stands alone. */
function takes(type: FieldType | undefined, value: unknown): boolean {
  if (type?.kind === "enum") return typeof value === "string" && (type as EnumType<string>).values.includes(value);
  if (type?.kind !== "scalar") return false;
  const { name } = type as ScalarType<unknown>;
  return typeof value === "number" ? /int|double/.test(name) : typeof value === "string" && name === "string";
}

/** What to write where a list is expected and something else stands. */
export function listHint(value: unknown): string {
  if (typeof value === "object") return "write a list: a dash before the first field of each item";
  return `write [${JSON.stringify(value)}]`;
}

/** What to write where a map is expected and something else stands. */
export function mapHint(value: unknown): string {
  const [, key, text] = /^([\w./-]+)[=:] *([\w.-]+)$/.exec(typeof value === "string" ? value : "") ?? [];
  return key && text ? `write {${key}: ${text}}` : "write a map";
}

/** Where labels stand right in a selector, without the map that holds them. */
export function soleMap(fields: Fields): string | undefined {
  const [name, ...others] = Object.keys(fields);
  if (name === undefined || others.length > 0 || fields[name]?.kind !== "map") return undefined;
  const { of } = fields[name] as MapType<FieldType>;
  return of.kind === "scalar" ? name : undefined;
}
