import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BinaryReader } from "@bufbuild/protobuf/wire";

// A small reader of descriptors: only what validation and reflection need, file by file, so that a service does not hold the whole
// image as objects. Numbers are those of google/protobuf/descriptor.proto.

export interface FieldDescriptor {
  /** As in the proto: `product_id`. */
  readonly name: string;
  readonly number: number;
  readonly repeated: boolean;
  /** FieldDescriptorProto.Type: 9 string, 11 message, 14 enum ... */
  readonly type: number;
  /** Full name of a message or enum, without the leading dot; else "". */
  readonly typeName: string;
  /** Whether absence can be told from the default (proto3 `optional` or in a oneof). */
  readonly explicitPresence: boolean;
  /** The bytes of FieldOptions; empty when it has none. */
  readonly options: Uint8Array;
}

export interface MessageDescriptor {
  readonly fullName: string;
  readonly fields: readonly FieldDescriptor[];
  readonly isMapEntry: boolean;
}

export interface MethodDescriptor {
  readonly name: string;
  readonly inputType: string;
  readonly outputType: string;
  /** `idempotency_level = NO_SIDE_EFFECTS` */
  readonly readOnly: boolean;
  /** `(mesh.options.v1.method).access`, else the service's; "public" where neither says anything. */
  readonly access: Access;
}

/** Who may call a method: anyone, whoever has a valid access token, or services that an AuthorizationPolicy names. */
export type Access = "public" | "token" | "internal";

export interface FileDescriptor {
  readonly name: string;
  readonly package: string;
  readonly dependencies: readonly string[];
  readonly messages: ReadonlyMap<string, MessageDescriptor>;
  /** Full name -> numbers of the values. */
  readonly enums: ReadonlyMap<string, ReadonlySet<number>>;
  readonly services: ReadonlyMap<string, ReadonlyMap<string, MethodDescriptor>>;
}

/** Types of fields (FieldDescriptorProto.Type). */
export const FieldType = {
  DOUBLE: 1,
  FLOAT: 2,
  INT64: 3,
  UINT64: 4,
  BOOL: 8,
  STRING: 9,
  MESSAGE: 11,
  BYTES: 12,
  ENUM: 14,
} as const;

/** The descriptor image that buf builds: every contract of the repository. Files are parsed when they are asked for. */
export class DescriptorImage {
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #parsed = new Map<string, FileDescriptor>();

  /** @param image a serialized google.protobuf.FileDescriptorSet */
  constructor(image: Uint8Array) {
    const reader = new BinaryReader(image);
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag();
      if (field !== 1) reader.skip(wire);
      else {
        const file = reader.bytes();
        this.#bytes.set(firstString(file, 1), file);
      }
    }
  }

  fileNames(): readonly string[] {
    return [...this.#bytes.keys()];
  }

  /** The serialized FileDescriptorProto; undefined when there is no such file. */
  fileBytes(name: string): Uint8Array | undefined {
    return this.#bytes.get(name);
  }

  /** @throws Error when there is no such file */
  file(name: string): FileDescriptor {
    const known = this.#parsed.get(name);
    if (known) return known;
    const bytes = this.#bytes.get(name);
    if (!bytes) throw new Error(`the descriptor image has no ${name}; run "make gen"`);
    const file = parseFile(bytes);
    this.#parsed.set(name, file);
    return file;
  }

  /** The file and everything it imports. */
  closure(name: string, into: Map<string, FileDescriptor> = new Map()): ReadonlyMap<string, FileDescriptor> {
    if (into.has(name)) return into;
    const file = this.file(name);
    into.set(name, file);
    for (const dependency of file.dependencies) this.closure(dependency, into);
    return into;
  }

  /** The file that defines a service, message, enum or method; undefined when none does. */
  fileOf(symbol: string): FileDescriptor | undefined {
    for (const name of this.#bytes.keys()) {
      const file = this.file(name);
      if (defines(file, symbol)) return file;
    }
    return undefined;
  }

  /** The file that defines a service, found by its package, so that no other file is parsed. */
  fileOfService(fullName: string): FileDescriptor | undefined {
    const folder = fullName.slice(0, fullName.lastIndexOf(".")).replaceAll(".", "/");
    for (const name of this.#bytes.keys()) {
      if (dirname(name) === folder && this.file(name).services.has(fullName)) return this.file(name);
    }
    return this.fileOf(fullName);
  }
}

/**
 * The image beside the bundle, or `MESH_IMAGE`, or gen/image.binpb of the repository when run from source.
 *
 * @throws Error when there is none
 */
export function loadImage(): DescriptorImage {
  const places = [
    process.env["MESH_IMAGE"],
    join(dirname(process.argv[1] ?? ""), "image.binpb"),
    join(import.meta.dirname, "image.binpb"),
    join(import.meta.dirname, "..", "..", "gen", "image.binpb"),
  ];
  const path = places.find((place) => place && existsSync(place));
  if (!path) throw new Error(`no descriptor image: set MESH_IMAGE, or run "make gen"`);
  return new DescriptorImage(readFileSync(path));
}

function defines(file: FileDescriptor, symbol: string): boolean {
  if (file.messages.has(symbol) || file.enums.has(symbol) || file.services.has(symbol)) return true;
  const dot = symbol.lastIndexOf(".");
  return file.services.get(symbol.slice(0, dot))?.has(symbol.slice(dot + 1)) ?? false;
}

function parseFile(bytes: Uint8Array): FileDescriptor {
  const file = {
    name: "",
    package: "",
    dependencies: [] as string[],
    messages: new Map<string, MessageDescriptor>(),
    enums: new Map<string, ReadonlySet<number>>(),
    services: new Map<string, ReadonlyMap<string, MethodDescriptor>>(),
  };
  const messages: Uint8Array[] = [];
  const enums: Uint8Array[] = [];
  const services: Uint8Array[] = [];
  read(bytes, {
    1: (reader) => (file.name = reader.string()),
    2: (reader) => (file.package = reader.string()),
    3: (reader) => file.dependencies.push(reader.string()),
    4: (reader) => messages.push(reader.bytes()),
    5: (reader) => enums.push(reader.bytes()),
    6: (reader) => services.push(reader.bytes()),
  });
  const scope = file.package === "" ? "" : `${file.package}.`;
  for (const message of messages) parseMessage(message, scope, file);
  for (const declared of enums) parseEnum(declared, scope, file.enums);
  for (const service of services) file.services.set(scope + firstString(service, 1), parseMethods(service));
  return file;
}

function parseMessage(
  bytes: Uint8Array,
  scope: string,
  into: { messages: Map<string, MessageDescriptor>; enums: Map<string, ReadonlySet<number>> },
): void {
  const fullName = scope + firstString(bytes, 1);
  const fields: FieldDescriptor[] = [];
  let isMapEntry = false;
  read(bytes, {
    2: (reader) => fields.push(parseField(reader.bytes())),
    3: (reader) => parseMessage(reader.bytes(), `${fullName}.`, into),
    4: (reader) => parseEnum(reader.bytes(), `${fullName}.`, into.enums),
    7: (reader) => read(reader.bytes(), { 7: (options) => (isMapEntry = options.bool()) }),
  });
  into.messages.set(fullName, { fullName, fields, isMapEntry });
}

function parseField(bytes: Uint8Array): FieldDescriptor {
  const field = {
    name: "",
    number: 0,
    repeated: false,
    type: 0,
    typeName: "",
    explicitPresence: false,
    options: empty,
  };
  read(bytes, {
    1: (reader) => (field.name = reader.string()),
    3: (reader) => (field.number = reader.int32()),
    4: (reader) => (field.repeated = reader.int32() === 3),
    5: (reader) => (field.type = reader.int32()),
    6: (reader) => (field.typeName = reader.string().slice(1)),
    8: (reader) => (field.options = reader.bytes()),
    9: (reader) => (field.explicitPresence = reader.int32() >= 0),
  });
  return field;
}

function parseEnum(bytes: Uint8Array, scope: string, into: Map<string, ReadonlySet<number>>): void {
  const numbers = new Set<number>();
  read(bytes, {
    2: (reader) => {
      let number = 0;
      read(reader.bytes(), { 2: (value) => (number = value.int32()) });
      numbers.add(number);
    },
  });
  into.set(scope + firstString(bytes, 1), numbers);
}

function parseMethods(service: Uint8Array): ReadonlyMap<string, MethodDescriptor> {
  const methods = new Map<string, MethodDescriptor>();
  let ofService = 0;
  read(service, { 3: (options) => (ofService = readAccess(options.bytes())) });
  read(service, {
    2: (reader) => {
      const method = { name: "", inputType: "", outputType: "", readOnly: false, access: accessOf(ofService) };
      read(reader.bytes(), {
        1: (part) => (method.name = part.string()),
        2: (part) => (method.inputType = part.string().slice(1)),
        3: (part) => (method.outputType = part.string().slice(1)),
        4: (part) => {
          const options = part.bytes();
          read(options, { 34: (level) => (method.readOnly = level.int32() === 1) });
          method.access = accessOf(readAccess(options) || ofService);
        },
      });
      methods.set(method.name, method);
    },
  });
  return methods;
}

/** mesh.options.v1.service and mesh.options.v1.method have the same number and type. */
const meshRules = 50_051;

function readAccess(options: Uint8Array): number {
  let access = 0;
  read(options, { [meshRules]: (rules) => read(rules.bytes(), { 1: (value) => (access = value.int32()) }) });
  return access;
}

/** By number: mesh.options.v1.Access. */
function accessOf(number: number): Access {
  if (number === 2) return "token";
  return number === 3 ? "internal" : "public";
}

const empty: Uint8Array = new Uint8Array();

/** Calls the reader of each field that has one, and skips the rest. */
export function read(bytes: Uint8Array, fields: Record<number, (reader: BinaryReader) => unknown>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    const parse = fields[field];
    if (parse) parse(reader);
    else reader.skip(wire);
  }
}

function firstString(bytes: Uint8Array, wanted: number): string {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === wanted) return reader.string();
    reader.skip(wire);
  }
  return "";
}
