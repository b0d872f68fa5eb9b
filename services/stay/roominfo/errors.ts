import { notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of roominfo, besides what the run time answers for every service. */
export const refuse = refusals({
  ROOM_INFO_NOT_FOUND: notFound(
    "stay.roominfo/RoomInfo",
    "There is no page of reservation {reservationNumber}; it appears a moment after the reservation.",
  ),
});
