import { ReservationPlaced } from "#gen/proto/stay/reservation/v1/events.ts";
import type {
  Reservation as ReservationMessage,
  ReservationServiceService,
} from "#gen/proto/stay/reservation/v1/reservation.ts";
import { ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import { crashPoint } from "#mesh/service/crash-point.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { present } from "#mesh/service/present.ts";
import { completeCancel, requestCancel } from "./cancelling.ts";
import { refuse } from "./errors.ts";
import { completePayment, requestPayment, type SagaParts, settlePayment } from "./paying.ts";
import type { KeptReservation } from "./store.ts";

const reservationPlaced = event("stay.reservation.v1.ReservationPlaced", ReservationPlaced);

export function rpc(parts: SagaParts): Handlers<typeof ReservationServiceService> {
  const { database } = parts;
  return {
    async createReservation(request, call) {
      const wish = present(request.reservation);
      const { roomId } = wish;
      return database.answer(call, async (tx) => {
        const room = await tx.store.findRoom(roomId);
        if (!room) throw refuse.ROOM_NOT_FOUND({ roomId });
        const reservation = await tx.store.insert(wish, room.price);
        if (!reservation) throw refuse.ROOM_RESERVED({ roomId });
        const { reservationNumber, version } = reservation;
        call.correlate(reservationNumber);
        tx.publish(reservationPlaced, reservation, { aggregateId: reservationNumber, aggregateVersion: version });
        return toMessage(reservation);
      });
    },

    async getReservation({ reservationNumber }) {
      const reservation = await database.store.find(reservationNumber);
      if (!reservation) throw refuse.RESERVATION_NOT_FOUND({ reservationNumber });
      return toMessage(reservation);
    },

    async listReservations(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.customerId] },
        (before, size) => database.store.page(request.customerId, before, size),
        (reservation) => reservation.reservationNumber,
      );
      return { reservations: rows.map(toMessage), nextPageToken };
    },

    async payReservation({ reservationNumber, requestId }, call) {
      call.correlate(reservationNumber);
      const asked = await database.transaction(call, ({ store }) =>
        requestPayment(store, reservationNumber, requestId),
      );
      crashPoint("pay-reservation/requested");
      const isPaid = asked.reserveStatus === ReserveStatus.RESERVE_STATUS_PAYMENT_COMPLETED; // The worker was faster.
      const payment = isPaid ? undefined : await completePayment(asked, parts, call);
      crashPoint("pay-reservation/asked");
      const answer = await database.answer(call, async ({ store }) =>
        toMessage(payment ? await settlePayment(store, reservationNumber, payment) : asked),
      );
      crashPoint("pay-reservation/completed");
      return answer;
    },

    async cancelReservation({ reservationNumber, requestId }, call) {
      call.correlate(reservationNumber);
      const asked = await database.transaction(call, ({ store }) => requestCancel(store, reservationNumber, requestId));
      crashPoint("cancel-reservation/requested");
      if (asked.reserveStatus !== ReserveStatus.RESERVE_STATUS_CANCELLED) {
        await parts.payment.cancelPayment({ reservationNumber }, call);
      }
      crashPoint("cancel-reservation/asked");
      const answer = await database.answer(call, async (tx) =>
        toMessage(await completeCancel(tx, reservationNumber, requestId)),
      );
      crashPoint("cancel-reservation/completed");
      return answer;
    },
  };
}

function toMessage(reservation: KeptReservation): ReservationMessage {
  const { version: _version, payRequestId: _pay, cancelRequestId: _cancel, ...message } = reservation;
  return message;
}
