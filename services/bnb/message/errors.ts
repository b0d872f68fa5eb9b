import { notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of message, besides what the run time answers for every service. */
export const refuse = refusals({
  MESSAGE_NOT_FOUND: notFound(
    "bnb.message/Message",
    "There is no message {msgId}; list the messages to see what exists.",
  ),
});
