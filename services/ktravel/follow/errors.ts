import { tokenRefusals } from "#mesh/service/authenticator.ts";
import type { CalleeFailures } from "#mesh/service/callee-failure.ts";
import { alreadyExists, invalid, notFound, refusals, unavailable } from "#mesh/service/refusals.ts";

/** Every "no" of follow, besides what the run time answers for every service. */
export const refuse = refusals({
  CANNOT_FOLLOW_SELF: invalid("followee_id", "is you; follow somebody else"),
  MEMBER_NOT_FOUND: notFound("ktravel.member/Member", "There is no member {memberId}."),
  ALREADY_FOLLOWING: alreadyExists("ktravel.follow/Follow", "You follow member {followeeId} already."),
  NOT_FOLLOWING: notFound("ktravel.follow/Follow", "You do not follow member {followeeId}."),
  MEMBER_UNAVAILABLE: unavailable("It cannot be said now whether there is such a member. Try again in a moment."),
});

/** What follow answers when member fails or refuses. */
export const memberFailures: CalleeFailures = {
  unavailable: refuse.MEMBER_UNAVAILABLE,
  refusals: {
    MEMBER_NOT_FOUND: refuse.MEMBER_NOT_FOUND,
    // The token passes here and may be over a moment later, there.
    TOKEN_EXPIRED: tokenRefusals.TOKEN_EXPIRED,
    TOKEN_INVALID: tokenRefusals.TOKEN_INVALID,
  },
};
