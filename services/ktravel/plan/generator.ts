import type { RecommendationType } from "#gen/proto/ktravel/plan/v1/plan.ts";
import type { Context } from "#mesh/service/call.ts";

export type Language = "ko" | "en";

/** What a member wishes for. */
export interface Wish {
  readonly type: RecommendationType;
  readonly location: string;
  /** YYYY-MM-DD */
  readonly travelDate: string;
  /** Won for the whole group; 0n is open. */
  readonly budget: bigint;
  readonly groupSize: number;
  readonly details: string;
  readonly language: Language;
}

/** What a generator makes of it. All five are filled. */
export interface Draft {
  readonly location: string;
  readonly travelDate: string;
  readonly budget: bigint;
  readonly groupSize: number;
  readonly details: string;
}

/** Where plans come from: the planner of planner.ts, or an AI behind ai-generator.ts. */
export interface Generator {
  /**
   * @param examples details of plans that the member may read: shared ones that are popular (TREND), or hearted ones (TASTE)
   * @throws ServiceError AI_UNAVAILABLE or AI_INVALID_RESULT
   */
  generate(wish: Wish, examples: readonly string[], context: Context): Promise<Draft>;
}
