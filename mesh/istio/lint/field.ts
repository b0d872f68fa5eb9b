import { isRecord } from "../kube-object.ts";

/** What stands at a path of a value of unknown shape; undefined where there is nothing. */
export function fieldAt(value: unknown, ...path: (string | number)[]): unknown {
  let at = value;
  for (const step of path) {
    if (Array.isArray(at) && typeof step === "number") at = at[step];
    else if (isRecord(at) && typeof step === "string" && Object.hasOwn(at, step)) at = at[step];
    else return undefined;
  }
  return at;
}

export function textAt(value: unknown, ...path: (string | number)[]): string | undefined {
  const at = fieldAt(value, ...path);
  return typeof at === "string" ? at : undefined;
}

export function numberAt(value: unknown, ...path: (string | number)[]): number | undefined {
  const at = fieldAt(value, ...path);
  return typeof at === "number" && Number.isFinite(at) ? at : undefined;
}

export function listAt(value: unknown, ...path: (string | number)[]): unknown[] {
  const at = fieldAt(value, ...path);
  return Array.isArray(at) ? at : [];
}

/** The texts of a map, such as labels; other values are left out. */
export function textsAt(value: unknown, ...path: (string | number)[]): Record<string, string> {
  const at = fieldAt(value, ...path);
  if (!isRecord(at)) return {};
  return Object.fromEntries(
    Object.entries(at).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** Whether labels have every key and value of a selector; an empty selector selects everything. */
export function selects(selector: Record<string, string>, labels: Record<string, string>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
