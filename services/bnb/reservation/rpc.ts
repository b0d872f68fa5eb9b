import { CancelReason } from "#gen/proto/bnb/reservation/v1/events.ts";
import type {
  Reservation as ReservationMessage,
  ReservationServiceService,
} from "#gen/proto/bnb/reservation/v1/reservation.ts";
import { crashPoint } from "#mesh/service/crash-point.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageByUuid } from "#mesh/service/pagination.ts";
import { present } from "#mesh/service/present.ts";
import { requestCancel } from "./cancelling.ts";
import { type Reservation, refuseCancel } from "./domain.ts";
import { refuse } from "./errors.ts";
import { approvePayment, checkRoom, completeReservation, openReservation, type SagaParts } from "./reserving.ts";

export interface Parts extends SagaParts {
  /** Reservations that one guest may have. */
  readonly limit: number;
}

export function rpc({ limit, ...parts }: Parts): Handlers<typeof ReservationServiceService> {
  const { database } = parts;
  return {
    async createReservation(request, call) {
      const wish = present(request.reservation);
      const options = { limit, key: call.idempotency };
      const reservation = await database.transaction(call, ({ store }) => openReservation(store, wish, options));
      const { rsvId } = reservation;
      call.correlate(rsvId);
      crashPoint("create-reservation/opened");
      const amount = await checkRoom(reservation, parts, call);
      crashPoint("create-reservation/checked");
      const paid = await approvePayment(reservation, amount, parts, call);
      crashPoint("create-reservation/paid");
      const answer = await database.answer(call, async (tx) => toMessage(await completeReservation(tx, rsvId, paid)));
      crashPoint("create-reservation/confirmed");
      return answer;
    },

    async getReservation({ rsvId }) {
      const reservation = await database.store.find(rsvId);
      if (!reservation) throw refuse.RESERVATION_NOT_FOUND({ rsvId });
      return toMessage(reservation);
    },

    async listReservations(request) {
      const { rows, nextPageToken } = await pageByUuid(
        request,
        { filter: [request.guestId, request.roomId] },
        (before, size) => database.store.page(request, before, size),
        (reservation) => reservation.rsvId,
      );
      return { reservations: rows.map(toMessage), nextPageToken };
    },

    async cancelReservation({ rsvId }, call) {
      call.correlate(rsvId);
      const answer = await database.answer(call, async (tx) => {
        const found = await tx.store.findForUpdate(rsvId);
        if (!found) throw refuse.RESERVATION_NOT_FOUND({ rsvId });
        refuseCancel(found);
        return toMessage(await requestCancel(tx, found, CancelReason.CANCEL_REASON_GUEST));
      });
      crashPoint("cancel-reservation/requested");
      return answer;
    },
  };
}

function toMessage(reservation: Reservation): ReservationMessage {
  const { rsvId, roomId, guestId, price, status, payId, createTime, updateTime } = reservation;
  return { rsvId, roomId, guestId, price, status, payId, createTime, updateTime };
}
