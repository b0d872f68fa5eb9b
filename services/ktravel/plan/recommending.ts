// The recommendation saga: store what was asked for (REQUESTED), spend a token (TOKEN_SPENT), hand over to a worker (GENERATING), who
// makes the plan (COMPLETED), or gives the token back (REFUNDING, FAILED). Each step is one transaction; recovery.ts finishes what was
// left between two of them.
import type { TokenServiceService } from "#gen/proto/ktravel/member/v1/token.ts";
import { PlanCreated, PlanRecommended, RecommendationFailed } from "#gen/proto/ktravel/plan/v1/events.ts";
import { RecommendationStatus, RecommendationType } from "#gen/proto/ktravel/plan/v1/plan.ts";
import { requestIdReused } from "#mesh/service/answers.ts";
import type { Context, IdempotencyKey } from "#mesh/service/call.ts";
import type { Client } from "#mesh/service/client.ts";
import { crashPoint } from "#mesh/service/crash-point.ts";
import type { Database } from "#mesh/service/database.ts";
import { isRefusal } from "#mesh/service/errors.ts";
import { event } from "#mesh/service/event.ts";
import { present } from "#mesh/service/present.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { after, originOf } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { Draft, Generator, Wish } from "./generator.ts";
import type { KeptRecommendation, PlanStore } from "./store.ts";

const planCreated = event("ktravel.plan.v1.PlanCreated", PlanCreated);
const planRecommended = event("ktravel.plan.v1.PlanRecommended", PlanRecommended);
const recommendationFailed = event("ktravel.plan.v1.RecommendationFailed", RecommendationFailed);

/** What the saga works with. */
export interface SagaParts {
  readonly database: Database<PlanStore>;
  readonly token: Pick<Client<typeof TokenServiceService>, "spendToken" | "refundToken">;
  readonly generator: Generator;
  /** Tells this process's workers that there is something to generate. */
  readonly wakeGenerators: () => void;
}

const examplePlans = 20;
const trendingMembers = 10;

/** What the plan is to be like, as far as this member may read it; nothing for PERSONALIZED. */
export function findExamples(store: PlanStore, memberId: string, { type, location }: Wish): Promise<string[]> {
  if (type === RecommendationType.RECOMMENDATION_TYPE_TREND) {
    return store.trends(location, { members: trendingMembers, take: examplePlans });
  }
  if (type === RecommendationType.RECOMMENDATION_TYPE_TASTE) return store.tasteOf(memberId, examplePlans);
  return Promise.resolve([]);
}

/** Step 1: stores what was asked for. The repeat of a request goes on with what the first one stored. */
export async function openRecommendation(
  store: PlanStore,
  { memberId, wish, key }: { memberId: string; wish: Wish; key: IdempotencyKey | undefined },
): Promise<KeptRecommendation> {
  if (key) {
    await store.lock(`request ${memberId} ${key.requestId}`);
    const begun = await store.findByRequest(memberId, key.requestId);
    if (begun && !key.fingerprint.equals(begun.requestHash)) throw requestIdReused();
    if (begun) return begun;
  }
  const examples = await findExamples(store, memberId, wish);
  if (examples.length === 0) {
    if (wish.type === RecommendationType.RECOMMENDATION_TYPE_TREND) throw refuse.NO_TREND_DATA();
    if (wish.type === RecommendationType.RECOMMENDATION_TYPE_TASTE) throw refuse.NO_HEARTED_PLANS();
  }
  return store.insertRecommendation(memberId, wish, key);
}

/** Step 2: spends a token. A "no", or no answer, ends the recommendation. The repeat of a request may find it done. */
export async function spendToken(
  { recommendationId, memberId, status }: KeptRecommendation,
  { database, token }: SagaParts,
  context: Context,
): Promise<void> {
  if (status !== RecommendationStatus.RECOMMENDATION_STATUS_REQUESTED) return;
  try {
    await token.spendToken({ memberId, amount: 1n, refId: recommendationId }, context);
  } catch (error) {
    const trigger = isRefusal(error, "INSUFFICIENT_TOKENS") ? "noToken" : "spendUnknown";
    await database.transaction(context, ({ store }) => giveUp(store, recommendationId, trigger));
    throw error;
  }
}

/** Step 3: the token is spent. */
export async function noteSpent(store: PlanStore, recommendationId: string): Promise<KeptRecommendation> {
  const found = present(await store.findRecommendationForUpdate(recommendationId));
  const to = after(found.status, "tokenSpent");
  if (to !== undefined) return store.moveRecommendation(recommendationId, to);
  if (found.failureReason === "") return found; // A repeat of the request was faster.
  throw refuse.MEMBER_UNAVAILABLE({ recommendationId }); // A worker was: the token is on its way back.
}

/** Step 4: hands it over to whichever worker comes first. */
export async function handOver(store: PlanStore, recommendationId: string): Promise<KeptRecommendation> {
  const found = present(await store.findRecommendationForUpdate(recommendationId));
  const to = after(found.status, "picked");
  return to === undefined ? found : store.moveRecommendation(recommendationId, to, { stepTime: new Date(0) });
}

/** Step 5: the plan is there. Nothing happens when another worker was faster. */
export async function completeRecommendation(
  { store, publish }: Transaction<PlanStore>,
  recommendationId: string,
  draft: Draft,
): Promise<void> {
  const found = present(await store.findRecommendationForUpdate(recommendationId));
  const to = after(found.status, "generated");
  if (to === undefined) return;
  const { memberId } = found;
  const origin = originOf(found.type);
  const { planId, version } = await store.insertPlan({ ...draft, ownerId: memberId, origin, recommendationId });
  const done = await store.moveRecommendation(recommendationId, to, { planId });
  const created = { planId, ownerId: memberId, origin, shared: false };
  publish(planCreated, created, {
    aggregateId: planId,
    aggregateVersion: version,
    correlationId: recommendationId,
  });
  const recommended = { recommendationId, memberId, planId };
  publish(planRecommended, recommended, { aggregateId: recommendationId, aggregateVersion: done.version });
}

/** Instead of step 5: the token is to come back. */
export async function failGeneration(store: PlanStore, recommendationId: string, reason: string): Promise<void> {
  const found = present(await store.findRecommendationForUpdate(recommendationId));
  const to = after(found.status, "generationFailed");
  if (to !== undefined) await store.moveRecommendation(recommendationId, to, { failureReason: reason });
}

/** Gives the token back, if it was spent, and tells it. It is REFUNDING until member has answered. */
export async function refund(
  recommendationId: string,
  { database, token }: SagaParts,
  context: Context,
): Promise<void> {
  const found = present(await database.store.findRecommendation(recommendationId));
  if (after(found.status, "refunded") === undefined) return;
  const { memberId } = found;
  await token.refundToken({ memberId, refId: recommendationId }, context);
  crashPoint("recommend/refund-asked");
  await database.transaction(context, async ({ store, publish }) => {
    const { status, failureReason: reason } = present(await store.findRecommendationForUpdate(recommendationId));
    const to = after(status, "refunded");
    if (to === undefined) return; // Another worker was faster.
    const { version } = await store.moveRecommendation(recommendationId, to);
    const failed = { recommendationId, memberId, reason };
    publish(recommendationFailed, failed, { aggregateId: recommendationId, aggregateVersion: version });
  });
}

/** Ends a recommendation whose token was refused, or may have been spent; the request may be tried again. */
export async function giveUp(
  store: PlanStore,
  recommendationId: string,
  trigger: "noToken" | "spendUnknown",
): Promise<void> {
  const found = present(await store.findRecommendationForUpdate(recommendationId));
  const to = after(found.status, trigger);
  if (to === undefined) return;
  const failureReason = trigger === "noToken" ? "INSUFFICIENT_TOKENS" : "MEMBER_UNAVAILABLE";
  await store.moveRecommendation(recommendationId, to, { failureReason, requestId: null, requestHash: null });
}
