import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { eventually } from "#mesh/testing/eventually.ts";
import { recovery, startWorker } from "./recovery.ts";
import { passOnOnly } from "./telemetry.ts";
import { WakeUp } from "./wake-up.ts";

const options = { log: pino({ level: "silent" }), telemetry: passOnOnly };

describe("a recovery worker", () => {
  it("handles left-overs one after the other until there are none, again and again, also after a failure", async () => {
    let leftOvers = 3;
    let failures = 1;
    const ages: number[] = [];
    const worker = recovery(
      "finish",
      async ({ olderThan }) => {
        ages.push(Date.now() - olderThan.getTime());
        if (failures-- > 0) throw new Error("not now");
        if (leftOvers === 0) return false;
        leftOvers -= 1;
        return true;
      },
      { everyMs: 5, olderThanMs: 5_000 },
    );
    const stop = startWorker(worker, options);
    await eventually(() => leftOvers === 0);
    leftOvers = 2;
    await eventually(() => leftOvers === 0);
    await stop();
    const rounds = ages.length;
    expect(ages.every((age) => age >= 5_000 && age < 6_000)).toBe(true);
    leftOvers = 1;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(ages).toHaveLength(rounds);
  });

  it("begins its next round when its bell rings, and ends while it waits for it", async () => {
    const bell = new WakeUp();
    let rounds = 0;
    const step = async () => {
      rounds += 1;
      return false;
    };
    const stop = startWorker(recovery("rung", step, { everyMs: 3_600_000, bell }), options);
    await eventually(() => rounds === 1);
    bell.ring();
    await eventually(() => rounds === 2);
    await stop();
    expect(rounds).toBe(2);
  });

  it("finishes its step before it ends", async () => {
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    let finished = false;
    const worker = recovery("slow", async () => {
      begun.resolve();
      await release.promise;
      finished = true;
      return false;
    });
    const stop = startWorker(worker, options);
    await begun.promise;
    const stopped = stop();
    release.resolve();
    await stopped;
    expect(finished).toBe(true);
  });
});
