import { expect, test } from "vitest";
import { countMismatch } from "./count.ts";
import type { Count, Outcome } from "./format.ts";
import { breakerMismatches, type Facts, hasFewer, outcomeMismatches } from "./outcome.ts";

const counts: [expected: Count, actual: number, calls: number, met: boolean][] = [
  [3, 3, 10, true],
  [3, 4, 10, false],
  ["all", 10, 10, true],
  ["all", 9, 10, false],
  ["none", 0, 10, true],
  ["none", 1, 10, false],
  ["50%", 5, 10, true],
  ["50%", 7, 10, false],
  ["1.2x", 12, 10, true],
  [{ atMost: "1.2x" }, 12, 10, true],
  [{ atMost: "1.2x" }, 13, 10, false],
  [{ atLeast: "90%", atMost: "all" }, 8, 10, false],
  [{ atLeast: 2 }, 2, 10, true],
];

test.each(counts)("%j is compared with %i of %i calls: %j", (expected, actual, calls, met) => {
  expect(countMismatch(expected, actual, calls) === undefined).toBe(met);
});

const call = (status: string, tookMs = 5, message = "") => ({ status, tookMs, message });
const facts: Facts = {
  calls: [call("OK"), call("UNAVAILABLE", 610, "upstream request timeout"), call("OK", 7)],
  flags: new Map([
    ["-", 2],
    ["UT", 1],
  ]),
  attempts: (name) => ({ "shop/a": 4, "a-1": 1 })[name] ?? 0,
};

const outcomes: [what: string, expected: Outcome, mismatch: RegExp | undefined][] = [
  ["statuses by count", { status: { OK: 2, UNAVAILABLE: 1 } }, undefined],
  ["a status of all", { status: "OK" }, /status OK: expected all \(3\), got 2 \(2 OK, 1 UNAVAILABLE; "upstream/],
  ["a name that is no status", { status: "FINE" }, /FINE is neither/],
  ["the message of failures", { message: "request timeout" }, undefined],
  ["another message", { message: "overflow" }, /expected "overflow", got "upstream request timeout"/],
  ["flags", { flags: { UT: 1, "-": 2 } }, undefined],
  ["a flag that is not there", { flags: { UO: 1 } }, /flag UO: expected 1, got 0/],
  ["attempts at a workload and a replica", { attempts: { "shop/a": 4, "a-1": 1 } }, undefined],
  ["too many attempts", { attempts: { "shop/a": { atMost: "1.2x" } } }, /at most 1.2x \(3.6\), got 4/],
  ["times", { took: { slowest: { atLeast: "600ms", atMost: "2s" }, median: { atMost: "100ms" } } }, undefined],
  [
    "a time out of bounds",
    { took: { slowest: { atMost: "0.5s" } } },
    /the slowest call took 610ms, expected at most 0.5s/,
  ],
];

test.each(outcomes)("compares %s", (_, expected, mismatch) => {
  const mismatches = outcomeMismatches(expected, facts);
  if (mismatch === undefined) expect(mismatches).toEqual([]);
  else expect(mismatches).toEqual([expect.stringMatching(mismatch)]);
});

const fewer: [expected: Outcome, fewer: boolean][] = [
  [{ attempts: { "shop/a": 4 }, flags: { UT: 1 } }, false],
  [{ attempts: { "shop/a": 5 } }, true],
  [{ attempts: { "shop/a": "2x" } }, true],
  [{ attempts: { "shop/a": { atMost: 3 } } }, false],
  [{ attempts: { "shop/a": 3, "a-2": { atLeast: 1 } } }, true],
  [{ attempts: { "a-1": "none" } }, false],
  [{ flags: { UH: "all" } }, true],
];

test.each(fewer)("%j may be met by counts that grow: %j", (expected, waits) => {
  expect(hasFewer(expected, facts)).toBe(waits);
});

test("a breaker is open when every replica is out, closed when none is", () => {
  const half = { open: ["a-1"], closed: ["a-2"], blocked: 2 };
  expect(breakerMismatches("shop/a", "open", half)).toEqual([expect.stringContaining("open on a-1, closed on a-2")]);
  expect(breakerMismatches("shop/a", "closed", half)).toHaveLength(1);
  expect(breakerMismatches("shop/a", { open: ["a-1"], blocked: true }, half)).toEqual([]);
  expect(breakerMismatches("shop/a", { open: 2, blocked: false }, half)).toHaveLength(2);
  expect(breakerMismatches("shop/a", "open", { open: ["a-1"], closed: [], blocked: 0 })).toEqual([]);
  expect(breakerMismatches("shop/a", "open", { open: [], closed: [], blocked: 0 })).toHaveLength(1);
});
