import type { JsonObject } from "./json.ts";

/** A percentage with four decimals, as Istio writes it. */
export function fraction(percent: number): JsonObject {
  const numerator = Math.trunc(percent * 10_000);
  return numerator === 0 ? { denominator: "MILLION" } : { numerator, denominator: "MILLION" };
}

/** A percentage of its own type; 0 is the default of the type and not written. */
export function percent(value: number): JsonObject {
  return value === 0 ? {} : { value };
}

/** A whole percentage. Envoy's default denominator is 100. */
export function wholeFraction(percent: number): JsonObject {
  return percent === 0 ? {} : { numerator: percent };
}
