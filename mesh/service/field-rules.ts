import { BinaryReader } from "@bufbuild/protobuf/wire";
import { type FieldDescriptor, FieldType, read } from "./descriptors.ts";

/** What the contract says of one field: google.api.field_behavior, google.api.field_info, mesh.options.v1.field. */
export interface FieldRules {
  readonly required: boolean;
  readonly outputOnly: boolean;
  readonly immutable: boolean;
  readonly uuid: boolean;
  readonly id: boolean;
  readonly min: bigint | undefined;
  readonly max: bigint | undefined;
  readonly minLength: number | undefined;
  readonly maxLength: number | undefined;
  readonly pattern: RegExp | undefined;
}

// Numbers of the extensions and their values: google/api/field_behavior.proto, google/api/field_info.proto, mesh/options/v1/options.proto.
const fieldBehavior = 1052;
const fieldInfo = 291_403_980;
const meshField = 50_051;
const REQUIRED = 2;
const OUTPUT_ONLY = 3;
const IMMUTABLE = 5;
const UUID4 = 1;

const numeric = new Set([1, 2, 3, 4, 5, 6, 7, 13, 15, 16, 17, 18]);

/**
 * Reads the rules of a field.
 *
 * @param where the field's full name, for errors
 * @throws Error when a rule does not fit the field's type
 */
export function readFieldRules(field: FieldDescriptor, where: string): FieldRules {
  const behaviors = new Set<number>();
  let uuid = false;
  let own = new Uint8Array() as Uint8Array;
  const reader = new BinaryReader(field.options);
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    if (number === fieldBehavior && wire === 0) behaviors.add(reader.int32());
    else if (number === fieldBehavior) readPacked(reader.bytes(), behaviors);
    else if (number === fieldInfo) read(reader.bytes(), { 1: (info) => (uuid = info.int32() === UUID4) });
    else if (number === meshField) own = reader.bytes();
    else reader.skip(wire);
  }
  const rules = {
    required: behaviors.has(REQUIRED),
    outputOnly: behaviors.has(OUTPUT_ONLY),
    immutable: behaviors.has(IMMUTABLE),
    uuid,
    ...readOwn(own),
  };
  demandFit(field, rules, where);
  return rules;
}

function readPacked(bytes: Uint8Array, into: Set<number>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) into.add(reader.int32());
}

function readOwn(bytes: Uint8Array) {
  const rules = {
    id: false,
    min: undefined as bigint | undefined,
    max: undefined as bigint | undefined,
    minLength: undefined as number | undefined,
    maxLength: undefined as number | undefined,
    pattern: undefined as RegExp | undefined,
  };
  read(bytes, {
    1: (reader) => (rules.id = reader.bool()),
    2: (reader) => (rules.min = BigInt(reader.int64())),
    3: (reader) => (rules.max = BigInt(reader.int64())),
    4: (reader) => (rules.minLength = reader.uint32()),
    5: (reader) => (rules.maxLength = reader.uint32()),
    6: (reader) => (rules.pattern = new RegExp(`^(?:${reader.string()})$`, "u")),
  });
  return rules;
}

function demandFit(field: FieldDescriptor, rules: FieldRules, where: string): void {
  const isNumber = numeric.has(field.type);
  const isString = field.type === FieldType.STRING;
  const wrong = (rule: string, fits: string) => new Error(`${where}: ${rule} fits ${fits} only`);
  if ((rules.min !== undefined || rules.max !== undefined) && !isNumber) throw wrong("min or max", "numbers");
  if (rules.id && !isNumber && !isString) throw wrong("id", "numbers and strings");
  if ((rules.pattern || rules.uuid) && !isString) throw wrong("pattern or UUID4", "strings");
  const hasLength = isString || field.type === FieldType.BYTES || field.repeated;
  if ((rules.minLength !== undefined || rules.maxLength !== undefined) && !hasLength) {
    throw wrong("min_length or max_length", "strings, bytes and lists");
  }
}
