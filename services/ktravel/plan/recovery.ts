import { RecommendationStatus } from "#gen/proto/ktravel/plan/v1/plan.ts";
import type { Context } from "#mesh/service/call.ts";
import { crashPoint } from "#mesh/service/crash-point.ts";
import { ServiceError } from "#mesh/service/errors.ts";
import { recovery } from "#mesh/service/recovery.ts";
import type { WakeUp } from "#mesh/service/wake-up.ts";
import { refuseBadDraft } from "./domain.ts";
import type { Draft } from "./generator.ts";
import {
  completeRecommendation,
  failGeneration,
  findExamples,
  giveUp,
  handOver,
  refund,
  type SagaParts,
} from "./recommending.ts";
import type { KeptRecommendation } from "./store.ts";

export interface GenerationOptions {
  /** Rung when there is something to generate. */
  readonly bell: WakeUp;
  /** How long a recommendation belongs to the worker that took it; longer than the generator may take. Milliseconds */
  readonly leaseMs: number;
}

/** Makes the plans that members wait for. */
export function generatePlans(parts: SagaParts, { bell, leaseMs }: GenerationOptions) {
  const step = async (context: Context & { olderThan: Date }) => {
    const { olderThan } = context;
    const found = await parts.database.transaction(context, ({ store }) => store.claimGeneration(olderThan));
    if (!found) return false;
    context.correlate(found.recommendationId);
    await generate(found, parts, context);
    return true;
  };
  return recovery("generate-plans", step, { bell, olderThanMs: leaseMs });
}

async function generate(wish: KeptRecommendation, parts: SagaParts, context: Context): Promise<void> {
  const { recommendationId } = wish;
  const examples = await findExamples(parts.database.store, wish.memberId, wish);
  const result = await draftOrReason(wish, examples, parts, context);
  crashPoint("recommend/generated");
  if (typeof result === "string") {
    context.log.warn({ reason: result }, "no plan was generated");
    await parts.database.transaction(context, ({ store }) => failGeneration(store, recommendationId, result));
    crashPoint("recommend/refunding");
    return refund(recommendationId, parts, context);
  }
  await parts.database.transaction(context, (tx) => completeRecommendation(tx, recommendationId, result));
  crashPoint("recommend/completed");
}

/** The plan, or why there is none. What a generator throws may hold what it was sent, so only the kind of an unknown error is logged. */
async function draftOrReason(
  wish: KeptRecommendation,
  examples: readonly string[],
  { generator }: SagaParts,
  context: Context,
): Promise<Draft | string> {
  try {
    const draft = await generator.generate(wish, examples, context);
    refuseBadDraft(draft, wish);
    return draft;
  } catch (error) {
    if (error instanceof ServiceError) return error.reason;
    context.log.error({ kind: error instanceof Error ? error.name : typeof error }, "the generator is broken");
    return "AI_INVALID_RESULT";
  }
}

/** Since when a token that is not back is worth an alert. */
const refundAlertMs = 5 * 60_000;

/** Finishes recommendations that were left between two steps, and refunds that member did not answer. */
export function finishRecommendations(parts: SagaParts) {
  const step = async (context: Context & { olderThan: Date }) => {
    const { olderThan } = context;
    const found = await parts.database.transaction(context, ({ store }) => store.claimUnfinished(olderThan));
    if (!found) return false;
    const { recommendationId, status, updateTime } = found;
    context.correlate(recommendationId);
    context.log.info({ recommendationId, status }, "finishing a recommendation");
    if (status === RecommendationStatus.RECOMMENDATION_STATUS_TOKEN_SPENT) {
      await parts.database.transaction(context, ({ store }) => handOver(store, recommendationId));
      parts.wakeGenerators();
      return true;
    }
    if (status === RecommendationStatus.RECOMMENDATION_STATUS_REQUESTED) {
      await parts.database.transaction(context, ({ store }) => giveUp(store, recommendationId, "spendUnknown"));
    } else if (Date.now() - updateTime.getTime() > refundAlertMs) {
      context.log.warn({ recommendationId, since: updateTime }, "a token is not back yet");
    }
    await refund(recommendationId, parts, context);
    return true;
  };
  return recovery("finish-recommendations", step);
}
