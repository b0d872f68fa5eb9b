import { isRecord } from "../../kube-object.ts";
import type { Place } from "../place.ts";
import { parseDuration } from "./duration.ts";
import { listHint, mapHint, objectHint } from "./shape-hint.ts";
import { suggest } from "./suggest.ts";
import type { EnumType, Fields, FieldType, Infer, ListType, MapType, MessageType, ScalarName } from "./types.ts";
import { type Level, reportUnknownField } from "./unknown-field.ts";

/**
 * Reads a value as its type says. What istiod cannot parse is a finding (IST0106) and left out, and so is what the
 * CustomResourceDefinition refuses although istiod would take it (M014) and a field that nobody knows (M013).
 */
export function decode<T extends FieldType>(type: T, value: unknown, place: Place): Infer<T> | undefined {
  return decodeField(type, value, { place, outer: undefined }) as Infer<T> | undefined;
}

/** Where a value stands: its place, and the message that holds it. */
interface Position {
  place: Place;
  outer: Level | undefined;
}

function decodeField(type: FieldType, value: unknown, position: Position): unknown {
  const { place } = position;
  if (value === undefined || value === null) return undefined;
  switch (type.kind) {
    case "scalar":
      return scalars[type.name](value, place, type.lenient ?? false);
    case "enum":
      return decodeEnum(type, value, place);
    case "custom":
      return type.read(value, place);
    case "list":
      return decodeList(type as ListType<FieldType>, value, position);
    case "map":
      return decodeMap(type as MapType<FieldType>, value, position);
    case "message":
      return decodeMessage(type as MessageType<Fields>, value, position);
  }
}

function decodeMessage(type: MessageType<Fields>, value: unknown, { place, outer }: Position): unknown {
  if (!isRecord(value)) return wrongType("an object", value, place, objectHint(type, value));
  const message: Record<string, unknown> = {};
  const level = { fields: type.fields, place, outer };
  for (const [name, raw] of Object.entries(value)) {
    const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
    if (!field) {
      if (type.onUnknown) type.onUnknown(name, Object.keys(type.fields), place);
      else reportUnknownField(name, level);
    } else {
      const decoded = decodeField(field, raw, { place: place.in(name), outer: level });
      if (decoded !== undefined) message[name] = decoded;
    }
  }
  const set = checkOneOf(type, value, place);
  for (const name of type.oneOf ? set.slice(0, -1) : []) delete message[name];
  return message;
}

/** Returns which of the fields that exclude one another are written. */
function checkOneOf(type: MessageType<Fields>, value: Record<string, unknown>, place: Place): string[] {
  const isSet = (name: string) => value[name] !== undefined && value[name] !== null;
  const set = (type.oneOf ?? type.exclusive)?.filter(isSet) ?? [];
  const [first, second] = set;
  if (second !== undefined) {
    place
      .in(second)
      .find(
        "M014",
        `Kubernetes refuses the object: ${set.join(" and ")} exclude one another`,
        `keep ${first} or ${second}`,
      );
  }
  return set;
}

function decodeList(type: ListType<FieldType>, value: unknown, { place, outer }: Position): unknown {
  if (!Array.isArray(value)) return wrongType("a list", value, place, listHint(value));
  return value.map((item, index) => {
    return decodeField(type.of, item, { place: place.in(index), outer }) ?? emptyOf(type.of);
  });
}

function decodeMap(type: MapType<FieldType>, value: unknown, { place, outer }: Position): unknown {
  if (!isRecord(value)) return wrongType("a map", value, place, mapHint(value));
  const map: Record<string, unknown> = {};
  for (const [key, raw] of Object.entries(value)) {
    const decoded = decodeField(type.of, raw, { place: place.in(key), outer }) ?? emptyOf(type.of);
    Object.defineProperty(map, key, { value: decoded, enumerable: true, writable: true, configurable: true });
  }
  return map;
}

/** What protobuf makes of null, or of what could not be read, where something must stand. */
function emptyOf(type: FieldType): unknown {
  if (type.kind === "message" || type.kind === "map") return {};
  if (type.kind === "list") return [];
  if (type.kind === "enum") return type.values[0];
  if (type.kind === "custom") return undefined;
  return type.name === "string" ? "" : type.name === "bool" ? false : type.name === "struct" ? {} : 0;
}

function decodeEnum({ values, lenient, open }: EnumType<string>, value: unknown, place: Place): unknown {
  if (Number.isInteger(value) && lenient) return value;
  if (Number.isInteger(value)) {
    const hint = `write one of ${values.join(", ")}`;
    place.find("M014", "Kubernetes refuses the object: the value must be one of the names", hint);
    return values[value as number];
  }
  if (typeof value !== "string") return wrongType("text", value, place);
  if (values.includes(value)) return value;
  const meant = suggest(value, values);
  if (open && meant === undefined && /^[A-Z][A-Z0-9_]+$/.test(value)) {
    place.warn(`"${value}" is none of the values known here`, `write one of ${values.join(", ")}, unless it is newer`);
    return value;
  }
  const hint = meant ? `did you mean ${meant}?` : `write one of ${values.join(", ")}`;
  place.misread(`"${value}" is none of ${values.join(", ")}`, hint);
  return undefined;
}

type Reader = (value: unknown, place: Place, lenient: boolean) => unknown;

const scalars: Record<ScalarName, Reader> = {
  string: (value, place) => (typeof value === "string" ? value : wrongType("text", value, place)),
  bool: (value, place) => (typeof value === "boolean" ? value : wrongType("true or false", value, place)),
  int32: wholeNumber(-2_147_483_648, 2_147_483_647),
  uint32: wholeNumber(0, 4_294_967_295),
  int64: wholeNumber(-(2 ** 63), 2 ** 63 - 1),
  uint64: wholeNumber(0, 2 ** 64 - 1),
  double: (value, place, lenient) =>
    decodeNumber(value, place, { from: -Infinity, to: Infinity, whole: false, lenient }),
  duration: decodeDuration,
  bytes: decodeBytes,
  struct: (value, place) => (isRecord(value) ? value : wrongType("an object", value, place)),
  any: (value) => value,
};

function wholeNumber(from: number, to: number): Reader {
  return (value, place, lenient) => decodeNumber(value, place, { from, to, whole: true, lenient });
}

interface NumberRules {
  from: number;
  to: number;
  whole: boolean;
  lenient: boolean;
}

/** Numbers in quotes are read as JSON has them: no hexadecimal digits, no zero in front. */
const json = { whole: /^-?(0|[1-9]\d*)$/, number: /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/ };

function unquote(text: string, { whole, lenient }: NumberRules): unknown {
  if (!whole && /^(NaN|-?Infinity)$/.test(text)) return Number(text);
  return (whole && !lenient ? json.whole : json.number).test(text) ? Number(text) : text;
}

function decodeNumber(value: unknown, place: Place, range: NumberRules): unknown {
  const number = typeof value === "string" ? unquote(value.replace(/^ +| +$/g, ""), range) : value;
  const kind = range.whole ? "a whole number" : "a number";
  if (typeof number !== "number") {
    const [, digits] = /^(\d+) *%$/.exec(String(value)) ?? [];
    return wrongType(kind, value, place, digits && `write ${digits}, without %`);
  }
  if (range.whole && !Number.isInteger(number)) return wrongType(kind, value, place);
  if (number < range.from || number > range.to) {
    const hint = `write a whole number from ${range.from} to ${range.to}`;
    place.misread(`${String(value)} is out of range`, hint);
    return undefined;
  }
  if (typeof value === "string" && !range.lenient) {
    place.find(
      "M014",
      `Kubernetes refuses the object: the number "${value}" is quoted`,
      `write ${number}, without quotes`,
    );
  }
  return number;
}

function decodeDuration(value: unknown, place: Place): unknown {
  const hint = "write a number with its unit, such as 500ms, 2s or 1m30s";
  if (typeof value !== "string") {
    if (typeof value === "number") {
      place.misread(`the duration ${value} has no unit`, `write ${value}s or ${value}ms`);
      return undefined;
    }
    return wrongType("a duration", value, place);
  }
  const nanos = parseDuration(value);
  if (nanos === undefined) place.misread(`"${value}" is not a duration`, hint);
  return nanos;
}

const base64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function decodeBytes(value: unknown, place: Place): unknown {
  if (typeof value !== "string") return wrongType("text", value, place);
  if (base64.test(value.replaceAll(/[\r\n]/g, ""))) return value;
  place.misread("the bytes are not base64", "write them in base64, with = at the end where it needs that");
  return undefined;
}

function wrongType(wanted: string, value: unknown, place: Place, instead = `write ${wanted}`): undefined {
  const got = describe(value);
  const scalar = typeof value === "number" || typeof value === "boolean";
  const yamlBoolean = typeof value === "boolean" ? " (YAML reads y, n, yes, no, on and off as true or false)" : "";
  const hint = wanted === "text" && scalar ? `quote the value${yamlBoolean}` : instead;
  place.misread(`${wanted} is expected, not ${got}`, hint);
  return undefined;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "string") return `the text ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value === "number") return `the number ${value}`;
  return `the boolean ${String(value)}`;
}
