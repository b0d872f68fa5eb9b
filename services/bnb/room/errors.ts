import { denied, failedPrecondition, notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of room, besides what the run time answers for every service. */
export const refuse = refusals({
  ROOM_NOT_FOUND: notFound("bnb.room/Room", "There is no room {roomId}; list the rooms to see what exists."),
  ROOM_RESERVED: failedPrecondition(
    "Room {roomId} is reserved; it can be deleted, or get another price, when the reservation is cancelled.",
  ),
  REVIEW_NOT_FOUND: notFound("bnb.room/Review", "There is no review {reviewId}; list the reviews to see what exists."),
  NO_CONFIRMED_STAY: failedPrecondition(
    "Guest {guestId} has no confirmed stay in room {roomId}; a reservation is heard of a moment after it was made.",
  ),
  NOT_REVIEW_AUTHOR: denied("Review {reviewId} was written by somebody else; only its author may change it."),
});
