import { ReservationCancelled, ReservationConfirmed } from "#gen/proto/bnb/reservation/v1/events.ts";
import { RejectReason, RoomCancelled, RoomReserved, RoomReserveRejected } from "#gen/proto/bnb/room/v1/events.ts";
import { RoomStatus } from "#gen/proto/bnb/room/v1/room.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import type { EventTransaction } from "#mesh/service/transaction.ts";
import { afterCancelled, afterConfirmed, type Stay, type Turn } from "./domain.ts";
import type { RoomStore } from "./store.ts";

const confirmed = event("bnb.reservation.v1.ReservationConfirmed", ReservationConfirmed);
const cancelled = event("bnb.reservation.v1.ReservationCancelled", ReservationCancelled);
const roomReserved = event("bnb.room.v1.RoomReserved", RoomReserved);
const roomCancelled = event("bnb.room.v1.RoomCancelled", RoomCancelled);
const roomReserveRejected = event("bnb.room.v1.RoomReserveRejected", RoomReserveRejected);

type Tx = EventTransaction<RoomStore>;

/** Which reservation has a room is decided by reservation; room follows, and remembers who may review it. */
export const policies: Policy<RoomStore>[] = [
  whenever(confirmed, async (stay, tx) => {
    await tx.store.keepStay(stay);
    const room = await tx.store.findForUpdate(stay.roomId);
    if (!room) return rejectStay(stay, 1n, tx);
    await take(afterConfirmed(room, stay), stay, tx);
  }),
  whenever(cancelled, async (stay, tx) => {
    await tx.store.cancelStay(stay);
    const room = await tx.store.findForUpdate(stay.roomId);
    if (room) await take(afterCancelled(room, stay), stay, tx);
  }),
];

interface RoomStay extends Stay {
  readonly roomId: string;
}

async function take(turn: Turn | undefined, stay: RoomStay, tx: Tx): Promise<void> {
  if (!turn) return;
  const { version } = await tx.store.update(turn.room);
  const { roomId, rsvId } = stay;
  const about = { aggregateId: roomId, aggregateVersion: version, correlationId: rsvId };
  switch (turn.told) {
    case "reserved":
      return tx.publish(roomReserved, { roomId, rsvId, status: RoomStatus.ROOM_STATUS_RESERVED }, about);
    case "cancelled":
      return tx.publish(roomCancelled, { roomId, rsvId, status: RoomStatus.ROOM_STATUS_AVAILABLE }, about);
    case "rejected":
      return rejectStay(stay, version, tx);
    case "nothing":
      return;
  }
}

function rejectStay({ roomId, rsvId }: RoomStay, aggregateVersion: bigint, tx: Tx): void {
  const reason = RejectReason.REJECT_REASON_ROOM_DELETED;
  const about = { aggregateId: roomId, aggregateVersion, correlationId: rsvId };
  tx.publish(roomReserveRejected, { roomId, rsvId, reason }, about);
}
