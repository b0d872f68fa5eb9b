import { describe, expect, it, test } from "vitest";
import { readDraft } from "./ai-result.ts";

const good = { location: "부산", travel_date: "2026-05-01", budget: 400000, group_size: 2, details: "1일차: 해운대" };
const invalid = expect.objectContaining({ reason: "AI_INVALID_RESULT" });

describe("what an AI answered", () => {
  it("is read when it is of the schema", () => {
    expect(readDraft(JSON.stringify(good))).toEqual({
      location: "부산",
      travelDate: "2026-05-01",
      budget: 400_000n,
      groupSize: 2,
      details: "1일차: 해운대",
    });
  });

  test.each<[string, unknown]>([
    ["a field that was made up", { ...good, hotel: "Grand Palace" }],
    ["a field that is missing", { ...good, details: undefined }],
    ["a field of another name instead", { ...good, budget: undefined, price: 1 }],
    ["a number as text", { ...good, budget: "400000" }],
    ["a budget that is no whole number", { ...good, budget: 0.5 }],
    ["a budget that no number can hold", { ...good, budget: 2 ** 60 }],
    ["text as a number", { ...good, location: 7 }],
    ["null", null],
    ["a list", [good]],
    ["a text", "good"],
  ])("is none with %s", (_, value) => {
    expect(() => readDraft(JSON.stringify(value))).toThrow(invalid);
  });

  test.each(["", "Sure! Here is your plan: {}", '{"location": "부산"', "```json\n{}\n```"])("is none as %j", (text) => {
    expect(() => readDraft(text)).toThrow(invalid);
  });

  it("is in no error", () => {
    let caught: unknown;
    try {
      readDraft("a secret plan");
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ reason: "AI_INVALID_RESULT" });
    expect((caught as Error).cause).toBeUndefined();
    expect(JSON.stringify(caught, Object.getOwnPropertyNames(caught))).not.toContain("secret");
  });
});
