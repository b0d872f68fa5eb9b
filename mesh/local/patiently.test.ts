import { describe, expect, it } from "vitest";
import { demanding } from "./demanding-rest.ts";
import { patiently } from "./patiently.ts";
import type { Rest } from "./rest.ts";

/** Answers one after the other, the last one again and again. */
function answering<Answer>(...answers: readonly Answer[]) {
  let asked = 0;
  const call = async () => answers[Math.min(asked++, answers.length - 1)] as Answer;
  return { call, asked: () => asked };
}

describe("patiently", () => {
  it.each([
    ["REST", [{ status: 503 }, { status: 503 }, { status: 404 }]],
    ["gRPC", [{ code: 14 }, { code: 14 }, { code: 5 }]],
  ])("asks again by %s until the answer is another", async (_, answers) => {
    const { call, asked } = answering<{ status: number } | { code: number }>(...answers);
    expect(await patiently(call)).toEqual(answers.at(-1));
    expect(asked()).toBe(3);
  });

  it("gives the last answer when the time is over", async () => {
    expect(await patiently(answering({ status: 503 }).call, { withinMs: 0 })).toEqual({ status: 503 });
  });
});

it("demanding calls come again when they are told to, and bear no other refusal", async () => {
  const of = (...statuses: number[]) => {
    const { call, asked } = answering(...statuses.map((status) => ({ status, body: {}, headers: {}, bytes: 2 })));
    return { api: demanding(call satisfies Rest), asked };
  };
  const busy = of(503, 200);
  await busy.api.post("/orders", {});
  expect(busy.asked()).toBe(2);
  const refused = of(409);
  await expect(refused.api.post("/orders", {})).rejects.toThrow("POST /orders answered 409");
  expect(refused.asked()).toBe(1);
});
