import { type Amount, type Count, durationMs, type Span } from "./format.ts";

/** What a count asks for and did not get; undefined when it is met. `calls` is what `all`, `90%` and `1.2x` refer to. */
export function countMismatch(expected: Count, actual: number, calls: number): string | undefined {
  if (typeof expected !== "object") {
    const wanted = amountOf(expected, calls);
    return closeTo(actual, wanted) ? undefined : `expected ${shown(expected, wanted)}, got ${actual}`;
  }
  const { atLeast, atMost } = expected;
  if (atLeast !== undefined && actual < amountOf(atLeast, calls)) {
    return `expected at least ${shown(atLeast, amountOf(atLeast, calls))}, got ${actual}`;
  }
  if (atMost !== undefined && actual > amountOf(atMost, calls)) {
    return `expected at most ${shown(atMost, amountOf(atMost, calls))}, got ${actual}`;
  }
  return undefined;
}

/** Whether a count is not met because it is too small: if it can grow, it may be met yet. */
export function isBelow(expected: Count, actual: number, calls: number): boolean {
  const least = typeof expected === "object" ? expected.atLeast : expected;
  return least !== undefined && actual < amountOf(least, calls) && countMismatch(expected, actual, calls) !== undefined;
}

/** What a time in milliseconds asks for and did not get. */
export function spanMismatch({ atLeast, atMost }: Span, actualMs: number): string | undefined {
  const got = `took ${Math.round(actualMs)}ms`;
  if (atLeast !== undefined && actualMs < durationMs(atLeast)) return `${got}, expected at least ${atLeast}`;
  if (atMost !== undefined && actualMs > durationMs(atMost)) return `${got}, expected at most ${atMost}`;
  return undefined;
}

function amountOf(amount: Amount, calls: number): number {
  if (typeof amount === "number") return amount;
  if (amount === "all") return calls;
  if (amount === "none") return 0;
  const number = Number(amount.slice(0, -1));
  return amount.endsWith("%") ? (calls * number) / 100 : calls * number;
}

/** A share of the calls need not be a whole number. */
function closeTo(actual: number, wanted: number): boolean {
  return Math.abs(actual - wanted) < 1;
}

function shown(amount: Amount, value: number): string {
  return typeof amount === "number" ? String(amount) : `${amount} (${Number(value.toFixed(1))})`;
}
