import type { RoomInfo, RoomInfoServiceService } from "#gen/proto/stay/roominfo/v1/roominfo.ts";
import type { Database } from "#mesh/service/database.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { type Page, reserveStatusOf } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { RoomInfoStore } from "./store.ts";

export interface Parts {
  readonly database: Database<RoomInfoStore>;
}

export function rpc({ database }: Parts): Handlers<typeof RoomInfoServiceService> {
  return {
    async getRoomInfo({ reservationNumber }) {
      const page = await database.store.find(reservationNumber);
      if (!page) throw refuse.ROOM_INFO_NOT_FOUND({ reservationNumber });
      return toMessage(page);
    },

    async listRoomInfos(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.customerId] },
        (before, size) => database.store.page(request.customerId, before, size),
        (page) => page.reservationNumber,
      );
      return { roomInfos: rows.map(toMessage), nextPageToken };
    },
  };
}

function toMessage(page: Page): RoomInfo {
  const { cancelled: _cancelled, granted: _granted, ...shown } = page;
  return { ...shown, reserveStatus: reserveStatusOf(page) };
}
