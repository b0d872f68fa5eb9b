import { createHash } from "node:crypto";
import type { Json } from "../envoy-api.ts";

/**
 * Remembers results from one localization to the next, so that an edit of one policy costs the work of what it touches, and so that
 * whoever gets the same object again knows without looking that nothing in it has changed.
 */
export class Memo {
  #before = new Map<string, Kept>();
  #now = new Map<string, Kept>();

  /** The result kept under `slot` if it was made of the same input, else a new one. */
  get<T>(slot: string, input: string, make: () => T): T {
    const kept = this.#before.get(slot);
    const entry = kept?.input === input ? kept : { input, value: make() };
    this.#now.set(slot, entry);
    return entry.value as T;
  }

  /** Ends a localization: what it did not ask for is forgotten. */
  next(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}

interface Kept {
  readonly input: string;
  readonly value: unknown;
}

const texts = new WeakMap<Json, string>();

/** JSON of a resource, made once. */
export function textOf(json: Json): string {
  const kept = texts.get(json);
  if (kept !== undefined) return kept;
  const text = JSON.stringify(json);
  texts.set(json, text);
  return text;
}

const prints = new WeakMap<readonly Json[], string>();

/** A short stand-in for the JSON of a list of resources, made once. */
export function printOf(list: readonly Json[]): string {
  const kept = prints.get(list);
  if (kept !== undefined) return kept;
  const hash = createHash("sha1");
  for (const json of list) hash.update(textOf(json));
  const print = hash.digest("base64url");
  prints.set(list, print);
  return print;
}
