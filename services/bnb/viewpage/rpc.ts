import { PaymentStatus } from "#gen/proto/bnb/payment/v1/payment.ts";
import { ReservationStatus } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import type { RoomView, RoomViewServiceService } from "#gen/proto/bnb/viewpage/v1/viewpage.ts";
import type { Database } from "#mesh/service/database.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageByUuid } from "#mesh/service/pagination.ts";
import { refuse } from "./errors.ts";
import type { RoomPage, ViewStore } from "./store.ts";

export interface Parts {
  readonly database: Database<ViewStore>;
}

export function rpc({ database }: Parts): Handlers<typeof RoomViewServiceService> {
  return {
    async getRoomView({ roomId }) {
      const page = await database.store.find(roomId);
      if (!page) throw refuse.ROOM_VIEW_NOT_FOUND({ roomId });
      return toMessage(page);
    },

    async listRoomViews(request) {
      const { rows, nextPageToken } = await pageByUuid(
        request,
        { filter: [request.roomStatus] },
        (before, size) => database.store.page(request.roomStatus, before, size),
        ({ room }) => room.roomId,
      );
      return { roomViews: rows.map(toMessage), nextPageToken };
    },
  };
}

function toMessage({ room, stay }: RoomPage): RoomView {
  const { roomId, desc, price, status: roomStatus, reviewCnt, lastReview } = room;
  return {
    ...{ roomId, desc, price, roomStatus, reviewCnt, lastReview },
    rsvId: stay?.rsvId ?? "",
    rsvStatus: stay?.rsvStatus ?? ReservationStatus.RESERVATION_STATUS_UNSPECIFIED,
    payId: stay?.payId ?? "",
    payStatus: stay?.payStatus ?? PaymentStatus.PAYMENT_STATUS_UNSPECIFIED,
    updateTime: stay && stay.updateTime > room.updateTime ? stay.updateTime : room.updateTime,
  };
}
