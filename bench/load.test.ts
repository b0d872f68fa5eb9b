import { expect, test } from "vitest";
import { closedLoop, median, openLoop, percentile } from "./load.ts";

test("percentile takes the nearest rank", () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  expect(percentile(values, 0.5)).toBe(5);
  expect(percentile(values, 0.99)).toBe(10);
  expect(percentile([], 0.5)).toBeNaN();
  expect(median([9, 1, 5])).toBe(5);
});

test("a closed loop never has more calls in flight than callers, and counts failures by their text, without their latency", async () => {
  let inFlight = 0;
  let most = 0;
  let calls = 0;
  const result = await closedLoop(
    async () => {
      most = Math.max(most, ++inFlight);
      await new Promise((resolve) => setTimeout(resolve, 1));
      inFlight--;
      if (++calls % 2 === 0) throw new Error("refused");
    },
    { concurrency: 3, seconds: 0.1 },
  );
  expect(most).toBe(3);
  expect(result.failures.get("refused")).toBe(Math.floor(calls / 2));
  expect(result.succeeded).toBe(Math.ceil(calls / 2));
  expect(result.latenciesMs).toHaveLength(result.succeeded);
});

test("an open loop starts every call that was due, and counts waiting as latency", async () => {
  let started = 0;
  const gate = new Promise((resolve) => setTimeout(resolve, 200));
  const result = await openLoop(
    async () => {
      started++;
      await gate;
    },
    { ratePerSecond: 100, seconds: 0.1 },
  );
  expect(started).toBe(10);
  expect(percentile(result.latenciesMs, 1)).toBeGreaterThan(percentile(result.latenciesMs, 0));
});
