/** What one run of load saw. */
export interface LoadResult {
  /** Calls that answered without error. */
  readonly succeeded: number;
  /** Calls that failed, by the text that `call` threw. */
  readonly failures: ReadonlyMap<string, number>;
  /** Wall time of the run. */
  readonly seconds: number;
  /** Latency of each call that succeeded, in milliseconds, ascending: a refusal may be quick. An open loop counts from when the call was due, not from when it left. */
  readonly latenciesMs: readonly number[];
}

/** Keeps `concurrency` calls in flight for `seconds`, each caller sending its next call as soon as the last one ended. */
export async function closedLoop(
  call: () => Promise<void>,
  options: { readonly concurrency: number; readonly seconds: number },
): Promise<LoadResult> {
  const recorder = new Recorder();
  const end = performance.now() + options.seconds * 1000;
  const caller = async () => {
    while (performance.now() < end) await recorder.record(performance.now(), call);
  };
  await Promise.all(Array.from({ length: options.concurrency }, caller));
  return recorder.result();
}

/** Starts `ratePerSecond` calls a second for `seconds`, whether or not earlier ones have ended, so that a stall is seen. */
export async function openLoop(
  call: () => Promise<void>,
  options: { readonly ratePerSecond: number; readonly seconds: number },
): Promise<LoadResult> {
  const recorder = new Recorder();
  const start = performance.now();
  const total = Math.round(options.ratePerSecond * options.seconds);
  const calls: Promise<void>[] = [];
  while (calls.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * options.ratePerSecond) + 1);
    for (let next = calls.length; next < due; next++) {
      calls.push(recorder.record(start + (next * 1000) / options.ratePerSecond, call));
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(calls);
  return recorder.result();
}

/** The value that `share` (0 to 1) of the ascending `values` do not exceed; NaN when there are none (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const rank = Math.ceil(values.length * share);
  return values[Math.min(values.length, Math.max(1, rank)) - 1] ?? Number.NaN;
}

/** The middle value, NaN when there are none. */
export function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

class Recorder {
  readonly #start = performance.now();
  readonly #latenciesMs: number[] = [];
  readonly #failures = new Map<string, number>();

  async record(from: number, call: () => Promise<void>): Promise<void> {
    try {
      await call();
      this.#latenciesMs.push(performance.now() - from);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#failures.set(text, (this.#failures.get(text) ?? 0) + 1);
    }
  }

  result(): LoadResult {
    return {
      succeeded: this.#latenciesMs.length,
      failures: this.#failures,
      seconds: (performance.now() - this.#start) / 1000,
      latenciesMs: this.#latenciesMs.sort((a, b) => a - b),
    };
  }
}
