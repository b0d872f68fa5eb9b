import { type Finding, findingAt, type Problem } from "./finding.ts";
import { isRecord, type KubeObject } from "./kube-object.ts";

/**
 * What a value in YAML must look like. Reading turns `unknown` into `T` once, at the edge; whatever does not fit is a finding at
 * its place, is left out, and everything beside it is still read.
 */
export interface Shape<T> {
  read(value: unknown, reader: Reader): T | undefined;
  /** What to write instead, for findings. */
  readonly wanted: string;
}

export type Infer<S> = S extends Shape<infer T> ? T : never;

/** Where a part of a resource was read from. */
export interface Origin {
  object: KubeObject;
  path: (string | number)[];
}

const origins = new WeakMap<object, Origin>();

/** The object and path that a part read by a `traced` shape comes from. */
export function originOf(part: object | undefined): Origin | undefined {
  return part === undefined ? undefined : origins.get(part);
}

/** Lets a part that was made from another one, such as a merged delegate route, keep its origin. */
export function inheritOrigin<T extends object>(part: T, from: object): T {
  const origin = origins.get(from);
  if (origin) origins.set(part, origin);
  return part;
}

/** Keeps the path while a shape is read, and collects what does not fit. */
export class Reader {
  readonly findings: Finding[] = [];
  readonly path: (string | number)[];
  readonly object: KubeObject;

  constructor(object: KubeObject, path: (string | number)[] = ["spec"]) {
    this.object = object;
    this.path = path;
  }

  at<T>(step: string | number, read: () => T): T {
    this.path.push(step);
    const result = read();
    this.path.pop();
    return result;
  }

  report(problem: Problem, message: string, hint: string): void {
    this.findings.push(findingAt(this.object.source, this.path, { problem, message, hint }));
  }

  /** A value of the wrong type: reported, and left out. */
  refuse(value: unknown, wanted: string): undefined {
    this.report("wrongType", `${describe(value)} stands where ${wanted} belongs`, `write ${wanted}`);
    return undefined;
  }
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (isRecord(value)) return "a map";
  return JSON.stringify(value) ?? String(value);
}

/** Text. YAML 1.1 booleans such as an unquoted `y` arrive as Kubernetes reads them: as `true`. */
export const text: Shape<string> = {
  wanted: "text",
  read(value, reader) {
    if (typeof value === "string") return value;
    if (typeof value !== "boolean") return reader.refuse(value, "text, in quotes");
    reader.report("wrongType", `an unquoted boolean is read as "${value}" here`, "put the text in quotes");
    return String(value);
  },
};

export const flag: Shape<boolean> = {
  wanted: "true or false",
  read: (value, reader) => (typeof value === "boolean" ? value : reader.refuse(value, "true or false")),
};

export const decimal: Shape<number> = {
  wanted: "a number",
  read: (value, reader) =>
    typeof value === "number" && Number.isFinite(value) ? value : reader.refuse(value, "a number"),
};

export const integer: Shape<number> = {
  wanted: "a whole number",
  read: (value, reader) => (Number.isSafeInteger(value) ? Number(value) : reader.refuse(value, "a whole number")),
};

const units: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 3.6e6 };

/** A duration such as `1.5s` or `1h30m`, in milliseconds. */
export const duration: Shape<number> = {
  wanted: "a duration with its unit, such as 500ms or 2s",
  read(value, reader) {
    const ms = typeof value === "string" ? parseDuration(value) : undefined;
    return ms ?? reader.refuse(value, duration.wanted);
  },
};

/** Milliseconds of a duration in Go's notation; undefined when it is none. */
export function parseDuration(value: string): number | undefined {
  const match = /^([-+])?((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+|0)$/.exec(value);
  if (!match) return undefined;
  let ms = 0;
  for (const [, amount, unit] of (match[2] ?? "").matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    ms += Number(amount) * (units[unit ?? ""] ?? 0);
  }
  const rounded = Math.round(ms * 1e6) / 1e6;
  return match[1] === "-" ? -rounded : rounded;
}

/** One of some words, as protobuf enums are written. */
export function word<const W extends string>(...words: W[]): Shape<W> {
  const known = new Set<unknown>(words);
  const wanted = `one of ${words.join(", ")}`;
  return { wanted, read: (value, reader) => (known.has(value) ? (value as W) : reader.refuse(value, wanted)) };
}

export function list<T>(item: Shape<T>): Shape<T[]> {
  const wanted = `a list of ${item.wanted}`;
  return {
    wanted,
    read(value, reader) {
      if (!Array.isArray(value)) return reader.refuse(value, wanted);
      const items: T[] = [];
      value.forEach((entry, index) => {
        const read = reader.at(index, () => item.read(entry, reader));
        if (read !== undefined) items.push(read);
      });
      return items;
    },
  };
}

/** A map of text to something. `empty` stands in where YAML has `key:` and nothing behind it. */
export function map<T>(item: Shape<T>, empty?: T): Shape<Record<string, T>> {
  const wanted = `a map to ${item.wanted}`;
  return {
    wanted,
    read(value, reader) {
      if (!isRecord(value)) return reader.refuse(value, wanted);
      const entries: Record<string, T> = {};
      for (const [key, entry] of Object.entries(value)) {
        const read = entry === null && empty !== undefined ? empty : reader.at(key, () => item.read(entry, reader));
        if (read !== undefined) entries[key] = read;
      }
      return entries;
    },
  };
}

type Fields = Record<string, Shape<unknown>>;
type Read<F extends Fields> = { -readonly [K in keyof F]?: Infer<F[K]> };

/** A map with known fields, all of them optional as in protobuf. Fields that it does not know are findings. */
export function record<F extends Fields>(fields: F, wanted = "a map of fields"): Shape<Read<F>> {
  return { wanted, read: (value, reader) => readFields(value, fields, { reader, wanted, open: false }) };
}

/** The fields that matter here of a map that has many more, such as a Pod's spec. */
export function openRecord<F extends Fields>(fields: F, wanted = "a map of fields"): Shape<Read<F>> {
  return { wanted, read: (value, reader) => readFields(value, fields, { reader, wanted, open: true }) };
}

interface Reading {
  reader: Reader;
  wanted: string;
  open: boolean;
}

function readFields<F extends Fields>(
  value: unknown,
  fields: F,
  { reader, wanted, open }: Reading,
): Read<F> | undefined {
  if (!isRecord(value)) return reader.refuse(value, wanted);
  const result: Record<string, unknown> = {};
  for (const key in value) {
    const entry = value[key];
    if (entry === null || entry === undefined) continue;
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (!field && open) continue;
    reader.path.push(key);
    const read = field ? field.read(entry, reader) : reportUnknown(key, Object.keys(fields), reader);
    if (read !== undefined) result[key] = read;
    reader.path.pop();
  }
  return result as Read<F>;
}

function reportUnknown(key: string, known: string[], reader: Reader): undefined {
  const near = known.find((name) => isNear(name, key));
  const hint = near ? `write ${near}` : `the fields here are: ${known.join(", ")}`;
  reader.report("unknownField", `there is no field ${key} here: Kubernetes drops it without a word`, hint);
  return undefined;
}

function isNear(a: string, b: string): boolean {
  const [x, y] = [a.toLowerCase().replace(/[_-]/g, ""), b.toLowerCase().replace(/[_-]/g, "")];
  if (x === y) return true;
  return Math.abs(x.length - y.length) <= 2 && x.length > 3 && (x.startsWith(y) || y.startsWith(x));
}

/** Remembers where each part was read from: `originOf` finds it again. */
export function traced<T extends object>(shape: Shape<T>): Shape<T> {
  return {
    wanted: shape.wanted,
    read(value, reader) {
      const result = shape.read(value, reader);
      if (result) origins.set(result, { object: reader.object, path: [...reader.path] });
      return result;
    },
  };
}

/** A field that Istio has and the compiler does not honour: always a finding, never silence. */
export function unsupported(effect: string): Shape<never> {
  return {
    wanted: "nothing yet",
    read(_value, reader) {
      const name = reader.path.at(-1);
      reader.report(
        "unsupported",
        `${name} is not supported yet: ${effect}`,
        `leave ${name} out, or do not rely on it here`,
      );
      return undefined;
    },
  };
}

/** A field that has no effect on what a proxy does: taken without a finding, and left out. */
export const ignored: Shape<never> = { wanted: "anything", read: () => undefined };

/** Anything, as it stands: for parts that are Envoy's own configuration. */
export const anything: Shape<unknown> = { wanted: "anything", read: (value) => value };
