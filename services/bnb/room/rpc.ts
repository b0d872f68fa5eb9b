import { RoomDeleted, RoomModified, RoomRegistered } from "#gen/proto/bnb/room/v1/events.ts";
import { type Room as RoomMessage, type RoomServiceService, RoomStatus } from "#gen/proto/bnb/room/v1/room.ts";
import type { Database } from "#mesh/service/database.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageByUuid } from "#mesh/service/pagination.ts";
import { present } from "#mesh/service/present.ts";
import { maskedFields } from "#mesh/service/update-mask.ts";
import { type Room, remove, revise } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { RoomStore } from "./store.ts";

const roomRegistered = event("bnb.room.v1.RoomRegistered", RoomRegistered);
const roomModified = event("bnb.room.v1.RoomModified", RoomModified);
const roomDeleted = event("bnb.room.v1.RoomDeleted", RoomDeleted);

export interface Parts {
  readonly database: Database<RoomStore>;
}

export function rpc({ database }: Parts): Handlers<typeof RoomServiceService> {
  return {
    async createRoom(request, call) {
      const offer = present(request.room);
      return database.answer(call, async (tx) => {
        const room = await tx.store.insert(offer);
        call.correlate(room.roomId);
        tx.publish(roomRegistered, room, identity(room));
        return toMessage(room);
      });
    },

    async getRoom({ roomId }) {
      return toMessage(listed(await database.store.find(roomId), roomId));
    },

    async listRooms(request) {
      const { rows, nextPageToken } = await pageByUuid(
        request,
        { filter: [request.status] },
        (before, size) => database.store.page(request.status, before, size),
        (room) => room.roomId,
      );
      return { rooms: rows.map(toMessage), nextPageToken };
    },

    async updateRoom(request, call) {
      const resource = present(request.room);
      const { roomId } = resource;
      const change = maskedFields(resource, request.updateMask, ["desc", "price"]);
      call.correlate(roomId);
      return database.answer(call, async (tx) => {
        const found = listed(await tx.store.findForUpdate(roomId), roomId);
        const room = await tx.store.update(revise(found, change));
        tx.publish(roomModified, room, identity(room));
        return toMessage(room);
      });
    },

    async deleteRoom({ roomId }, call) {
      call.correlate(roomId);
      return database.answer(call, async (tx) => {
        const found = listed(await tx.store.findForUpdate(roomId), roomId);
        const room = await tx.store.update(remove(found));
        tx.publish(roomDeleted, room, identity(room));
        return toMessage(room);
      });
    },

    async checkRoom({ roomId }) {
      const { status, price } = listed(await database.store.find(roomId), roomId);
      return { available: status === RoomStatus.ROOM_STATUS_AVAILABLE, price };
    },
  };
}

/** The room, unless it is off the list. */
export function listed(room: Room | undefined, roomId: string): Room {
  if (!room || room.status === RoomStatus.ROOM_STATUS_DELETED) throw refuse.ROOM_NOT_FOUND({ roomId });
  return room;
}

function identity({ roomId, version }: Room) {
  return { aggregateId: roomId, aggregateVersion: version };
}

function toMessage({ rsvId: _rsvId, roomSeq: _roomSeq, version: _version, ...room }: Room): RoomMessage {
  return room;
}
