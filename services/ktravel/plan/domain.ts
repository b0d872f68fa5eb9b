import {
  type Plan as PlanMessage,
  PlanOrigin,
  RecommendationStatus,
  RecommendationType,
} from "#gen/proto/ktravel/plan/v1/plan.ts";
import { type FieldViolation, invalidRequest } from "#mesh/service/errors.ts";
import { refuse } from "./errors.ts";
import type { Draft, Language, Wish } from "./generator.ts";

/** What a plan says. */
export type PlanText = Pick<PlanMessage, "location" | "travelDate" | "budget" | "groupSize" | "details">;

/** A plan, and who may read it. */
export interface Plan extends PlanText {
  readonly planId: string;
  readonly ownerId: string;
  readonly origin: PlanOrigin;
  /** Absent: only the owner may read it. */
  readonly sharedTime: Date | undefined;
  /** Empty for a plan of origin MANUAL. */
  readonly recommendationId: string;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

type Ownership = Pick<Plan, "planId" | "ownerId" | "sharedTime">;

/** Whether a member may read a plan: an own one, or one that is shared. */
export function isReadable({ ownerId, sharedTime }: Pick<Plan, "ownerId" | "sharedTime">, memberId: string): boolean {
  return ownerId === memberId || sharedTime !== undefined;
}

/** The plan, if the member may read it; another's private plan is refused as one that does not exist. */
export function demandReadable<P extends Ownership>(plan: P | undefined, planId: string, memberId: string): P {
  if (!plan || !isReadable(plan, memberId)) throw refuse.PLAN_NOT_FOUND({ planId });
  return plan;
}

/** The plan, if it is the member's own. */
export function demandOwn<P extends Ownership>(plan: P | undefined, planId: string, memberId: string): P {
  const readable = demandReadable(plan, planId, memberId);
  if (readable.ownerId !== memberId) throw refuse.NOT_OWNER({ planId });
  return readable;
}

/** Refuses a date that no calendar has, such as the 30th of February. Empty is open. */
export function refuseBadDate(travelDate: string | undefined): void {
  if (travelDate && !isDay(travelDate)) throw refuse.INVALID_DATE();
}

/** What RecommendPlan asks for, as far as the rules are concerned. */
export type Asked = Omit<Wish, "language"> & { readonly language: string };

/** Refuses what the contract cannot say: days that do not exist or are over, and a budget where one is needed. */
export function refuseBadWish({ type, travelDate, budget }: Asked, now: Date): void {
  const violations: FieldViolation[] = [];
  if (!isDay(travelDate)) {
    violations.push({ field: "travel_date", reason: "INVALID_DATE", description: "is no day of the calendar" });
  } else if (travelDate < dayOf(now)) {
    violations.push({ field: "travel_date", reason: "DATE_IN_PAST", description: "is over" });
  }
  if (budget === 0n && type !== RecommendationType.RECOMMENDATION_TYPE_TREND) {
    violations.push({ field: "budget", reason: "REQUIRED", description: "is required for this type" });
  }
  if (violations.length > 0) throw invalidRequest(violations);
}

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** The day it is at the last place where it still is: what is over there is over everywhere (UTC-12). */
function dayOf(now: Date): string {
  return new Date(now.getTime() - 12 * 3_600_000).toISOString().slice(0, 10);
}

/** The language asked for, or else the one in which the location is written. */
export function languageOf({ language, location }: Pick<Asked, "language" | "location">): Language {
  if (language === "ko" || language === "en") return language;
  return /\p{Script=Hangul}/u.test(location) ? "ko" : "en";
}

const defaultDays = 2;
const maxDays = 7;

/** How many days the trip takes, as the details say it: "3 days", "2박 3일", "3일", "당일"; two when they do not, seven at most. */
export function dayCount(details: string): number {
  if (details.includes("당일")) return 1;
  const [, nights] = /(?<!\d)(\d{1,2})\s*박/u.exec(details) ?? [];
  const [, korean] = /(?<!\d)(?<!월\s?)(\d{1,2})\s*일(?!차)/u.exec(details) ?? [];
  const [, english] = /(?<!\d)(\d{1,2})[\s-]*days?\b/i.exec(details) ?? [];
  const days = nights === undefined ? Number(korean ?? english ?? defaultDays) : Number(nights) + 1;
  return Math.min(Math.max(days, 1), maxDays);
}

/** A recommendation. */
export interface Recommendation extends Wish {
  readonly recommendationId: string;
  readonly memberId: string;
  readonly status: RecommendationStatus;
  /** Empty until it is COMPLETED. */
  readonly planId: string;
  /** Empty unless it came to nothing. */
  readonly failureReason: string;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

const { RECOMMENDATION_STATUS_REQUESTED: REQUESTED, RECOMMENDATION_STATUS_TOKEN_SPENT: TOKEN_SPENT } =
  RecommendationStatus;
const { RECOMMENDATION_STATUS_GENERATING: GENERATING, RECOMMENDATION_STATUS_COMPLETED: COMPLETED } =
  RecommendationStatus;
const { RECOMMENDATION_STATUS_REFUNDING: REFUNDING, RECOMMENDATION_STATUS_FAILED: FAILED } = RecommendationStatus;
const { RECOMMENDATION_STATUS_REJECTED: REJECTED } = RecommendationStatus;

/** What moves a recommendation on. */
export type Trigger =
  | "tokenSpent"
  | "noToken"
  | "spendUnknown"
  | "picked"
  | "generated"
  | "generationFailed"
  | "refunded";

const transitions: Record<Trigger, Partial<Record<RecommendationStatus, RecommendationStatus>>> = {
  tokenSpent: { [REQUESTED]: TOKEN_SPENT },
  noToken: { [REQUESTED]: REJECTED },
  spendUnknown: { [REQUESTED]: REFUNDING },
  picked: { [TOKEN_SPENT]: GENERATING },
  generated: { [GENERATING]: COMPLETED },
  generationFailed: { [GENERATING]: REFUNDING },
  refunded: { [REFUNDING]: FAILED },
};

/** The state after a trigger; undefined when it means nothing to a recommendation in this state. */
export function after(status: RecommendationStatus, trigger: Trigger): RecommendationStatus | undefined {
  return transitions[trigger][status];
}

const origins = {
  [RecommendationType.RECOMMENDATION_TYPE_PERSONALIZED]: PlanOrigin.PLAN_ORIGIN_PERSONALIZED,
  [RecommendationType.RECOMMENDATION_TYPE_TREND]: PlanOrigin.PLAN_ORIGIN_TREND,
  [RecommendationType.RECOMMENDATION_TYPE_TASTE]: PlanOrigin.PLAN_ORIGIN_TASTE,
} as const;

/** The origin of a plan that was recommended. */
export function originOf(type: RecommendationType): PlanOrigin {
  const origin = origins[type as keyof typeof origins];
  if (origin === undefined) throw new Error(`a recommendation of type ${type} was stored`);
  return origin;
}

/**
 * Refuses what a generator made if it is no plan for this wish: a field is missing or too long, the date or the group is another, or it
 * costs more than the member may spend.
 */
export function refuseBadDraft(draft: Draft, wish: Wish): void {
  const isText = (text: string, max: number) => text.trim() !== "" && [...text].length <= max && !text.includes("\0");
  const isWhole = isText(draft.location, 100) && isText(draft.details, 4000) && draft.budget > 0n;
  const isAsked = draft.travelDate === wish.travelDate && draft.groupSize === wish.groupSize;
  const isPayable = wish.budget === 0n || draft.budget <= wish.budget;
  if (!isWhole || !isAsked || !isPayable) throw refuse.AI_INVALID_RESULT();
}
