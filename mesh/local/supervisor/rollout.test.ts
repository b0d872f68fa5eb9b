import { describe, expect, it } from "vitest";
import { limits, nextRolloutStep, type RolloutReplica, type Strategy } from "./rollout.ts";

const rolling: Strategy = { type: "RollingUpdate", maxSurge: "25%", maxUnavailable: "25%" };
const careful: Strategy = { type: "RollingUpdate", maxSurge: 1, maxUnavailable: 0 };
const frugal: Strategy = { type: "RollingUpdate", maxSurge: 0, maxUnavailable: 1 };

/** "C" current and available, "c" current and not yet, "O" and "o" the same of an old template, "x" terminating. */
function replicas(picture: string): RolloutReplica[] {
  return [...picture].map((letter, index) => ({
    name: `${letter}${index}`,
    current: letter.toLowerCase() === "c",
    available: letter === "C" || letter === "O",
    terminating: letter === "x",
    createdAt: index,
  }));
}

describe("nextRolloutStep", () => {
  it.each([
    ["creates all at the first start", rolling, 3, "", 3, []],
    ["does nothing when all are there", rolling, 2, "CC", 0, []],
    ["waits for those that start", rolling, 2, "cc", 0, []],
    ["scales up", rolling, 4, "CC", 2, []],
    ["scales down, the one that is not available first", rolling, 1, "Cc", 0, ["c1"]],
    ["scales down, the youngest first", rolling, 1, "CC", 0, ["C1"]],
    ["ignores those that already leave", rolling, 2, "Cx", 1, []],
    ["starts one above the number when none may be missing", careful, 2, "OO", 1, []],
    ["keeps the old until the new is available", careful, 2, "OOc", 0, []],
    ["takes an old away when a new is available", careful, 2, "OOC", 0, ["O1"]],
    ["goes on with the next", careful, 2, "OC", 1, []],
    ["takes the old away first when there may be no surge", frugal, 2, "OO", 0, ["O1"]],
    ["then starts the new", frugal, 2, "O", 1, []],
    ["keeps an old that is broken while the new starts", careful, 1, "oc", 0, []],
    ["takes an old that is broken when the new is available", careful, 1, "oC", 0, ["o0"]],
    ["removes all at 0", rolling, 0, "CO", 0, ["C0", "O1"]],
    ["Recreate ends all of the old", { type: "Recreate" }, 2, "OO", 0, ["O0", "O1"]],
    ["Recreate waits until they are gone", { type: "Recreate" }, 2, "xx", 0, []],
    ["Recreate then starts the new", { type: "Recreate" }, 2, "", 2, []],
  ] as [string, Strategy, number, string, number, string[]][])(
    "%s",
    (_name, strategy, desired, picture, create, remove) => {
      expect(nextRolloutStep(strategy, desired, replicas(picture))).toEqual({ create, remove });
    },
  );

  it.each([rolling, careful, frugal])("ends with new replicas alone and never breaks its promise: %o", (strategy) => {
    for (const desired of [1, 2, 3, 5, 10]) {
      let state = replicas("O".repeat(desired));
      const { surge, unavailable } = limits(strategy as Extract<Strategy, { type: "RollingUpdate" }>, desired);
      for (let step = 0; step < 100; step++) {
        const { create, remove } = nextRolloutStep(strategy, desired, state);
        state = state.filter((replica) => !remove.includes(replica.name));
        for (let n = 0; n < create; n++) {
          state.push({
            name: `n${step}-${n}`,
            current: true,
            available: false,
            terminating: false,
            createdAt: 100 + step,
          });
        }
        expect(state.length).toBeLessThanOrEqual(desired + surge);
        expect(state.filter((replica) => replica.available).length).toBeGreaterThanOrEqual(desired - unavailable);
        // One of those that start becomes available.
        const starting = state.findIndex((replica) => !replica.available);
        state = state.map((replica, index) => (index === starting ? { ...replica, available: true } : replica));
      }
      expect(state.map((replica) => replica.current)).toEqual(Array(desired).fill(true));
    }
  });
});

describe("limits", () => {
  it.each([
    ["25%", "25%", 1, 1, 0],
    ["25%", "25%", 4, 1, 1],
    ["25%", "25%", 10, 3, 2],
    [0, "10%", 1, 0, 1],
    [0, 5, 2, 0, 2],
  ] as const)("surge %s, unavailable %s of %i", (maxSurge, maxUnavailable, desired, surge, unavailable) => {
    expect(limits({ type: "RollingUpdate", maxSurge, maxUnavailable }, desired)).toEqual({ surge, unavailable });
  });
});
