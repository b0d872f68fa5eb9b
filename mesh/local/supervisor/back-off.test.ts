import { expect, it } from "vitest";
import { afterExit, noBackOff } from "./back-off.ts";

it("starts again at once, then after 10 s doubling to 5 minutes", () => {
  let backOff = noBackOff;
  let now = 1_000_000;
  const waits: number[] = [];
  for (let crash = 0; crash < 8; crash++) {
    const next = afterExit(backOff, now);
    waits.push((next.startAt - now) / 1000);
    backOff = next.backOff;
    now = next.startAt + 50;
  }
  expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
});

it("forgets the crashes after ten minutes without one", () => {
  const first = afterExit(noBackOff, 0);
  expect(afterExit(first.backOff, 599_000).startAt).toBe(609_000);
  expect(afterExit(first.backOff, 601_000).startAt).toBe(601_000);
});
