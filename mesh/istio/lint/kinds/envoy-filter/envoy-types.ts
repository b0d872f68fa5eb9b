import { existsSync, readFileSync } from "node:fs";
import {
  createFileRegistry,
  type DescField,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  ScalarType,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { isRecord } from "../../../kube-object.ts";
import type { Place } from "../../place.ts";
import { decode } from "../../schema/decode.ts";
import { suggest } from "../../schema/suggest.ts";
import type { Fields, FieldType, MessageType, ScalarName } from "../../schema/types.ts";
import { newerPackages } from "./newer-packages.ts";

/** The descriptors of Envoy's API: made by scripts/gen.ts here, beside the bundle where it is published. */
const files = ["../../../../../gen/envoy.binpb", "./envoy.binpb"];

let loaded: FileRegistry | undefined;

/** Envoy's message types; undefined where their descriptors are not there. Loaded once, by whoever asks first. */
export function envoyTypes(): FileRegistry | undefined {
  const file = files.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url));
  if (!loaded && file) loaded = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(file)));
  return loaded;
}

/** How a message of Envoy is written in YAML. */
export function envoyMessage(registry: FileRegistry, name: string): FieldType | undefined {
  const descriptor = registry.getMessage(name);
  return descriptor && typeOf(descriptor, registry);
}

const known = new WeakMap<DescMessage, FieldType>();

function typeOf(message: DescMessage, registry: FileRegistry): FieldType {
  const wellKnown = wellKnownType(message, registry);
  const type = wellKnown ?? known.get(message) ?? messageType(message, registry);
  known.set(message, type);
  return type;
}

/** Fields are worked out when somebody looks: messages contain one another. */
function messageType(message: DescMessage, registry: FileRegistry): MessageType<Fields> {
  let fields: Fields | undefined;
  return {
    kind: "message",
    get fields() {
      fields ??= Object.fromEntries(
        message.fields.flatMap((field) => {
          const type = fieldType(field, registry);
          return [field.name, field.jsonName].map((name) => [name, type]);
        }),
      );
      return fields;
    },
    onUnknown: warnUnknown,
  };
}

function warnUnknown(name: string, fields: string[], place: Place): void {
  const meant = suggest(name, fields);
  place
    .in(name)
    .warn(`Envoy has no field ${name} here, and it is left out`, meant ? `did you mean ${meant}?` : "remove it");
}

function fieldType(field: DescField, registry: FileRegistry): FieldType {
  switch (field.fieldKind) {
    case "scalar":
      return { kind: "scalar", name: scalarNames[field.scalar], lenient: true };
    case "enum":
      return { kind: "enum", values: field.enum.values.map(({ name }) => name), lenient: true, open: true };
    case "message":
      return typeOf(field.message, registry);
    case "list":
      return { kind: "list", of: elementType(field, registry) };
    case "map":
      return { kind: "map", of: elementType(field, registry) };
  }
}

function elementType(field: DescField & { fieldKind: "list" | "map" }, registry: FileRegistry): FieldType {
  const kind = field.fieldKind === "list" ? field.listKind : field.mapKind;
  if (kind === "message" && field.message) return typeOf(field.message, registry);
  if (kind === "enum" && field.enum)
    return { kind: "enum", values: field.enum.values.map(({ name }) => name), lenient: true, open: true };
  return { kind: "scalar", name: scalarNames[field.scalar ?? ScalarType.STRING], lenient: true };
}

const scalarNames: Record<ScalarType, ScalarName> = {
  [ScalarType.DOUBLE]: "double",
  [ScalarType.FLOAT]: "double",
  [ScalarType.INT64]: "int64",
  [ScalarType.UINT64]: "uint64",
  [ScalarType.INT32]: "int32",
  [ScalarType.FIXED64]: "uint64",
  [ScalarType.FIXED32]: "uint32",
  [ScalarType.BOOL]: "bool",
  [ScalarType.STRING]: "string",
  [ScalarType.BYTES]: "bytes",
  [ScalarType.UINT32]: "uint32",
  [ScalarType.SFIXED32]: "int32",
  [ScalarType.SFIXED64]: "int64",
  [ScalarType.SINT32]: "int32",
  [ScalarType.SINT64]: "int64",
};

/** Messages that JSON writes as something else. https://protobuf.dev/programming-guides/json/ */
const wellKnown = new Map<string, ScalarName>([
  ["Duration", "duration"],
  ["Timestamp", "string"],
  ["FieldMask", "string"],
  ["Struct", "struct"],
  ["Value", "any"],
  ["ListValue", "any"],
  ["Empty", "struct"],
  ["BoolValue", "bool"],
  ["StringValue", "string"],
  ["BytesValue", "bytes"],
  ["Int32Value", "int32"],
  ["UInt32Value", "uint32"],
  ["Int64Value", "int64"],
  ["UInt64Value", "uint64"],
  ["FloatValue", "double"],
  ["DoubleValue", "double"],
]);

const google = "google.protobuf.";

function wellKnownType({ typeName }: DescMessage, registry: FileRegistry): FieldType | undefined {
  if (!typeName.startsWith(google)) return undefined;
  if (typeName === `${google}Any`) return { kind: "custom", read: (value, place) => readAny(value, place, registry) };
  const name = wellKnown.get(typeName.slice(google.length));
  return name && { kind: "scalar", name, lenient: true };
}

const typeHint = 'write "@type": type.googleapis.com/ and the name of one of Envoy\'s messages';

function readAny(value: unknown, place: Place, registry: FileRegistry): unknown {
  if (!isRecord(value)) place.misread("a typed configuration is an object", typeHint);
  else {
    const { "@type": url, ...fields } = value;
    if (url === undefined) place.misread("a typed configuration has no @type", typeHint);
    else if (typeof url !== "string") place.in("@type").misread("a type is text", typeHint);
    else readTyped(url.slice(url.lastIndexOf("/") + 1), fields, { place, registry });
  }
  return value;
}

/** The old name of `xds.type.v3.TypedStruct`. */
const typedStruct = "udpa.type.v1.TypedStruct";

interface Context {
  place: Place;
  registry: FileRegistry;
}

function readTyped(name: string, fields: Record<string, unknown>, { place, registry }: Context): void {
  const type = envoyMessage(registry, name);
  if (type?.kind === "message") decode(type, fields, place);
  else if (type) decode(type, fields["value"], place.in("value"));
  else if (name !== typedStruct && !newerPackages.has(name.slice(0, name.lastIndexOf(".")))) {
    refuseType(name, { place, registry });
  }
}

function refuseType(name: string, { place, registry }: Context): void {
  const at = place.in("@type");
  if (/\.v2(alpha\d*)?\./.test(name)) {
    return at.misread(`"${name}" is of Envoy's second API, which is gone`, "write the type of the third API (v3)");
  }
  const last = name.slice(name.lastIndexOf(".") + 1);
  const names = [...registry].flatMap((entry) => (entry.kind === "message" ? [entry.typeName] : []));
  const meant = names.find((candidate) => candidate.endsWith(`.${last}`)) ?? suggest(name, names);
  at.misread(`the type "${name}" is not known`, meant ? `did you mean ${meant}?` : typeHint);
}
