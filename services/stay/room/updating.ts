import { RoomUpdated } from "#gen/proto/stay/room/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import type { Room } from "./domain.ts";
import type { RoomStore } from "./store.ts";

const roomUpdated = event("stay.room.v1.RoomUpdated", RoomUpdated);

/** Writes a room that was revised, and tells it. */
export async function change({ store, publish }: Transaction<RoomStore>, revised: Room): Promise<Room> {
  const room = await store.update(revised);
  publish(roomUpdated, room, { aggregateId: room.roomId, aggregateVersion: room.version });
  return room;
}
