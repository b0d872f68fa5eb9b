import type { Place } from "../place.ts";

/** How a protobuf scalar is written in YAML. `duration` is read as nanoseconds, `bytes` is base64. */
export type ScalarName =
  | "string"
  | "bool"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "double"
  | "duration"
  | "bytes"
  | "struct"
  | "any";

export interface ScalarType<T> {
  readonly kind: "scalar";
  readonly name: ScalarName;
  /** For values that no CustomResourceDefinition looks at: numbers may be quoted. */
  readonly lenient?: boolean;
  /** Only for type inference: never set. */
  readonly example?: T;
}

export interface EnumType<N extends string> {
  readonly kind: "enum";
  readonly values: readonly N[];
  /** As of scalars: values may be written as numbers. */
  readonly lenient?: boolean;
  /** A later release may have more values: one that is like none of these is a warning, not a refusal. */
  readonly open?: boolean;
}

/** What reads itself, such as a message whose type stands in it. */
export interface CustomType<T> {
  readonly kind: "custom";
  read(value: unknown, place: Place): T | undefined;
}

export interface ListType<E> {
  readonly kind: "list";
  readonly of: E;
}

export interface MapType<E> {
  readonly kind: "map";
  readonly of: E;
}

export type Fields = { readonly [name: string]: FieldType };

export interface MessageRules {
  /** Told of fields that the message does not have; by default they are reported as M013. */
  onUnknown?(name: string, known: string[], place: Place): void;
  /** A oneof of protobuf: the CustomResourceDefinition takes one of the fields at most, istiod the last of them. */
  readonly oneOf?: readonly string[];
  /** Fields of which only the CustomResourceDefinition takes one at most. */
  readonly exclusive?: readonly string[];
}

export interface MessageType<F> extends MessageRules {
  readonly kind: "message";
  readonly fields: F;
}

export type FieldType =
  | ScalarType<unknown>
  | EnumType<string>
  | ListType<unknown>
  | MapType<unknown>
  | MessageType<unknown>
  | CustomType<unknown>;

/** The TypeScript type of what `decode` makes of a field. */
export type Infer<T> =
  T extends ScalarType<infer V>
    ? V
    : T extends EnumType<infer N>
      ? N
      : T extends ListType<infer E>
        ? Infer<E>[]
        : T extends MapType<infer E>
          ? Record<string, Infer<E>>
          : T extends MessageType<infer F>
            ? { [K in keyof F]?: Infer<F[K]> }
            : T extends CustomType<infer V>
              ? V
              : never;

function scalar<T>(name: ScalarName): ScalarType<T> {
  return { kind: "scalar", name };
}

export const string = scalar<string>("string");
export const bool = scalar<boolean>("bool");
export const int32 = scalar<number>("int32");
export const uint32 = scalar<number>("uint32");
export const uint64 = scalar<number>("uint64");
export const double = scalar<number>("double");
/** Nanoseconds. */
export const duration = scalar<number>("duration");
/** Base64, as it stands. */
export const bytes = scalar<string>("bytes");
/** Any object, as it stands. */
export const struct = scalar<Record<string, unknown>>("struct");
/** Any value, as it stands. */
export const any = scalar<unknown>("any");

export function oneOf<const N extends string>(...values: N[]): EnumType<N> {
  return { kind: "enum", values };
}

export function list<E extends FieldType>(of: E): ListType<E> {
  return { kind: "list", of };
}

export function map<E extends FieldType>(of: E): MapType<E> {
  return { kind: "map", of };
}

export function message<F extends Fields>(fields: F, rules: MessageRules = {}): MessageType<F> {
  return { kind: "message", fields, ...rules };
}
