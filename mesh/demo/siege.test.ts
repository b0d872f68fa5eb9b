import { describe, expect, it } from "vitest";
import type { RestAnswer } from "#mesh/local/rest.ts";
import { siege } from "./siege.ts";

const ok: RestAnswer = { status: 200, body: {}, headers: {}, bytes: 2 };
const never = new AbortController().signal;

/** Answers one after the other, each a moment later. */
function answering(...statuses: number[]) {
  let next = 0;
  return async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return { ...ok, status: statuses[Math.min(next++, statuses.length - 1)] ?? 0 };
  };
}

describe("siege", () => {
  it("ends when nothing is left to ask, and counts what was asked", async () => {
    const left = [1, 2, 3, 4, 5];
    const call = () => (left.pop() ? Promise.resolve(ok) : undefined);
    const { figures } = await siege({ concurrency: 2, seconds: 60, call }, never);
    expect(figures).toMatchObject({ transactions: 5, failed: 0 });
  });

  it("goes on until what is waited for was seen", async () => {
    const call = answering(...Array<number>(30).fill(200), 503);
    const seen = (answers: readonly RestAnswer[]) => answers.some(({ status }) => status === 503);
    const { answers } = await siege({ concurrency: 1, seconds: 0.001, call, until: seen }, never);
    expect(answers.length).toBeGreaterThan(30);
  });

  it("lasts until what happens meanwhile has ended", async () => {
    let end = () => {};
    const meanwhile = () =>
      new Promise<void>((resolve) => {
        end = resolve;
      });
    let calls = 0;
    const call = () => {
      if (++calls === 20) end();
      return answering(200)();
    };
    const { figures } = await siege({ concurrency: 1, seconds: 0.001, call, meanwhile }, never);
    expect(figures.transactions).toBeGreaterThanOrEqual(20);
  });

  it("fails with what happens meanwhile", async () => {
    const meanwhile = () => Promise.reject(new Error("the rollout failed"));
    await expect(siege({ concurrency: 1, seconds: 60, call: answering(200), meanwhile }, never)).rejects.toThrow(
      "the rollout failed",
    );
  });

  it("counts a call without an answer as failed", async () => {
    let calls = 0;
    const call = () => (++calls > 3 ? undefined : Promise.reject(new Error("connection refused")));
    const { figures } = await siege({ concurrency: 1, seconds: 60, call }, never);
    expect(figures).toMatchObject({ transactions: 0, failed: 3, availabilityPercent: 0 });
  });

  it("counts a call that throws as failed, and ends when its time is over", async () => {
    const call = () => {
      throw new Error("there is no such order");
    };
    const { figures } = await siege({ concurrency: 2, seconds: 0.05, call }, never);
    expect(figures).toMatchObject({ transactions: 0, availabilityPercent: 0 });
    expect(figures.failed).toBeGreaterThan(1);
  });

  it("ends at once when it is interrupted", async () => {
    const controller = new AbortController();
    const call = () => {
      controller.abort(new Error("interrupted"));
      return Promise.resolve(ok);
    };
    await expect(siege({ concurrency: 1, seconds: 60, call }, controller.signal)).rejects.toThrow("interrupted");
  });
});
