// The board of shared plans, and hearts.
import type { PlanServiceService } from "#gen/proto/ktravel/plan/v1/plan.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageByUuid } from "#mesh/service/pagination.ts";
import { demandReadable } from "../domain.ts";
import { refuse } from "../errors.ts";
import type { SagaParts } from "../recommending.ts";
import { shown } from "./plan.ts";

type Methods = "listSharedPlans" | "heartPlan" | "unheartPlan" | "listHeartedPlans";

export function boardRpc({
  database,
}: Pick<SagaParts, "database">): Pick<Handlers<typeof PlanServiceService>, Methods> {
  return {
    async listSharedPlans(request, call) {
      const { rows, nextPageToken } = await pageByUuid(
        request,
        { filter: [request.location, request.ownerId] },
        (before, take) => database.store.pageBoard(call.subject, request, { before, take }),
        ({ pageKey }) => pageKey,
      );
      return { plans: rows.map(({ pageKey: _pageKey, ...plan }) => plan), nextPageToken };
    },

    // No answer of these two is kept for a repeat: it holds the plan, which may be hidden meanwhile.
    async heartPlan({ planId }, call) {
      call.correlate(planId);
      return database.transaction(call, async ({ store }) => {
        demandReadable(await store.findPlanForUpdate(planId), planId, call.subject);
        if (!(await store.addHeart(planId, call.subject))) throw refuse.ALREADY_HEARTED({ planId });
        return shown(store, planId, call);
      });
    },

    async unheartPlan({ planId }, call) {
      call.correlate(planId);
      return database.transaction(call, async ({ store }) => {
        demandReadable(await store.findPlanForUpdate(planId), planId, call.subject);
        if (!(await store.removeHeart(planId, call.subject))) throw refuse.NOT_HEARTED({ planId });
        return shown(store, planId, call);
      });
    },

    async listHeartedPlans(request, call) {
      const memberId = call.subject;
      const { rows, nextPageToken } = await pageByUuid(
        request,
        { filter: ["hearted", memberId] },
        (before, take) => database.store.pageHearted(memberId, { before, take }),
        ({ pageKey }) => pageKey,
      );
      return { plans: rows.map(({ pageKey: _pageKey, ...plan }) => plan), nextPageToken };
    },
  };
}
