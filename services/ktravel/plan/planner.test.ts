import { describe, expect, it, test } from "vitest";
import { RecommendationType } from "#gen/proto/ktravel/plan/v1/plan.ts";
import { refuseBadDraft } from "./domain.ts";
import type { Language, Wish } from "./generator.ts";
import { cities, distanceKm, findCity } from "./places.ts";
import { draft } from "./planner.ts";
import { chooseComfort, costOf } from "./planner-budget.ts";

const wish: Wish = {
  type: RecommendationType.RECOMMENDATION_TYPE_PERSONALIZED,
  location: "부산",
  travelDate: "2026-05-01",
  budget: 900_000n,
  groupSize: 2,
  details: "",
  language: "ko",
};

function placesIn(details: string, language: Language = "ko"): string[] {
  return cities
    .flatMap(({ places }) => places.map((place) => place[language]))
    .filter((name) => details.includes(name));
}

describe("a plan", () => {
  it("is an itinerary day by day in Korean", () => {
    const plan = draft({ ...wish, details: "2박 3일, 바다" }, []);
    expect(plan).toMatchObject({ location: "부산", travelDate: "2026-05-01", budget: 900_000n, groupSize: 2 });
    expect(plan.details).toContain("부산 3일 여행, 2명");
    expect(plan.details).toContain("1일차, 2026-05-01 (금)");
    expect(plan.details).toContain("3일차, 2026-05-03 (일)");
    expect(plan.details).toMatch(/예상 경비: 1인 약 [\d,]+원/);
    expect(placesIn(plan.details)).toHaveLength(9);
    expect(plan.details).toContain("해운대해수욕장");
  });

  it("is one in English", () => {
    const plan = draft({ ...wish, location: "Busan", language: "en", details: "one market, 1 day" }, []);
    expect(plan.details).toContain("Busan, a day for 2");
    expect(plan.details).toContain("Day 1, 2026-05-01 (Friday)");
    expect(placesIn(plan.details, "en")).toHaveLength(3);
    expect(plan.details).toMatch(/Jagalchi Market|Gukje Market/);
    expect(plan.details).not.toMatch(/\p{Script=Hangul}/u);
  });

  it("is the same for the same wish, and another for another day", () => {
    expect(draft(wish, [])).toEqual(draft(wish, []));
    expect(draft({ ...wish, travelDate: "2026-05-09" }, []).details).not.toBe(draft(wish, []).details);
  });

  it("goes where the wish says first, then where liked plans went", () => {
    const [busan] = cities.filter(({ en }) => en === "Busan");
    for (const place of busan?.places ?? []) {
      expect(draft({ ...wish, details: `당일, ${place.ko}` }, []).details).toContain(place.ko);
      expect(draft({ ...wish, details: "당일" }, [`우리는 ${place.ko}에 갔다`]).details).toContain(place.ko);
    }
  });

  it("says what it was made after", () => {
    const taste = { ...wish, type: RecommendationType.RECOMMENDATION_TYPE_TASTE };
    const trend = { ...wish, type: RecommendationType.RECOMMENDATION_TYPE_TREND, language: "en" as const };
    expect(draft(taste, ["a", "b"]).details).toContain("좋아하신 계획 2개를 참고했습니다.");
    expect(draft(trend, ["a"]).details).toContain("After a plan that is popular now.");
    expect(draft(wish, []).details).not.toContain("참고");
  });

  it("is a frame where it knows no places, and says so", () => {
    const plan = draft({ ...wish, location: "Atlantis", language: "en" }, []);
    expect(plan.details).toContain("The planner knows no places in Atlantis");
    expect(placesIn(plan.details, "en")).toEqual([]);
  });

  it("estimates a budget that is open, and says when the given one is tight", () => {
    const open = draft({ ...wish, budget: 0n }, []);
    expect(open.budget).toBeGreaterThan(100_000n);
    const tight = draft({ ...wish, budget: 10_000n }, []);
    expect(tight.budget).toBe(10_000n);
    expect(tight.details).toContain("예산 10,000원으로는 빠듯합니다.");
    expect(open.details).not.toContain("빠듯");
  });

  it("tells a large group to book", () => {
    expect(draft({ ...wish, groupSize: 8 }, []).details).toContain("예약");
    expect(draft({ ...wish, groupSize: 7 }, []).details).not.toContain("예약");
  });

  const many = cities.flatMap(({ ko, en }) => [
    [ko, "ko"],
    [en, "en"],
  ]) as [string, Language][];
  test.each(many)("for %s in %s is whole, whatever its length", (location, language) => {
    for (let days = 1; days <= 7; days += 1) {
      const asked = { ...wish, location, language, details: `${days} days`, groupSize: 100 };
      const plan = draft(
        asked,
        Array.from({ length: 20 }, () => "시장과 바다"),
      );
      expect(() => refuseBadDraft(plan, asked)).not.toThrow();
      const dayLines = plan.details.split("\n").filter((line) => /^(Day \d|\d일차)/.test(line));
      expect(dayLines).toHaveLength(days);
    }
  });
});

describe("cost", () => {
  const trip = { days: 2, groupSize: 2, kinds: [] };

  it("is the sum of days, rooms and entrances, rounded up", () => {
    expect(costOf(trip, "regular")).toEqual({ total: 350_000n, perPerson: 175_000n });
    expect(costOf({ ...trip, kinds: ["history", "view"] }, "regular").total).toBe(380_000n);
    expect(costOf({ days: 1, groupSize: 3, kinds: [] }, "thrifty")).toEqual({ total: 110_000n, perPerson: 37_000n });
  });

  test.each([
    [0n, "regular"],
    [100n, "thrifty"],
    [349_999n, "thrifty"],
    [350_000n, "regular"],
    [770_000n, "comfortable"],
  ])("of a budget of %s is %s", (budget, comfort) => {
    expect(chooseComfort(trip, budget)).toBe(comfort);
  });
});

describe("places", () => {
  test.each([
    ["서울", "Seoul"],
    ["서울특별시 종로구", "Seoul"],
    ["busan", "Busan"],
    ["Haeundae, Busan, Korea", "Busan"],
    ["제주도", "Jeju"],
    ["Jeju Island", "Jeju"],
    ["Paris, France", "Paris"],
  ])("%s is in %s", (location, name) => {
    expect(findCity(location)?.en).toBe(name);
  });

  test.each(["", "Parisian", "뉴욕", "Seoulful"])("%j is nowhere", (location) => {
    expect(findCity(location)).toBeUndefined();
  });

  it("lie near their city, once each", () => {
    for (const city of cities) {
      expect(city.places.length).toBeGreaterThanOrEqual(8);
      for (const place of city.places) expect(distanceKm(city, place)).toBeLessThan(60);
    }
    const names = cities.flatMap(({ places }) => places.map(({ en }) => en));
    expect(new Set(names).size).toBe(names.length);
  });

  it("are as far apart as maps say", () => {
    const [seoul, busan] = [findCity("Seoul"), findCity("Busan")];
    if (!seoul || !busan) throw new Error("cities are missing");
    expect(distanceKm(seoul, busan)).toBeCloseTo(325, -1);
  });
});
