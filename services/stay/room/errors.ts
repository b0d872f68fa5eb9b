import { notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of room, besides what the run time answers for every service. */
export const refuse = refusals({
  ROOM_NOT_FOUND: notFound("stay.room/Room", "There is no room {roomId}; list the rooms to see what exists."),
});
