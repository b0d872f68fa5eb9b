import type { CalleeFailures } from "#mesh/service/callee-failure.ts";
import { exhausted, failedPrecondition, notFound, refusals, unavailable } from "#mesh/service/refusals.ts";

/** Every "no" of reservation, besides what the run time answers for every service. */
export const refuse = refusals({
  RESERVATION_NOT_FOUND: notFound(
    "bnb.reservation/Reservation",
    "There is no reservation {rsvId}; list the reservations to see what exists.",
  ),
  ROOM_NOT_FOUND: notFound("bnb.room/Room", "There is no room {roomId}; list the rooms to see what exists."),
  ROOM_NOT_AVAILABLE: failedPrecondition("Room {roomId} is reserved; choose another, or wait until it is free again."),
  ROOM_NOT_PRICED: failedPrecondition("Room {roomId} has no price yet, so it cannot be reserved."),
  MAX_RESERVATIONS_PER_PERSON: exhausted(
    "Guest {guestId} has {limit} reservations already, and more are not allowed; cancel one first.",
  ),
  PAYMENT_DECLINED: failedPrecondition("The payment was declined, so room {roomId} was not reserved."),
  RESERVATION_NOT_CONFIRMED: failedPrecondition("Reservation {rsvId} does not stand, so there is nothing to cancel."),
  ALREADY_CANCELLED: failedPrecondition("Reservation {rsvId} is cancelled already."),
  ROOM_UNAVAILABLE: unavailable("The rooms cannot be looked up, so nothing was reserved. Try again in a moment."),
  PAYMENT_UNAVAILABLE: unavailable(
    "Payment does not answer, so nothing was reserved; whatever was paid is paid back. Try again in a moment.",
  ),
});

/** What reservation answers when room fails or refuses. */
export const roomFailures: CalleeFailures = {
  unavailable: refuse.ROOM_UNAVAILABLE,
  refusals: { ROOM_NOT_FOUND: refuse.ROOM_NOT_FOUND },
};

/** What reservation answers when payment fails or refuses. A payment that was cancelled belongs to a reservation that was given up. */
export const paymentFailures: CalleeFailures = {
  unavailable: refuse.PAYMENT_UNAVAILABLE,
  refusals: { PAYMENT_DECLINED: refuse.PAYMENT_DECLINED, PAYMENT_CANCELLED: refuse.PAYMENT_UNAVAILABLE },
};
