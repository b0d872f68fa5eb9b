import type { Path } from "#mesh/istio/source.ts";

/** One field that is different. `before` is undefined for a field that was added, `after` for one that was removed. */
export interface FieldChange {
  /** As in `spec.http[reads].timeout`: an item of a list goes by its name, or else by its number. */
  path: string;
  before?: unknown;
  after?: unknown;
  /** Where the field stands, or would stand, on each side. */
  beforePath: Path;
  afterPath: Path;
}

/**
 * What is different between two JSON values, field by field. Items of lists are matched by their `name` where all have one of
 * their own, so that an item that moved or was inserted is not taken for a change of its neighbours; other lists are matched
 * from both ends.
 */
export function diffJson(before: unknown, after: unknown): FieldChange[] {
  return diff(before, after, { path: "", beforePath: [], afterPath: [] });
}

type Place = Pick<FieldChange, "path" | "beforePath" | "afterPath">;

function diff(before: unknown, after: unknown, place: Place): FieldChange[] {
  if (Object.is(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return diffLists(before, after, place);
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => diff(before[key], after[key], child(place, key)));
  }
  const values = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
  return [{ ...place, ...values }];
}

function diffLists(before: unknown[], after: unknown[], place: Place): FieldChange[] {
  const old = placesByName(before);
  const now = placesByName(after);
  return old && now ? diffNamed({ before, old }, { after, now }, place) : diffByPlace(before, after, place);
}

/** The index of each item by its name; nothing when an item has no name or two have the same. */
function placesByName(items: unknown[]): Map<string, number> | undefined {
  const places = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const name = isObject(item) ? item["name"] : undefined;
    if (typeof name !== "string" || name === "" || places.has(name)) return undefined;
    places.set(name, index);
  }
  return places;
}

function diffNamed(
  { before, old }: { before: unknown[]; old: Map<string, number> },
  { after, now }: { after: unknown[]; now: Map<string, number> },
  place: Place,
): FieldChange[] {
  const changes = [...new Set([...old.keys(), ...now.keys()])].flatMap((name) => {
    const oldIndex = old.get(name);
    const newIndex = now.get(name);
    return diff(
      oldIndex === undefined ? undefined : before[oldIndex],
      newIndex === undefined ? undefined : after[newIndex],
      {
        path: `${place.path}[${name}]`,
        beforePath: [...place.beforePath, oldIndex ?? before.length],
        afterPath: [...place.afterPath, newIndex ?? after.length],
      },
    );
  });
  const kept = [...old.keys()].filter((name) => now.has(name));
  const order = [...now.keys()].filter((name) => old.has(name));
  if (kept.join("\n") !== order.join("\n")) {
    changes.push({ ...place, path: `${place.path}(order)`, before: kept, after: order });
  }
  return changes;
}

function diffByPlace(before: unknown[], after: unknown[], place: Place): FieldChange[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && same(before[head], after[head])) head++;
  let tail = 0;
  while (tail < shorter - head && same(before.at(-1 - tail), after.at(-1 - tail))) tail++;
  const changes: FieldChange[] = [];
  for (let index = head; index < Math.max(before.length, after.length) - tail; index++) {
    const old = index < before.length - tail ? before[index] : undefined;
    const now = index < after.length - tail ? after[index] : undefined;
    changes.push(...diff(old, now, child(place, index)));
  }
  return changes;
}

function same(a: unknown, b: unknown): boolean {
  return diffJson(a, b).length === 0;
}

function child({ path, beforePath, afterPath }: Place, step: string | number): Place {
  return { path: path + shown(step, path), beforePath: [...beforePath, step], afterPath: [...afterPath, step] };
}

function shown(step: string | number, parent: string): string {
  if (typeof step === "number") return `[${step}]`;
  if (!/^[\w-]+$/.test(step)) return `[${step}]`;
  return parent === "" ? step : `.${step}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
