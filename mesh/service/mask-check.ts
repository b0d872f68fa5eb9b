import type { FieldDescriptor, MessageDescriptor } from "./descriptors.ts";
import type { FieldViolation } from "./errors.ts";
import { readFieldRules } from "./field-rules.ts";
import { camelCase } from "./update-mask.ts";

/** The update mask of one request. */
export interface Mask {
  /** In snake_case; empty: every populated field. */
  readonly paths: ReadonlySet<string>;
}

interface Types {
  message(name: string): MessageDescriptor;
}

/** The mask in a request whose type has one. */
export function maskOf(request: object, type: MessageDescriptor): Mask {
  const field = type.fields.find(isMask);
  const paths = field ? (request as Record<string, unknown>)[camelCase(field.name)] : undefined;
  return { paths: new Set(Array.isArray(paths) ? paths.map(String) : []) };
}

/** Checks the paths of a mask against the resource they are about: unknown paths, and those that may not change. */
export function compileMask(request: MessageDescriptor, types: Types) {
  const mask = request.fields.find(isMask);
  const resource = request.fields.find((field) => field.typeName !== "" && !field.typeName.startsWith("google."));
  const resourceType = resource && types.message(resource.typeName);
  return (value: object, violations: FieldViolation[]): void => {
    if (!mask || !resourceType) return;
    for (const path of maskOf(value, request).paths) {
      const problem = path === "*" ? undefined : problemOf(path, resourceType, types);
      if (problem) violations.push({ field: mask.name, ...problem });
    }
  };
}

function isMask(field: FieldDescriptor): boolean {
  return field.typeName === "google.protobuf.FieldMask";
}

function problemOf(path: string, type: MessageDescriptor, types: Types): Omit<FieldViolation, "field"> | undefined {
  const [head, ...rest] = path.split(".");
  const field = type.fields.find(({ name }) => name === head);
  const isLeaf = rest.length === 0;
  if (!field || (!isLeaf && (field.repeated || field.typeName === "" || field.typeName.startsWith("google.")))) {
    return { reason: "INVALID_FIELD_MASK", description: `names "${path}", which is no field of the resource` };
  }
  const rules = readFieldRules(field, `${type.fullName}.${field.name}`);
  if (rules.outputOnly || rules.immutable) {
    return { reason: "IMMUTABLE_FIELD", description: `names "${path}", which cannot be changed` };
  }
  return isLeaf ? undefined : problemOf(rest.join("."), types.message(field.typeName), types);
}
