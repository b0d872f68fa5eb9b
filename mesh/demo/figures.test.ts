import { describe, expect, it } from "vitest";
import type { Timed } from "#mesh/testing/load.ts";
import { figuresOf, succeeded } from "./figures.ts";

function answer(status: number, ms: number, bytes = 0): Timed {
  return { status, ms, bytes, body: "", headers: {} };
}

describe("figuresOf", () => {
  it("sums up as siege does", () => {
    const answers = [answer(200, 100, 1_000_000), answer(201, 300), answer(503, 500, 1_000_000), answer(0, 1100)];
    expect(figuresOf(answers, 4)).toEqual({
      transactions: 2,
      availabilityPercent: 50,
      elapsedS: 4,
      dataMb: 2,
      responseS: 0.5,
      transactionsPerS: 0.5,
      throughputMbPerS: 0.5,
      concurrency: 0.5,
      successful: 2,
      failed: 2,
      longestS: 1.1,
      shortestS: 0.1,
    });
  });

  it("has zeros where nothing was answered", () => {
    expect(figuresOf([], 2)).toMatchObject({ transactions: 0, availabilityPercent: 0, responseS: 0, shortestS: 0 });
  });

  it.each([
    [200, true],
    [399, true],
    [400, false],
    [503, false],
    [0, false],
  ])("status %i succeeded: %s", (status, expected) => {
    expect(succeeded({ status })).toBe(expected);
  });
});
