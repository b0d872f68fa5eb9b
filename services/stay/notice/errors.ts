import { notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of notice, besides what the run time answers for every service. */
export const refuse = refusals({
  NOTICE_NOT_FOUND: notFound(
    "stay.notice/Notice",
    "There is no notice {noticeId}; list the notices to see what exists.",
  ),
});
