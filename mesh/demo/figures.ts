import type { Timed } from "#mesh/testing/load.ts";

/** The twelve lines that siege prints, in its order. */
export interface Figures {
  /** Answers below 400. */
  readonly transactions: number;
  readonly availabilityPercent: number;
  readonly elapsedS: number;
  /** Bodies of all answers. */
  readonly dataMb: number;
  /** Mean. */
  readonly responseS: number;
  readonly transactionsPerS: number;
  readonly throughputMbPerS: number;
  /** Calls on their way, on average. */
  readonly concurrency: number;
  readonly successful: number;
  /** Answers from 400 on, and calls without an answer. */
  readonly failed: number;
  readonly longestS: number;
  readonly shortestS: number;
}

/** Each line's name as siege prints it, and how many digits follow the point. */
export const lines: Readonly<Record<keyof Figures, readonly [label: string, digits: number]>> = {
  transactions: ["Transactions", 0],
  availabilityPercent: ["Availability, %", 2],
  elapsedS: ["Elapsed time, s", 2],
  dataMb: ["Data transferred, MB", 2],
  responseS: ["Response time, s", 2],
  transactionsPerS: ["Transaction rate, 1/s", 2],
  throughputMbPerS: ["Throughput, MB/s", 2],
  concurrency: ["Concurrency", 2],
  successful: ["Successful transactions", 0],
  failed: ["Failed transactions", 0],
  longestS: ["Longest transaction, s", 2],
  shortestS: ["Shortest transaction, s", 2],
};

/** Sums up a load that lasted `elapsedS`. A call that got no answer has the status 0. */
export function figuresOf(answers: readonly Timed[], elapsedS: number): Figures {
  const transactions = answers.filter(succeeded).length;
  const dataMb = answers.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  const spentS = answers.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  const seconds = answers.map(({ ms }) => ms / 1000);
  return {
    transactions,
    availabilityPercent: answers.length === 0 ? 0 : (transactions / answers.length) * 100,
    elapsedS,
    dataMb,
    responseS: answers.length === 0 ? 0 : spentS / answers.length,
    transactionsPerS: transactions / elapsedS,
    throughputMbPerS: dataMb / elapsedS,
    concurrency: spentS / elapsedS,
    successful: transactions,
    failed: answers.length - transactions,
    longestS: seconds.reduce((longest, each) => Math.max(longest, each), 0),
    shortestS: seconds.reduce((shortest, each) => Math.min(shortest, each), seconds[0] ?? 0),
  };
}

/** As siege counts: every status below 400. */
export function succeeded({ status }: { readonly status: number }): boolean {
  return status > 0 && status < 400;
}
