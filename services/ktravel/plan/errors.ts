import type { CalleeFailures } from "#mesh/service/callee-failure.ts";
import {
  alreadyExists,
  denied,
  failedPrecondition,
  invalid,
  notFound,
  refusals,
  unavailable,
} from "#mesh/service/refusals.ts";

/** Every "no" of plan, besides what the run time answers for every service. */
export const refuse = refusals({
  PLAN_NOT_FOUND: notFound("ktravel.plan/Plan", "There is no plan {planId} that you may read."),
  NOT_OWNER: denied("Plan {planId} is another member's; only its owner may change it."),
  ALREADY_SHARED: failedPrecondition("Plan {planId} is shared already."),
  NOT_SHARED: failedPrecondition("Plan {planId} is not shared."),
  ALREADY_HEARTED: alreadyExists("ktravel.plan/Heart", "You gave plan {planId} a heart already."),
  NOT_HEARTED: notFound("ktravel.plan/Heart", "You gave plan {planId} no heart."),
  INVALID_DATE: invalid("plan.travel_date", "is no day of the calendar"),
  RECOMMENDATION_NOT_FOUND: notFound(
    "ktravel.plan/Recommendation",
    "You have no recommendation {recommendationId}; list yours to see what exists.",
  ),
  NO_HEARTED_PLANS: failedPrecondition("Give a plan a heart first: this recommendation is made from plans you like."),
  NO_TREND_DATA: failedPrecondition("Nobody who is followed shares a plan yet; ask for another type."),
  INSUFFICIENT_TOKENS: failedPrecondition("You have no token left; charge some and ask again."),
  MEMBER_UNAVAILABLE: unavailable(
    "Tokens cannot be reached, so nothing was recommended; a token that was spent comes back. Try again in a moment.",
  ),
  AI_UNAVAILABLE: unavailable("The generator of plans does not answer."),
  AI_INVALID_RESULT: failedPrecondition("The generator of plans made something that is no plan."),
});

/** What plan answers when member fails or refuses. */
export const memberFailures: CalleeFailures = {
  unavailable: refuse.MEMBER_UNAVAILABLE,
  refusals: {
    INSUFFICIENT_TOKENS: refuse.INSUFFICIENT_TOKENS,
    // The worker was faster and has asked for the token back.
    ALREADY_REFUNDED: refuse.MEMBER_UNAVAILABLE,
    // A token of a member who is gone is of no use.
    MEMBER_NOT_FOUND: refuse.INSUFFICIENT_TOKENS,
  },
};
