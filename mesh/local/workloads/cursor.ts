import { type Finding, formatPath } from "#mesh/istio/finding.ts";
import type { KubeObject } from "#mesh/istio/kube-object.ts";
import type { Path, Source } from "#mesh/istio/source.ts";

/**
 * A place in a Kubernetes object that is read as an expected type. Whatever is not of that type becomes a finding at its
 * line and column and reads as absent, so that one pass reports every problem of a file.
 */
export class Cursor {
  readonly #object: KubeObject;
  readonly #findings: Finding[];
  readonly path: Path;
  readonly value: unknown;

  constructor(object: KubeObject, findings: Finding[], place: { path: Path; value: unknown } = top(object)) {
    this.#object = object;
    this.#findings = findings;
    this.path = place.path;
    this.value = place.value;
  }

  /** The document it stands in. */
  get source(): Source {
    return this.#object.source;
  }

  get present(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  get(...keys: string[]): Cursor {
    let cursor: Cursor = this;
    for (const key of keys) cursor = cursor.#field(key);
    return cursor;
  }

  #field(key: string): Cursor {
    const child = this.map() ? (this.value as Record<string, unknown>)[key] : undefined;
    return new Cursor(this.#object, this.#findings, { path: [...this.path, key], value: child });
  }

  /** The keys of a mapping; undefined, with a finding where something else stands there. */
  map(): string[] | undefined {
    if (!this.present) return undefined;
    if (typeof this.value === "object" && !Array.isArray(this.value)) return Object.keys(this.value as object);
    this.refuse("must be a mapping");
    return undefined;
  }

  items(): Cursor[] {
    if (!this.present) return [];
    if (!Array.isArray(this.value)) {
      this.refuse("must be a list");
      return [];
    }
    return this.value.map(
      (item, index) =>
        new Cursor(this.#object, this.#findings, { path: [...this.path, index], value: item as unknown }),
    );
  }

  string(): string | undefined {
    if (!this.present) return undefined;
    if (typeof this.value === "string") return this.value;
    this.refuse(`must be a string, is ${typeof this.value}`, "put it in quotes");
    return undefined;
  }

  integer(minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER): number | undefined {
    if (!this.present) return undefined;
    const number = this.value;
    if (typeof number === "number" && Number.isInteger(number) && number >= minimum && number <= maximum) return number;
    const range = maximum < Number.MAX_SAFE_INTEGER ? `from ${minimum} to ${maximum}` : `of at least ${minimum}`;
    this.refuse(minimum === Number.MIN_SAFE_INTEGER ? "must be an integer" : `must be an integer ${range}`);
    return undefined;
  }

  boolean(): boolean | undefined {
    if (!this.present) return undefined;
    if (typeof this.value === "boolean") return this.value;
    this.refuse("must be true or false");
    return undefined;
  }

  stringMap(): Record<string, string> {
    const entries = (this.map() ?? []).map((key) => [key, this.get(key).string()] as const);
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
  }

  required<T>(value: T | undefined): T | undefined {
    if (value === undefined && !this.present) this.refuse("is missing");
    return value;
  }

  /** Kubernetes refuses unknown fields; they are mostly typing errors. */
  only(known: readonly string[]): void {
    for (const key of this.map() ?? []) {
      if (!known.includes(key))
        this.get(key).report("M922", "warning", "has no effect here", `known are ${known.join(", ")}`);
    }
  }

  refuse(message: string, hint = ""): void {
    this.report("M920", "error", message, hint);
  }

  report(code: string, severity: Finding["severity"], message: string, hint = ""): void {
    const path = formatPath(this.path);
    const { line, column } = this.#object.source.locate(this.path);
    const { kind, metadata } = this.#object;
    const where = `${kind} ${metadata.namespace}/${metadata.name}: ${path}`;
    this.#findings.push({
      code,
      severity,
      file: this.#object.source.file,
      line,
      column,
      path,
      message: `${where} ${message}`,
      hint,
    });
  }
}

function top(object: KubeObject): { path: Path; value: unknown } {
  return { path: [], value: object.raw };
}
