// Own plans: write, read, change, delete, share.
import { PlanCreated, PlanDeleted, PlanShared, PlanUnshared, PlanUpdated } from "#gen/proto/ktravel/plan/v1/events.ts";
import { PlanOrigin, type PlanServiceService } from "#gen/proto/ktravel/plan/v1/plan.ts";
import type { Call } from "#mesh/service/call.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageByUuid } from "#mesh/service/pagination.ts";
import { present } from "#mesh/service/present.ts";
import { maskedFields } from "#mesh/service/update-mask.ts";
import { demandOwn, demandReadable, type Plan, refuseBadDate } from "../domain.ts";
import { refuse } from "../errors.ts";
import type { SagaParts } from "../recommending.ts";
import type { PlanStore } from "../store.ts";

const planCreated = event("ktravel.plan.v1.PlanCreated", PlanCreated);
const planUpdated = event("ktravel.plan.v1.PlanUpdated", PlanUpdated);
const planDeleted = event("ktravel.plan.v1.PlanDeleted", PlanDeleted);
const planShared = event("ktravel.plan.v1.PlanShared", PlanShared);
const planUnshared = event("ktravel.plan.v1.PlanUnshared", PlanUnshared);

type Methods = "createPlan" | "getPlan" | "listPlans" | "updatePlan" | "deletePlan" | "sharePlan" | "unsharePlan";

const textFields = ["location", "travelDate", "budget", "groupSize", "details"] as const;

export function planRpc({ database }: Pick<SagaParts, "database">): Pick<Handlers<typeof PlanServiceService>, Methods> {
  return {
    async createPlan(request, call) {
      const { location, travelDate, budget, groupSize, details } = present(request.plan);
      refuseBadDate(travelDate);
      const text = { location, travelDate, budget, groupSize, details };
      const ownerId = call.subject;
      return database.answer(call, async ({ store, publish }) => {
        const origin = PlanOrigin.PLAN_ORIGIN_MANUAL;
        const { planId, version } = await store.insertPlan({ ...text, ownerId, origin, recommendationId: "" });
        call.correlate(planId);
        publish(planCreated, { planId, ownerId, origin, shared: false }, about({ planId, version }));
        return shown(store, planId, call);
      });
    },

    async getPlan({ planId }, call) {
      return demandReadable(await database.store.showPlan(planId, call.subject), planId, call.subject);
    },

    async listPlans(request, call) {
      const memberId = call.subject;
      const { rows, nextPageToken } = await pageByUuid(
        request,
        { filter: [memberId, request.origin] },
        (before, take) => database.store.pageOwn(memberId, request.origin, { before, take }),
        ({ pageKey }) => pageKey,
      );
      return { plans: rows.map(({ pageKey: _pageKey, ...plan }) => plan), nextPageToken };
    },

    async updatePlan(request, call) {
      const plan = present(request.plan);
      const changes = maskedFields(plan, request.updateMask, textFields);
      refuseBadDate(changes.travelDate);
      const { planId } = plan;
      call.correlate(planId);
      return database.transaction(call, async ({ store, publish }) => {
        demandOwn(await store.findPlanForUpdate(planId), planId, call.subject);
        const changed = await store.changePlan(planId, changes);
        publish(planUpdated, toEvent(changed), about(changed));
        return shown(store, planId, call);
      });
    },

    async deletePlan({ planId }, call) {
      call.correlate(planId);
      await database.transaction(call, async ({ store, publish }) => {
        const plan = demandOwn(await store.findPlanForUpdate(planId), planId, call.subject);
        await store.deletePlan(planId);
        publish(planDeleted, toEvent(plan), about({ planId, version: plan.version + 1n }));
      });
      return {};
    },

    async sharePlan({ planId }, call) {
      call.correlate(planId);
      return database.answer(call, async ({ store, publish }) => {
        const plan = demandOwn(await store.findPlanForUpdate(planId), planId, call.subject);
        if (plan.sharedTime) throw refuse.ALREADY_SHARED({ planId });
        const shared = await store.sharePlan(planId);
        publish(planShared, toEvent(shared), about(shared));
        return shown(store, planId, call);
      });
    },

    async unsharePlan({ planId }, call) {
      call.correlate(planId);
      return database.answer(call, async ({ store, publish }) => {
        const plan = demandOwn(await store.findPlanForUpdate(planId), planId, call.subject);
        if (!plan.sharedTime) throw refuse.NOT_SHARED({ planId });
        const hidden = await store.unsharePlan(planId);
        publish(planUnshared, toEvent(hidden), about(hidden));
        return shown(store, planId, call);
      });
    },
  };
}

/** A plan as the caller sees it, of which the transaction knows that it is there. */
export async function shown(store: PlanStore, planId: string, { subject }: Pick<Call, "subject">) {
  return present(await store.showPlan(planId, subject));
}

function toEvent({ planId, ownerId }: Plan) {
  return { planId, ownerId };
}

function about({ planId, version }: Pick<Plan, "planId" | "version">) {
  return { aggregateId: planId, aggregateVersion: version };
}
