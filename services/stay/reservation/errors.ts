import type { CalleeFailures } from "#mesh/service/callee-failure.ts";
import { failedPrecondition, notFound, refusals, unavailable } from "#mesh/service/refusals.ts";

/** Every "no" of reservation, besides what the run time answers for every service. */
export const refuse = refusals({
  RESERVATION_NOT_FOUND: notFound(
    "stay.reservation/Reservation",
    "There is no reservation {reservationNumber}; list the reservations to see what exists.",
  ),
  ROOM_NOT_FOUND: notFound("stay.room/Room", "There is no room {roomId}; list the rooms to see what exists."),
  ROOM_RESERVED: failedPrecondition("Room {roomId} is reserved; choose another."),
  ALREADY_PAID: failedPrecondition("Reservation {reservationNumber} is paid already."),
  RESERVATION_CANCELLED: failedPrecondition("Reservation {reservationNumber} is cancelled; reserve anew."),
  PAYMENT_DECLINED: failedPrecondition(
    "The payment of reservation {reservationNumber} was declined; it may be tried again.",
  ),
  PAYMENT_IN_PROGRESS: failedPrecondition(
    "Reservation {reservationNumber} is being paid; cancel it once that is over.",
    { retryAfterMs: 3000 },
  ),
  PAYMENT_UNAVAILABLE: unavailable("Payment does not answer. What was asked for is finished as soon as it does."),
});

/** What reservation answers when payment fails or refuses. */
export const paymentFailures: CalleeFailures = {
  unavailable: refuse.PAYMENT_UNAVAILABLE,
  refusals: { PAYMENT_DECLINED: refuse.PAYMENT_DECLINED, PAYMENT_CANCELLED: refuse.RESERVATION_CANCELLED },
};
