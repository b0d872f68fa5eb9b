import type { Fields, MessageType } from "./types.ts";

/** What to write where an object is expected and something else stands. */
export function objectHint(type: MessageType<Fields>, value: unknown): string {
  const names = Object.keys(type.fields);
  if (Array.isArray(value)) return "write an object: its fields without a dash before them";
  const [field] = type.oneOf ?? (names.length === 1 ? names : []);
  if (field !== undefined && field !== "" && typeof value !== "object")
    return `write {${field}: ${JSON.stringify(value)}}`;
  return names.length > 0 ? `write an object with ${names.slice(0, 8).join(", ")}` : "write an object";
}

/** What to write where a list is expected and something else stands. */
export function listHint(value: unknown): string {
  if (typeof value === "object") return "write a list: a dash before the first field of each item";
  return `write [${JSON.stringify(value)}]`;
}
