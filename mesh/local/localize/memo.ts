import { hash } from "node:crypto";
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

const prints = new WeakMap<object, string>();

/** A short stand-in for the JSON of a resource or a list of them, worked out once for each object. */
export function printOf(value: Json | readonly Json[]): string {
  const kept = prints.get(value);
  if (kept !== undefined) return kept;
  const print = isList(value) ? shorten(value.map(printOf).join()) : shorten(JSON.stringify(value));
  prints.set(value, print);
  return print;
}

/** A text's hash: equal ones stand for equal texts. */
export function shorten(text: string): string {
  return hash("sha1", text, "base64url");
}

function isList(value: Json | readonly Json[]): value is readonly Json[] {
  return Array.isArray(value);
}
