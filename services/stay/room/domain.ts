import { RoomStatus } from "#gen/proto/stay/room/v1/room.ts";

/** What a host decides about a room. */
export interface Offer {
  readonly roomName: string;
  /** In won. */
  readonly price: bigint;
}

/** A room. Its version grows by one with every change, so that readers can tell newer from older. */
export interface Room extends Offer {
  readonly roomId: bigint;
  readonly roomStatus: RoomStatus;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** The room after a change of some of its fields. */
export function revise(room: Room, change: Partial<Offer & Pick<Room, "roomStatus">>): Room {
  return { ...room, ...change, version: room.version + 1n };
}

/** A room is reserved as long as any reservation of it stands. */
export function statusFor(standingReservations: number): RoomStatus {
  return standingReservations > 0 ? RoomStatus.ROOM_STATUS_RESERVED : RoomStatus.ROOM_STATUS_AVAILABLE;
}
