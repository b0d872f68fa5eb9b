import { describe, expect, test } from "vitest";
import { PlanOrigin, RecommendationStatus, RecommendationType } from "#gen/proto/ktravel/plan/v1/plan.ts";
import {
  after,
  dayCount,
  demandOwn,
  demandReadable,
  languageOf,
  originOf,
  refuseBadDate,
  refuseBadDraft,
  refuseBadWish,
  type Trigger,
} from "./domain.ts";
import type { Draft, Wish } from "./generator.ts";

const {
  RECOMMENDATION_STATUS_REQUESTED: REQUESTED,
  RECOMMENDATION_STATUS_TOKEN_SPENT: TOKEN_SPENT,
  RECOMMENDATION_STATUS_GENERATING: GENERATING,
  RECOMMENDATION_STATUS_COMPLETED: COMPLETED,
  RECOMMENDATION_STATUS_REFUNDING: REFUNDING,
  RECOMMENDATION_STATUS_FAILED: FAILED,
  RECOMMENDATION_STATUS_REJECTED: REJECTED,
} = RecommendationStatus;
const {
  RECOMMENDATION_TYPE_PERSONALIZED: PERSONALIZED,
  RECOMMENDATION_TYPE_TREND: TREND,
  RECOMMENDATION_TYPE_TASTE: TASTE,
} = RecommendationType;
const statuses = [REQUESTED, TOKEN_SPENT, GENERATING, COMPLETED, REFUNDING, FAILED, REJECTED];

describe("the state table", () => {
  const table: readonly (readonly [Trigger, RecommendationStatus, RecommendationStatus])[] = [
    ["tokenSpent", REQUESTED, TOKEN_SPENT],
    ["noToken", REQUESTED, REJECTED],
    ["spendUnknown", REQUESTED, REFUNDING],
    ["picked", TOKEN_SPENT, GENERATING],
    ["generated", GENERATING, COMPLETED],
    ["generationFailed", GENERATING, REFUNDING],
    ["refunded", REFUNDING, FAILED],
  ];

  test.each(table)("%s of %s yields %s, and means nothing to the others", (trigger, from, to) => {
    for (const status of statuses) expect(after(status, trigger)).toBe(status === from ? to : undefined);
  });
});

describe("who may read and change a plan", () => {
  const mine = { planId: "p", ownerId: "me", sharedTime: undefined };
  const privateOne = { ...mine, ownerId: "other" };
  const sharedOne = { ...privateOne, sharedTime: new Date() };

  test.each([mine, { ...mine, sharedTime: new Date() }])("the owner may do both", (plan) => {
    expect(demandReadable(plan, "p", "me")).toBe(plan);
    expect(demandOwn(plan, "p", "me")).toBe(plan);
  });

  test.each([[privateOne], [undefined]])("another's private plan does not exist", (plan) => {
    const notFound = expect.objectContaining({ reason: "PLAN_NOT_FOUND" });
    expect(() => demandReadable(plan, "p", "me")).toThrow(notFound);
    expect(() => demandOwn(plan, "p", "me")).toThrow(notFound);
  });

  test("another's shared plan may be read and not changed", () => {
    expect(demandReadable(sharedOne, "p", "me")).toBe(sharedOne);
    expect(() => demandOwn(sharedOne, "p", "me")).toThrow(expect.objectContaining({ reason: "NOT_OWNER" }));
  });
});

describe("dates", () => {
  test.each(["", "2026-02-28", "2028-02-29", "1999-12-31"])("%j may stand in a plan", (date) => {
    expect(() => refuseBadDate(date)).not.toThrow();
  });

  test.each(["2026-02-29", "2026-02-30", "2026-13-01", "2026-00-10", "2026-04-31"])("%s is none", (date) => {
    expect(() => refuseBadDate(date)).toThrow(expect.objectContaining({ reason: "INVALID_DATE" }));
  });
});

const wish: Wish = {
  type: PERSONALIZED,
  location: "부산",
  travelDate: "2026-05-01",
  budget: 500_000n,
  groupSize: 2,
  details: "",
  language: "ko",
};

describe("a wish", () => {
  const now = new Date("2026-05-01T11:00:00Z");

  test.each([
    ["tomorrow", { travelDate: "2026-05-02" }],
    ["today", { travelDate: "2026-05-01" }],
    ["a day that is not yet over everywhere", { travelDate: "2026-04-30" }],
    ["an open budget for a trend", { type: TREND, budget: 0n }],
    ["a taste with a budget", { type: TASTE }],
  ])("may ask for %s", (_, fields) => {
    expect(() => refuseBadWish({ ...wish, ...fields }, now)).not.toThrow();
  });

  test.each([
    ["a day that is over", { travelDate: "2026-04-29" }, "DATE_IN_PAST", ["travel_date"]],
    ["a day that never was", { travelDate: "2026-02-30" }, "INVALID_DATE", ["travel_date"]],
    ["no budget", { budget: 0n }, "REQUIRED", ["budget"]],
    ["a taste without a budget", { type: TASTE, budget: 0n }, "REQUIRED", ["budget"]],
    ["both", { travelDate: "2026-01-01", budget: 0n }, "INVALID_REQUEST", ["travel_date", "budget"]],
  ])("may not ask for %s", (_, fields, reason, paths) => {
    const violations = paths.map((field) => expect.objectContaining({ field }));
    const details = [{ kind: "badRequest", violations }];
    expect(() => refuseBadWish({ ...wish, ...fields }, now)).toThrow(expect.objectContaining({ reason, details }));
  });

  test.each([
    ["", "부산", "ko"],
    ["", "Busan", "en"],
    ["en", "부산", "en"],
    ["ko", "Paris", "ko"],
  ])("in language %j for %s is answered in %s", (language, location, expected) => {
    expect(languageOf({ language, location })).toBe(expected);
  });

  test.each([
    ["", 2],
    ["바다가 좋아요", 2],
    ["당일치기로", 1],
    ["2박 3일", 3],
    ["3박으로", 4],
    ["4일 동안", 4],
    ["5월 10일에 출발", 2],
    ["a 3-day trip", 3],
    ["1 day", 1],
    ["for 30 days", 7],
    ["0 days", 1],
  ])("that says %j takes %i days", (details, days) => {
    expect(dayCount(details)).toBe(days);
  });
});

test.each([
  [PERSONALIZED, PlanOrigin.PLAN_ORIGIN_PERSONALIZED],
  [TREND, PlanOrigin.PLAN_ORIGIN_TREND],
  [TASTE, PlanOrigin.PLAN_ORIGIN_TASTE],
])("type %s becomes a plan of origin %s", (type, origin) => {
  expect(originOf(type)).toBe(origin);
});

describe("what a generator made", () => {
  const draft: Draft = {
    location: "부산",
    travelDate: "2026-05-01",
    budget: 400_000n,
    groupSize: 2,
    details: "1일차: 해운대",
  };

  test.each([
    ["within the budget", {}, {}],
    ["for all of it", { budget: 500_000n }, {}],
    ["when the budget is open", { budget: 900_000n }, { budget: 0n }],
  ])("is a plan %s", (_, fields, asked) => {
    expect(() => refuseBadDraft({ ...draft, ...fields }, { ...wish, ...asked })).not.toThrow();
  });

  test.each<[string, Partial<Draft>]>([
    ["without a place", { location: " " }],
    ["with too long a place", { location: "가".repeat(101) }],
    ["without details", { details: "" }],
    ["with details that no plan can hold", { details: "가".repeat(4001) }],
    ["with a character that the database does not take", { details: "a\0b" }],
    ["for another day", { travelDate: "2026-05-02" }],
    ["for another group", { groupSize: 3 }],
    ["without a budget", { budget: 0n }],
    ["for a negative budget", { budget: -1n }],
    ["for more than there is", { budget: 500_001n }],
  ])("is none %s", (_, fields) => {
    expect(() => refuseBadDraft({ ...draft, ...fields }, wish)).toThrow(
      expect.objectContaining({ reason: "AI_INVALID_RESULT" }),
    );
  });
});
