import { isRecord } from "#mesh/istio/kube-object.ts";
import type { Path } from "#mesh/istio/source.ts";

/** The part of JSON Schema 2020-12 that the schema of PolicyTest uses. */
export interface Schema {
  $ref?: string;
  type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  description?: string;
  enum?: readonly unknown[];
  pattern?: string;
  minLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minItems?: number;
  minProperties?: number;
  required?: readonly string[];
  properties?: Readonly<Record<string, Schema>>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  $defs?: Readonly<Record<string, Schema>>;
}

export interface Violation {
  path: Path;
  message: string;
  hint: string;
}

/** Checks a value against a schema and returns every violation, each with the path it stands at and what to write instead. */
export function violationsOf(root: Schema, value: unknown): Violation[] {
  return check(value, { root, schema: root, path: [] });
}

interface Place {
  root: Schema;
  schema: Schema;
  path: Path;
}

function check(value: unknown, place: Place): Violation[] {
  const schema = resolve(place.root, place.schema);
  const here = { ...place, schema };
  if (schema.anyOf) return checkAlternatives(value, here, schema.anyOf);
  if (schema.type && !hasType(value, schema.type)) {
    return [violation(here, `is ${nameOf(value)}, not ${article(schema.type)}`, describe(schema))];
  }
  const found = checkScalar(value, here);
  if (isRecord(value)) found.push(...checkObject(value, here));
  if (Array.isArray(value)) found.push(...checkArray(value, here));
  return found;
}

function resolve(root: Schema, schema: Schema): Schema {
  if (!schema.$ref) return schema;
  const target = root.$defs?.[schema.$ref.replace("#/$defs/", "")];
  if (!target) throw new Error(`the schema has no ${schema.$ref}`);
  const { $ref: _, ...own } = schema;
  const referred = resolve(root, target);
  const description = [own.description, referred.description].filter(Boolean).join(" ");
  return { ...referred, ...own, ...(description ? { description } : {}) };
}

/** The violations of the alternative that comes nearest: the one of the value's own type, if there is one. */
function checkAlternatives(value: unknown, place: Place, alternatives: readonly Schema[]): Violation[] {
  const results = alternatives.map((schema) => check(value, { ...place, schema }));
  if (results.some((violations) => violations.length === 0)) return [];
  const nearest = results.find(([first]) => first && first.path.length > place.path.length);
  const sameType = alternatives.findIndex((schema) => {
    const { type } = resolve(place.root, schema);
    return type !== undefined && hasType(value, type);
  });
  return nearest ?? results[sameType] ?? [violation(place, `cannot be ${shown(value)}`, alternativesHint(place))];
}

function alternativesHint({ root, schema }: Place): string {
  const texts = (schema.anyOf ?? []).map((alternative) => describe(resolve(root, alternative)));
  return schema.description ?? texts.join(", or ");
}

function checkScalar(value: unknown, place: Place): Violation[] {
  const { schema } = place;
  const found: Violation[] = [];
  if (schema.enum && !schema.enum.includes(value)) {
    found.push(violation(place, `cannot be ${shown(value)}`, describe(schema)));
  }
  if (typeof value === "string") {
    if (schema.pattern && !new RegExp(schema.pattern).test(value)) {
      found.push(violation(place, `cannot be ${shown(value)}`, describe(schema)));
    }
    if (value.length < (schema.minLength ?? 0)) found.push(violation(place, "is empty", describe(schema)));
  }
  if (typeof value === "number" && !inRange(value, schema)) {
    found.push(violation(place, `cannot be ${value}`, describe(schema)));
  }
  return found;
}

function inRange(value: number, { minimum, maximum, exclusiveMinimum }: Schema): boolean {
  if (minimum !== undefined && value < minimum) return false;
  if (maximum !== undefined && value > maximum) return false;
  return exclusiveMinimum === undefined || value > exclusiveMinimum;
}

function checkObject(value: Record<string, unknown>, place: Place): Violation[] {
  const { schema, path } = place;
  const known = Object.keys(schema.properties ?? {});
  const found = (schema.required ?? [])
    .filter((key) => value[key] === undefined)
    .map((key) =>
      violation(place, `has no ${key}`, describe(resolve(place.root, schema.properties?.[key] ?? {}), key)),
    );
  if (Object.keys(value).length < (schema.minProperties ?? 0)) {
    found.push(violation(place, "is empty", known.length > 0 ? `write one of ${known.join(", ")}` : describe(schema)));
  }
  if (schema.oneOf) found.push(...checkOneOf(value, place, schema.oneOf));
  for (const [key, child] of Object.entries(value)) {
    const childSchema = schema.properties?.[key] ?? schema.additionalProperties;
    const childPath = [...path, key];
    if (childSchema === false) {
      found.push({ path: childPath, message: `unknown field ${key}`, hint: suggestion(key, known) });
    } else if (isRecord(childSchema)) {
      found.push(...check(child, { root: place.root, schema: childSchema as Schema, path: childPath }));
    }
  }
  return found;
}

/** `oneOf` is used for "exactly one of these keys" alone. */
function checkOneOf(value: Record<string, unknown>, place: Place, choices: readonly Schema[]): Violation[] {
  const keys = choices.flatMap((choice) => choice.required ?? []);
  const present = keys.filter((key) => value[key] !== undefined);
  if (present.length === 1) return [];
  const message = present.length === 0 ? `has neither ${keys.join(" nor ")}` : `has both ${present.join(" and ")}`;
  return [violation(place, message, `write exactly one of ${keys.join(", ")}`)];
}

function checkArray(value: unknown[], place: Place): Violation[] {
  const { schema, path, root } = place;
  const found: Violation[] = [];
  if (value.length < (schema.minItems ?? 0)) found.push(violation(place, "is empty", describe(schema)));
  const items = schema.items;
  if (items) {
    value.forEach((item, index) => {
      found.push(...check(item, { root, schema: items, path: [...path, index] }));
    });
  }
  return found;
}

function violation({ path }: Place, message: string, hint: string): Violation {
  const last = path.at(-1);
  const subject = typeof last === "number" ? `${path.at(-2) ?? ""}[${last}]` : (last ?? "the document");
  return { path, message: `${subject} ${message}`, hint };
}

function describe(schema: Schema, key?: string): string {
  const lead = key ? `add ${key}` : "";
  const body = [schema.description, formOf(schema)].filter(Boolean).join(" ");
  return [lead, body].filter(Boolean).join(": ") || "see docs/mesh-test.md";
}

function formOf(schema: Schema): string {
  if (schema.enum) return `Write ${schema.enum.join(", ")}.`;
  if (schema.pattern?.includes("ms|s")) return "Write a duration, as in 250ms or 1.5s.";
  if (schema.minimum !== undefined && schema.maximum !== undefined) {
    return `Write ${article(schema.type ?? "number")} from ${schema.minimum} to ${schema.maximum}.`;
  }
  if (schema.minimum !== undefined) return `Write ${article(schema.type ?? "number")} of at least ${schema.minimum}.`;
  return schema.type && !schema.description ? `Write ${article(schema.type)}.` : "";
}

function suggestion(key: string, known: readonly string[]): string {
  const nearest = known.find((name) => distance(name.toLowerCase(), key.toLowerCase()) <= 2);
  return nearest ? `did you mean ${nearest}?` : `the fields here are ${known.join(", ")}`;
}

/** Levenshtein's edit distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function hasType(value: unknown, type: NonNullable<Schema["type"]>): boolean {
  if (type === "object") return isRecord(value);
  if (type === "array") return Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `${article(typeof value)} (${shown(value)})`;
}

function article(type: string): string {
  const word = type === "array" ? "list" : type === "string" ? "text" : type;
  if (word === "text") return "text";
  return /^[aeio]/.test(word) ? `an ${word}` : `a ${word}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
