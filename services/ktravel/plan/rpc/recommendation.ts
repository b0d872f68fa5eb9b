import type { PlanServiceService, Recommendation as RecommendationMessage } from "#gen/proto/ktravel/plan/v1/plan.ts";
import { crashPoint } from "#mesh/service/crash-point.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageByUuid } from "#mesh/service/pagination.ts";
import { languageOf, refuseBadWish } from "../domain.ts";
import { refuse } from "../errors.ts";
import { handOver, noteSpent, openRecommendation, type SagaParts, spendToken } from "../recommending.ts";
import type { KeptRecommendation } from "../store.ts";

type Methods = "recommendPlan" | "getRecommendation" | "listRecommendations";

export function recommendationRpc(parts: SagaParts): Pick<Handlers<typeof PlanServiceService>, Methods> {
  const { database } = parts;
  return {
    async recommendPlan(request, call) {
      refuseBadWish(request, new Date());
      const { type, location, travelDate, budget, groupSize, details } = request;
      const wish = { type, location, travelDate, budget, groupSize, details, language: languageOf(request) };
      const opening = { memberId: call.subject, wish, key: call.idempotency };
      const opened = await database.transaction(call, ({ store }) => openRecommendation(store, opening));
      const { recommendationId } = opened;
      call.correlate(recommendationId);
      crashPoint("recommend/requested");
      await spendToken(opened, parts, call);
      crashPoint("recommend/spent");
      await database.transaction(call, ({ store }) => noteSpent(store, recommendationId));
      crashPoint("recommend/token-spent");
      const answer = await database.answer(call, async ({ store }) =>
        toMessage(await handOver(store, recommendationId)),
      );
      crashPoint("recommend/generating");
      parts.wakeGenerators();
      return answer;
    },

    async getRecommendation({ recommendationId }, call) {
      const found = await database.store.findRecommendation(recommendationId);
      if (found?.memberId !== call.subject) throw refuse.RECOMMENDATION_NOT_FOUND({ recommendationId });
      return toMessage(found);
    },

    async listRecommendations(request, call) {
      const memberId = call.subject;
      const { rows, nextPageToken } = await pageByUuid(
        request,
        { filter: ["recommendations", memberId] },
        (before, take) => database.store.pageRecommendations(memberId, { before, take }),
        ({ recommendationId }) => recommendationId,
      );
      return { recommendations: rows.map(toMessage), nextPageToken };
    },
  };
}

function toMessage(found: KeptRecommendation): RecommendationMessage {
  const { recommendationId, type, location, travelDate, budget, groupSize, details } = found;
  const { status, planId, failureReason, createTime, updateTime } = found;
  const wish = { type, location, travelDate, budget, groupSize, details };
  return { recommendationId, ...wish, status, planId, failureReason, createTime, updateTime };
}
