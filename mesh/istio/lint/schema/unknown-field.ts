import { formatPath } from "../../finding.ts";
import type { Place } from "../place.ts";
import { soleMap } from "./shape-hint.ts";
import { suggest } from "./suggest.ts";
import type { Fields, FieldType, ListType, MessageType } from "./types.ts";

/** A message that is being read, and the one that it stands in. */
export interface Level {
  fields: Fields;
  place: Place;
  outer: Level | undefined;
}

/** M013: a field that its message does not have. */
export function reportUnknownField(name: string, level: Level): void {
  const shown = name.slice(0, 60);
  const message = `${shown} is no field of this object: Kubernetes drops it without a word, so it has no effect`;
  level.place.in(name).find("M013", message, hintFor(name, level));
}

/** Fields are more often at the wrong depth, or misspelt, than made up. */
function hintFor(name: string, level: Level): string {
  const known = Object.keys(level.fields);
  const holder = outerHolder(name, level);
  if (holder !== undefined) return `it is a field of ${holder}: indent it less`;
  const inner = innerHolder(name, level.fields);
  if (inner !== undefined) return `it is a field of ${inner}: write it there`;
  const meant = suggest(name, known) ?? soleRelative(name, known);
  if (meant) return `did you mean ${meant}?`;
  const map = soleMap(level.fields);
  if (map !== undefined) return `write it in ${map}: it is one of them`;
  return `remove it; ${known.length > 0 ? `the fields here are ${known.join(", ")}` : "there are no fields here"}`;
}

/** Two steps out at most: further away the same name is another thing. */
function outerHolder(name: string, { outer }: Level): string | undefined {
  const holder = [outer, outer?.outer].find((level) => level && Object.hasOwn(level.fields, name));
  return holder && formatPath(holder.place.path());
}

function innerHolder(name: string, fields: Fields): string | undefined {
  const holders = Object.keys(fields).filter((field) => Object.hasOwn(fieldsOf(fields[field]) ?? {}, name));
  return holders.length === 1 ? holders[0] : undefined;
}

function fieldsOf(type: FieldType | undefined): Fields | undefined {
  if (type?.kind === "list") return fieldsOf((type as ListType<FieldType>).of);
  return type?.kind === "message" ? (type as MessageType<Fields>).fields : undefined;
}

/** The only name that holds the word, or that the word holds: `labels` for `matchLabels`. */
function soleRelative(word: string, names: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const related = names.filter((name) => {
    const other = name.toLowerCase();
    return Math.min(lower.length, other.length) > 3 && (lower.includes(other) || other.includes(lower));
  });
  return related.length === 1 ? related[0] : undefined;
}
