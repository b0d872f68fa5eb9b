import { refuse } from "./errors.ts";
import type { Draft } from "./generator.ts";

/** What an AI must answer, as JSON Schema: the five fields and no other. */
export const draftSchema = {
  type: "object",
  properties: {
    location: { type: "string" },
    travel_date: { type: "string", description: "YYYY-MM-DD" },
    budget: { type: "integer", description: "won, for the whole group" },
    group_size: { type: "integer" },
    details: { type: "string" },
  },
  required: ["location", "travel_date", "budget", "group_size", "details"],
  additionalProperties: false,
} as const;

/**
 * Reads what an AI answered. Whether it is a plan for the wish, the domain decides.
 *
 * @throws ServiceError AI_INVALID_RESULT when it is not of the schema, however near
 */
export function readDraft(text: string): Draft {
  const value = parseObject(text);
  const names = Object.keys(value).sort().join();
  const expected = [...draftSchema.required].sort().join();
  const { location, travel_date: travelDate, budget, group_size: groupSize, details } = value;
  const areTexts = isText(location) && isText(travelDate) && isText(details);
  if (names !== expected || !areTexts || !isCount(budget) || !isCount(groupSize)) throw refuse.AI_INVALID_RESULT();
  return { location, travelDate, budget: BigInt(budget), groupSize, details };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse.AI_INVALID_RESULT(); // Without a cause: JSON.parse's error holds part of the text.
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse.AI_INVALID_RESULT();
  return value as Readonly<Record<string, unknown>>;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value);
}
