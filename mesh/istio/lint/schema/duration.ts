const nanosOf = new Map<string, number>([
  ["ns", 1],
  ["us", 1e3],
  ["µs", 1e3],
  ["μs", 1e3],
  ["ms", 1e6],
  ["s", 1e9],
  ["m", 60e9],
  ["h", 3_600e9],
]);

export const millisecond = 1e6;
export const second = 1e9;

const whole = /^[-+]?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/;
const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/** What Go's durations hold: some 292 years. */
const mostNanos = 2 ** 63;

/** Reads a duration as Go's `time.ParseDuration` does: `1h30m`, `1.5s`, `-2ms`, `0`. Nanoseconds, or undefined. */
export function parseDuration(text: string): number | undefined {
  if (/^[-+]?0$/.test(text)) return 0;
  if (text.length > 100 || !whole.test(text)) return undefined;
  let nanos = 0;
  for (const [, amount = "", unit = ""] of text.matchAll(part)) nanos += Number(amount) * (nanosOf.get(unit) ?? 0);
  if (nanos >= mostNanos) return undefined;
  return Math.round(text.startsWith("-") ? -nanos : nanos);
}

/** Nanoseconds as a reader writes them: `2s`, `350ms`, `1.5s`. */
export function formatDuration(nanos: number): string {
  if (nanos !== 0 && Math.abs(nanos) < second) return `${nanos / millisecond}ms`;
  return `${nanos / second}s`;
}
