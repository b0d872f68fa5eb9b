import type { PlanServiceService } from "#gen/proto/ktravel/plan/v1/plan.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import type { SagaParts } from "./recommending.ts";
import { boardRpc } from "./rpc/board.ts";
import { planRpc } from "./rpc/plan.ts";
import { recommendationRpc } from "./rpc/recommendation.ts";

export function rpc(parts: SagaParts): Handlers<typeof PlanServiceService> {
  return { ...planRpc(parts), ...boardRpc(parts), ...recommendationRpc(parts) };
}
