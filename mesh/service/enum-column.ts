/** The names of a proto enum's values without their prefix: `ORDER_STATUS_PENDING` -> `PENDING`. */
export type ColumnName<Values, Prefix extends string> = {
  [Key in keyof Values & string]: Key extends `${Prefix}_${infer Name}`
    ? Name extends "UNSPECIFIED"
      ? never
      : Name
    : never;
}[keyof Values & string];

/** A proto enum as a database enum of the same names. */
export interface EnumColumn<Values, Prefix extends string> {
  /** @throws Error for UNSPECIFIED and unknown numbers: validation has let something through */
  toColumn(value: Values[keyof Values]): ColumnName<Values, Prefix>;
  fromColumn(name: ColumnName<Values, Prefix>): Values[keyof Values];
}

/**
 * Translates between a proto enum and the database enum whose values have the same names without the prefix.
 *
 * @param values what ts-proto generated for the enum
 * @param prefix what all of its values begin with, without the underscore: `ORDER_STATUS`
 */
export function enumColumn<const Values extends Readonly<Record<string, number>>, const Prefix extends string>(
  values: Values,
  prefix: Prefix,
): EnumColumn<Values, Prefix> {
  const names = new Map<number, string>();
  for (const [name, value] of Object.entries(values)) {
    if (name.startsWith(`${prefix}_`) && value !== 0) names.set(value, name.slice(prefix.length + 1));
  }
  const numbers = new Map([...names].map(([value, name]) => [name, value]));
  return {
    toColumn: (value) => found(names.get(value as number), prefix, value) as never,
    fromColumn: (name) => found(numbers.get(name), prefix, name) as Values[keyof Values],
  };
}

function found<T>(value: T | undefined, prefix: string, key: unknown): T {
  if (value === undefined) throw new Error(`${prefix} has no value ${String(key)}`);
  return value;
}
