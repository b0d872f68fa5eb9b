import type { JsonObject } from "../json.ts";
import type { Patch } from "./patches.ts";

/** What a patch that puts something into a list looks for there; undefined when it names no neighbour. */
export type Anchor = ((item: JsonObject) => boolean) | undefined;

/**
 * Applies a patch that adds to, replaces in or removes from an ordered list such as filters or routes. Without an anchor,
 * INSERT_BEFORE means first and INSERT_AFTER last; with one that is not there, nothing happens.
 */
export function place(items: JsonObject[], { operation, value }: Patch, anchor: Anchor): JsonObject[] {
  const copy = structuredClone(value);
  const at = anchor ? items.findIndex(anchor) : -1;
  switch (operation) {
    case "ADD":
      return [...items, copy];
    case "INSERT_FIRST":
      return [copy, ...items];
    case "INSERT_BEFORE":
      if (!anchor) return [copy, ...items];
      return at < 0 ? items : items.toSpliced(at, 0, copy);
    case "INSERT_AFTER":
      if (!anchor) return [...items, copy];
      return at < 0 ? items : items.toSpliced(at + 1, 0, copy);
    case "REPLACE":
      return at < 0 ? items : items.with(at, copy);
    case "REMOVE":
      return anchor ? items.filter((item) => !anchor(item)) : items;
    case "MERGE":
      return items;
  }
}
