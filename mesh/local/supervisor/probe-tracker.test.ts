import { expect, it } from "vitest";
import { ProbeTracker } from "./probe-tracker.ts";

it.each([
  ["one success is enough by default", 1, 3, "+", "success"],
  ["as many failures in a row as the threshold", 1, 3, "+--", "success"],
  ["then it fails", 1, 3, "+---", "failure"],
  ["a success between starts the count anew", 1, 3, "+--+--", "success"],
  ["and it recovers", 1, 2, "+--+", "success"],
  ["more successes when more are asked for", 2, 1, "-+", "failure"],
  ["in a row", 2, 1, "-+-+", "failure"],
  ["until they are there", 2, 1, "-++", "success"],
  ["nothing is known before the first threshold", 2, 2, "+-", "unknown"],
] as const)("%s", (_name, successThreshold, failureThreshold, results, verdict) => {
  const tracker = new ProbeTracker({ successThreshold, failureThreshold });
  for (const result of results) tracker.observe(result === "+");
  expect(tracker.verdict).toBe(verdict);
});

it("tells a change of the verdict once", () => {
  const tracker = new ProbeTracker({ successThreshold: 1, failureThreshold: 2 });
  expect([true, true, false, false, false, true].map((result) => tracker.observe(result))).toEqual([
    true,
    false,
    false,
    true,
    false,
    true,
  ]);
});
