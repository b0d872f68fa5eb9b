import { type FieldDescriptor, FieldType } from "./descriptors.ts";
import { type FieldRules, readFieldRules } from "./field-rules.ts";
import { camelCase, isPopulated } from "./update-mask.ts";
import type { MessageCheck, Scope } from "./validation.ts";

/** Checks one field of a message that holds it. */
export type FieldCheck = (message: object, prefix: string, scope: Scope) => void;

/** What a field's check needs to know of other types. */
export interface FieldContext {
  checkOf(message: string): MessageCheck;
  enumNumbers(name: string): ReadonlySet<number>;
}

interface Owner {
  /** The message's full name. */
  readonly owner: string;
  /** Whether it is a list request: its page_size has a reason of its own. */
  readonly isPage: boolean;
}

interface Problem {
  readonly reason: string;
  readonly description: string;
}

/** Tells what is wrong with one value, if anything. */
type ValueCheck = (value: unknown) => Problem | undefined;

const defaultMaxLength = 255;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Ids are compared as text, so they have one spelling: the one in which they were handed out. */
const id = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** @throws Error when a rule does not fit the field */
export function compileField(field: FieldDescriptor, owner: Owner, context: FieldContext): FieldCheck {
  const rules = readFieldRules(field, `${owner.owner}.${field.name}`);
  const property = camelCase(field.name);
  const checkValue = compileValue(field, rules, owner, context);
  const checkItems = field.repeated ? compileItems(field, rules, checkValue) : undefined;
  const nested = nestedCheck(field, context);
  const problemOfAbsence = compileAbsence(field, rules);
  return (message, prefix, scope) => {
    const holder = message as Record<string, unknown>;
    const value = holder[property];
    if (rules.outputOnly && !(scope.inResource && rules.id)) {
      if (isPopulated(value)) holder[property] = emptyOf(value, field);
      return;
    }
    const path = prefix + field.name;
    if (isAbsent(value, field)) {
      const problem = problemOfAbsence(path, scope);
      if (problem === "check") report(scope, path, checkItems ? undefined : checkValue(value));
      else report(scope, path, problem);
      return;
    }
    if (checkItems) checkItems(value as readonly unknown[], path, scope);
    else report(scope, path, checkValue(value));
    if (nested) nested(value, path, scope);
  };
}

function isAbsent(value: unknown, field: FieldDescriptor): boolean {
  return field.explicitPresence ? value === undefined : !isPopulated(value);
}

/**
 * What is wrong with a field that is not there. In the resource of an update only what the mask names must be there, and the id. "check": a default
 * value stands for it (0, ""), which has to be in range itself.
 */
function compileAbsence(field: FieldDescriptor, rules: FieldRules) {
  const hasDefault = !field.explicitPresence && field.type !== FieldType.MESSAGE && !field.repeated;
  const limitsDefault =
    hasDefault && (rules.min !== undefined || rules.max !== undefined || (rules.minLength ?? 0) > 0);
  const tooFew = field.repeated && (rules.minLength ?? 0) > 0 ? tooShort(rules.minLength ?? 0, "items") : undefined;
  return (path: string, scope: Scope): Problem | "check" | undefined => {
    if (rules.id && hasDefault) return "check";
    if (scope.inResource && !isNamed(path, scope)) return undefined;
    if (rules.required) return missing(field);
    return limitsDefault ? "check" : tooFew;
  };
}

/** Whether the update mask names this field, or one that holds it. */
function isNamed(path: string, scope: Scope): boolean {
  const inResource = path.slice(path.indexOf(".") + 1);
  for (const name of scope.mask?.paths ?? []) {
    if (name === "*" || name === inResource || inResource.startsWith(`${name}.`)) return true;
  }
  return false;
}

function missing(field: FieldDescriptor): Problem {
  return field.type === FieldType.ENUM && !field.repeated
    ? { reason: "INVALID_ENUM", description: "must be one of its values" }
    : { reason: "REQUIRED", description: "is required" };
}

function report(scope: Scope, field: string, problem: Problem | undefined): void {
  if (problem) scope.violations.push({ field, ...problem });
}

function nestedCheck(field: FieldDescriptor, context: FieldContext) {
  if (field.type !== FieldType.MESSAGE || field.typeName.startsWith("google.protobuf.")) return undefined;
  const check = context.checkOf(field.typeName);
  return (value: unknown, path: string, scope: Scope) => {
    if (!field.repeated) {
      const inner = scope.mask && !scope.inResource ? { ...scope, inResource: true } : scope;
      return check(value as object, `${path}.`, inner);
    }
    for (const [index, item] of (value as object[]).entries()) check(item, `${path}[${index}].`, scope);
  };
}

function compileItems(field: FieldDescriptor, rules: FieldRules, checkItem: ValueCheck) {
  const isText = field.type === FieldType.STRING;
  // On a list of strings the lengths are those of the list; its items keep the default limit.
  return (items: readonly unknown[], path: string, scope: Scope) => {
    const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = rules;
    if (items.length > maxLength) report(scope, path, tooLong(maxLength, "items"));
    if (items.length < minLength) report(scope, path, tooShort(minLength, "items"));
    for (const [index, item] of items.entries()) {
      report(scope, `${path}[${index}]`, isText ? checkLength(String(item), 0, defaultMaxLength) : checkItem(item));
    }
  };
}

function compileValue(field: FieldDescriptor, rules: FieldRules, owner: Owner, context: FieldContext): ValueCheck {
  switch (field.type) {
    case FieldType.STRING:
      return compileText(field, rules);
    case FieldType.BYTES:
      return (value) => checkSize((value as Uint8Array).length, rules);
    case FieldType.ENUM: {
      const numbers = context.enumNumbers(field.typeName);
      return (value) =>
        numbers.has(value as number) ? undefined : { reason: "INVALID_ENUM", description: "must be one of its values" };
    }
    case FieldType.BOOL:
      return () => undefined;
    case FieldType.MESSAGE:
      return (value) =>
        value instanceof Date && Number.isNaN(value.getTime())
          ? { reason: "OUT_OF_RANGE", description: "is no time between the years 1 and 9999" }
          : undefined;
    default:
      return compileNumber(field, rules, owner);
  }
}

function compileText(field: FieldDescriptor, rules: FieldRules): ValueCheck {
  const maxLength = rules.maxLength ?? defaultMaxLength;
  const minLength = rules.minLength ?? 0;
  if (rules.uuid || rules.id) {
    const reason = field.name === "request_id" ? "INVALID_REQUEST_ID" : "INVALID_ID";
    const form = rules.id ? id : uuid;
    return (value) => (form.test(value as string) ? undefined : { reason, description: "must be a UUID" });
  }
  return (value) => {
    const text = value as string;
    const length = checkLength(text, minLength, maxLength);
    if (length) return length;
    if (text.includes("\0")) return { reason: "INVALID_FORMAT", description: "must not contain the character U+0000" };
    if (!rules.pattern || rules.pattern.test(text)) return undefined;
    return { reason: "INVALID_FORMAT", description: `must match ${rules.pattern.source}` };
  };
}

function compileNumber(field: FieldDescriptor, rules: FieldRules, owner: Owner): ValueCheck {
  if (rules.id) {
    return (value) =>
      (value as bigint | number) >= 1 ? undefined : { reason: "INVALID_ID", description: "must be 1 or more" };
  }
  if (owner.isPage && field.name === "page_size") {
    return (value) =>
      (value as number) >= 0 ? undefined : { reason: "INVALID_PAGE_SIZE", description: "must not be negative" };
  }
  const { min, max } = rules;
  if (min === undefined && max === undefined) return () => undefined;
  return (value) => {
    const number = value as bigint | number; // bigint and number compare by value.
    const inRange = (min === undefined || number >= min) && (max === undefined || number <= max);
    return inRange ? undefined : { reason: "OUT_OF_RANGE", description: rangeText(min, max) };
  };
}

function rangeText(min: bigint | undefined, max: bigint | undefined): string {
  if (min === undefined) return `must be at most ${max}`;
  return max === undefined ? `must be at least ${min}` : `must be between ${min} and ${max}`;
}

/** Counts code points, but only when the cheaper count of UTF-16 units does not decide. */
function checkLength(text: string, min: number, max: number): Problem | undefined {
  if (text.length > max && [...text].length > max) return tooLong(max, "characters");
  if (text.length < 2 * min && [...text].length < min) return tooShort(min, "characters");
  return undefined;
}

function checkSize(bytes: number, rules: FieldRules): Problem | undefined {
  if (rules.maxLength !== undefined && bytes > rules.maxLength) return tooLong(rules.maxLength, "bytes");
  if (rules.minLength !== undefined && bytes < rules.minLength) return tooShort(rules.minLength, "bytes");
  return undefined;
}

function tooLong(max: number, unit: string): Problem {
  return { reason: "TOO_LONG", description: `must have at most ${max} ${unit}` };
}

function tooShort(min: number, unit: string): Problem {
  return { reason: "TOO_SHORT", description: `must have at least ${min} ${unit}` };
}

function emptyOf(value: unknown, field: FieldDescriptor): unknown {
  if (field.repeated) return [];
  if (field.explicitPresence || field.type === FieldType.MESSAGE) return undefined;
  if (typeof value === "bigint") return 0n;
  if (typeof value === "number") return 0;
  if (typeof value === "string") return "";
  return typeof value === "boolean" ? false : Buffer.alloc(0);
}
