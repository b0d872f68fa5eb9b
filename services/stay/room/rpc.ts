import { RoomRegistered } from "#gen/proto/stay/room/v1/events.ts";
import type { Room as RoomMessage, RoomServiceService } from "#gen/proto/stay/room/v1/room.ts";
import type { Database } from "#mesh/service/database.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { present } from "#mesh/service/present.ts";
import { maskedFields } from "#mesh/service/update-mask.ts";
import { type Room, revise } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { RoomStore } from "./store.ts";
import { change } from "./updating.ts";

const roomRegistered = event("stay.room.v1.RoomRegistered", RoomRegistered);

export interface Parts {
  readonly database: Database<RoomStore>;
}

export function rpc({ database }: Parts): Handlers<typeof RoomServiceService> {
  return {
    async createRoom(request, call) {
      const offer = present(request.room);
      return database.answer(call, async (tx) => {
        const room = await tx.store.insert(offer);
        const { roomId, version } = room;
        call.correlate(roomId);
        tx.publish(roomRegistered, room, { aggregateId: roomId, aggregateVersion: version });
        return toMessage(room);
      });
    },

    async getRoom({ roomId }) {
      const room = await database.store.find(roomId);
      if (!room) throw refuse.ROOM_NOT_FOUND({ roomId });
      return toMessage(room);
    },

    async listRooms(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.roomStatus] },
        (before, size) => database.store.page(request.roomStatus, before, size),
        (room) => room.roomId,
      );
      return { rooms: rows.map(toMessage), nextPageToken };
    },

    async updateRoom(request, call) {
      const resource = present(request.room);
      const { roomId } = resource;
      const offer = maskedFields(resource, request.updateMask, ["roomName", "price"]);
      call.correlate(roomId);
      return database.answer(call, async (tx) => {
        const room = await tx.store.findForUpdate(roomId);
        if (!room) throw refuse.ROOM_NOT_FOUND({ roomId });
        return toMessage(await change(tx, revise(room, offer)));
      });
    },
  };
}

function toMessage({ version: _internal, ...room }: Room): RoomMessage {
  return room;
}
