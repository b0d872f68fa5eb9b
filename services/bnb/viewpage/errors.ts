import { notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of viewpage, besides what the run time answers for every service. */
export const refuse = refusals({
  ROOM_VIEW_NOT_FOUND: notFound(
    "bnb.viewpage/RoomView",
    "There is no page of room {roomId}; a room's page arrives by an event a moment after the room, and goes with it.",
  ),
});
