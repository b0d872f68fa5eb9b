import { RecommendationType } from "#gen/proto/ktravel/plan/v1/plan.ts";
import type { Language, Wish } from "./generator.ts";
import type { Kind } from "./places.ts";
import type { Comfort, Cost } from "./planner-budget.ts";

/** What the planner says, in one language. */
export interface Phrases {
  title(wish: Wish, days: number): string;
  inspired(plans: number, type: RecommendationType): string;
  unknownCity(location: string): string;
  day(number: number, date: Date): string;
  /** @param index of the visit within the day @param fromKm from the visit before it */
  visit(index: number, place: string, kind: Kind, fromKm: number | undefined): string;
  readonly freeTime: string;
  readonly freeDay: readonly string[];
  comfort(comfort: Comfort): string;
  cost(cost: Cost, days: number): string;
  tight(budget: bigint): string;
  readonly largeGroup: string;
}

const kindsKo: Readonly<Record<Kind, string>> = {
  history: "역사",
  nature: "자연",
  beach: "바다",
  view: "전망",
  market: "시장",
  museum: "전시",
  street: "거리",
  park: "공원",
};

const kindsEn: Readonly<Record<Kind, string>> = {
  history: "history",
  nature: "nature",
  beach: "seaside",
  view: "view",
  market: "market",
  museum: "museum",
  street: "street life",
  park: "park",
};

const won = (amount: bigint) => amount.toLocaleString("en-US");
const way = (km: number) => (km < 1 ? `${Math.max(100, Math.round(km * 10) * 100)} m` : `${km.toFixed(1)} km`);

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const dayOf = (date: Date) => date.toISOString().slice(0, 10);

const korean: Phrases = {
  title: ({ location, groupSize }, days) => `${location} ${days === 1 ? "당일" : `${days}일`} 여행, ${groupSize}명`,
  inspired: (plans, type) =>
    type === RecommendationType.RECOMMENDATION_TYPE_TREND
      ? `요즘 인기 있는 계획 ${plans}개를 참고했습니다.`
      : `좋아하신 계획 ${plans}개를 참고했습니다.`,
  unknownCity: (location) => `${location}에 대해 아는 장소가 없어 일정의 틀만 제안합니다.`,
  day: (number, date) => `${number}일차, ${dayOf(date)} (${"일월화수목금토"[date.getUTCDay()]})`,
  visit: (index, place, kind, fromKm) =>
    `- ${["오전", "오후", "저녁"][index] ?? "이후"}: ${place} (${kindsKo[kind]}${fromKm === undefined ? "" : `, ${way(fromKm)} 이동`})`,
  freeTime: "- 남은 시간: 가까운 거리를 걷거나 쉬기",
  freeDay: ["- 오전: 구시가지 산책", "- 오후: 전통시장에서 점심, 박물관이나 공원", "- 저녁: 전망 좋은 곳"],
  comfort: (comfort) =>
    ({
      thrifty: "숙소는 게스트하우스, 이동은 대중교통으로 잡았습니다.",
      regular: "숙소는 일반 호텔, 이동은 대중교통으로 잡았습니다.",
      comfortable: "숙소는 고급 호텔, 이동은 택시로 잡았습니다.",
    })[comfort],
  cost: ({ perPerson, total }, days) =>
    `예상 경비: 1인 약 ${won(perPerson)}원, 모두 ${won(total)}원 (${days > 1 ? `숙박 ${days - 1}박, ` : ""}식사, 현지 교통, 입장료. 오가는 교통비는 제외).`,
  tight: (budget) => `예산 ${won(budget)}원으로는 빠듯합니다. 일정이나 숙소를 줄여 보세요.`,
  largeGroup: "인원이 많으니 식당과 숙소는 미리 예약하세요.",
};

const english: Phrases = {
  title: ({ location, groupSize }, days) =>
    `${location}, ${days === 1 ? "a day" : `${days} days`} for ${groupSize === 1 ? "one" : groupSize}`,
  inspired: (plans, type) =>
    type === RecommendationType.RECOMMENDATION_TYPE_TREND
      ? `After ${plans === 1 ? "a plan that is" : `${plans} plans that are`} popular now.`
      : `After ${plans === 1 ? "a plan" : `${plans} plans`} that you liked.`,
  unknownCity: (location) => `The planner knows no places in ${location}, so this is a frame to fill.`,
  day: (number, date) => `Day ${number}, ${dayOf(date)} (${weekdays[date.getUTCDay()]})`,
  visit: (index, place, kind, fromKm) =>
    `- ${["Morning", "Afternoon", "Evening"][index] ?? "Later"}: ${place} (${kindsEn[kind]}${fromKm === undefined ? "" : `, ${way(fromKm)} on`})`,
  freeTime: "- The rest of the day: a walk nearby, or a rest",
  freeDay: [
    "- Morning: a walk through the old town",
    "- Afternoon: lunch at a market, then a museum or a park",
    "- Evening: a place with a view",
  ],
  comfort: (comfort) =>
    ({
      thrifty: "Nights in a guest house, ways by public transport.",
      regular: "Nights in a regular hotel, ways by public transport.",
      comfortable: "Nights in a good hotel, ways by taxi.",
    })[comfort],
  cost: ({ perPerson, total }, days) =>
    `Expected cost: about ${won(perPerson)} won a person, ${won(total)} won in all (${days > 1 ? `${days - 1} ${days === 2 ? "night" : "nights"}, ` : ""}meals, local transport, entrances; not the way there and back).`,
  tight: (budget) => `A budget of ${won(budget)} won is tight for this; fewer days or simpler nights would help.`,
  largeGroup: "A group of this size should book tables and rooms ahead.",
};

export const phrases: Readonly<Record<Language, Phrases>> = { ko: korean, en: english };
