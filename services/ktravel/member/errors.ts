import type { CalleeFailures } from "#mesh/service/callee-failure.ts";
import {
  alreadyExists,
  denied,
  failedPrecondition,
  invalid,
  notFound,
  refusals,
  unauthenticated,
  unavailable,
} from "#mesh/service/refusals.ts";

/** Every "no" of member, besides what the run time answers for every service. */
export const refuse = refusals({
  UNSUPPORTED_PROVIDER: invalid("provider", "Nobody logs in there; use google or naver."),
  REDIRECT_URI_NOT_ALLOWED: invalid(
    "redirect_uri",
    "Browsers are not sent there; use one of the allowed redirect URIs.",
  ),
  STATE_MISMATCH: unauthenticated("This login is not known, is used up, or took longer than ten minutes; start again."),
  CODE_REJECTED: unauthenticated("The provider does not vouch for this login; start again."),
  PROVIDER_UNAVAILABLE: unavailable("The provider does not answer; start the login again in a moment."),
  REFRESH_TOKEN_INVALID: unauthenticated("The session has ended; log in again."),
  INVALID_ID: invalid("member_id", "must be a UUID or me"),
  MEMBER_NOT_FOUND: notFound("ktravel.member/Member", "There is no member {memberId}."),
  NOT_OWNER: denied("Members change only themselves."),
  NICKNAME_TAKEN: alreadyExists("ktravel.member/Member", "The nickname {nickname} is somebody else's; choose another."),
  PAYMENT_DECLINED: failedPrecondition("The payment was declined; nothing was charged."),
  PAYMENT_PROVIDER_UNAVAILABLE: unavailable("The payment provider does not answer. Repeat with the same request_id."),
  INSUFFICIENT_TOKENS: failedPrecondition("Member {memberId} has too few tokens; charge some."),
  ALREADY_REFUNDED: failedPrecondition(
    "What {refId} stands for was given back already, so nothing more is spent on it.",
  ),
  REF_ID_REUSED: invalid("ref_id", "stands for something of another member"),
});

/** What member answers when a provider of logins fails. */
export const providerFailures: CalleeFailures = { unavailable: refuse.PROVIDER_UNAVAILABLE };

/** What member answers when the payment provider fails. */
export const paymentFailures: CalleeFailures = { unavailable: refuse.PAYMENT_PROVIDER_UNAVAILABLE };
