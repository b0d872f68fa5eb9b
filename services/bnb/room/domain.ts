import { RoomStatus } from "#gen/proto/bnb/room/v1/room.ts";
import { refuse } from "./errors.ts";

/** What a host decides about a room. A price of 0 won means that it has none yet. */
export interface Offer {
  readonly desc: string;
  readonly price: bigint;
  readonly hostId: string;
}

/** A room. Its version grows with everything that happens to it and its reviews, so that readers can tell newer from older. */
export interface Room extends Offer {
  readonly roomId: string;
  readonly status: RoomStatus;
  readonly reviewCnt: number;
  /** The reservation that has it. */
  readonly rsvId: string | undefined;
  /** The newest of its reservations that it has heard of; 0 before the first. */
  readonly roomSeq: bigint;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** What a guest says about a room. */
export interface Opinion {
  readonly roomId: string;
  readonly guestId: string;
  readonly content: string;
  readonly rating: number;
}

export interface Review extends Opinion {
  readonly reviewId: string;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** A reservation, as events tell of it. Of two of the same room the one with the higher number is the later. */
export interface Stay {
  readonly rsvId: string;
  readonly roomSeq: bigint;
}

/** What news of a reservation make of a room, and what others are to hear of it. */
export interface Turn {
  readonly room: Room;
  readonly told: "reserved" | "rejected" | "cancelled" | "nothing";
}

const { ROOM_STATUS_AVAILABLE, ROOM_STATUS_RESERVED, ROOM_STATUS_DELETED } = RoomStatus;

/** The room after its host has changed something. */
export function revise(room: Room, change: Partial<Pick<Offer, "desc" | "price">>): Room {
  const isRepriced = change.price !== undefined && change.price !== room.price;
  if (isRepriced && room.status === ROOM_STATUS_RESERVED) throw refuse.ROOM_RESERVED({ roomId: room.roomId });
  return { ...room, ...change, version: room.version + 1n };
}

/** The room after its host has taken it off the list. */
export function remove(room: Room): Room {
  if (room.status === ROOM_STATUS_RESERVED) throw refuse.ROOM_RESERVED({ roomId: room.roomId });
  return { ...room, status: ROOM_STATUS_DELETED, version: room.version + 1n };
}

/** The room after `more` reviews were added, or, below 0, removed. */
export function counted(room: Room, more: number): Room {
  return { ...room, reviewCnt: room.reviewCnt + more, version: room.version + 1n };
}

/** A reservation stands. An older one than the room knows, or one that is over already, means nothing. */
export function afterConfirmed(room: Room, { rsvId, roomSeq }: Stay): Turn | undefined {
  if (roomSeq <= room.roomSeq) return undefined;
  const heard = { ...room, roomSeq, version: room.version + 1n };
  if (room.status === ROOM_STATUS_DELETED) return { room: heard, told: "rejected" };
  return { room: { ...heard, rsvId, status: ROOM_STATUS_RESERVED }, told: "reserved" };
}

/** A reservation is over, perhaps before the room has heard that it stood. It never frees the room of a later one. */
export function afterCancelled(room: Room, { rsvId, roomSeq }: Stay): Turn | undefined {
  if (roomSeq <= room.roomSeq && rsvId !== room.rsvId) return undefined;
  const heard = { ...room, roomSeq, version: room.version + 1n };
  if (room.rsvId === undefined) return { room: heard, told: "nothing" };
  return { room: { ...heard, rsvId: undefined, status: ROOM_STATUS_AVAILABLE }, told: "cancelled" };
}

/** Only who wrote a review may change it. */
export function refuseStranger({ reviewId, guestId }: Pick<Review, "reviewId" | "guestId">, asking: string): void {
  if (guestId !== asking) throw refuse.NOT_REVIEW_AUTHOR({ reviewId });
}
