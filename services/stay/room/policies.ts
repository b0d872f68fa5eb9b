import { ReservationCancelled, ReservationPlaced } from "#gen/proto/stay/reservation/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { revise, statusFor } from "./domain.ts";
import type { Claim, RoomStore } from "./store.ts";
import { change } from "./updating.ts";

const reservationPlaced = event("stay.reservation.v1.ReservationPlaced", ReservationPlaced);
const reservationCancelled = event("stay.reservation.v1.ReservationCancelled", ReservationCancelled);

/** A room shows whether it can be reserved. Who has it is decided by reservation. */
export const policies: Policy<RoomStore>[] = [
  whenever(reservationPlaced, ({ reservationNumber, roomId }, tx) =>
    show(tx, { reservationNumber, roomId, cancelled: false }),
  ),
  whenever(reservationCancelled, ({ reservationNumber, roomId }, tx) =>
    show(tx, { reservationNumber, roomId, cancelled: true }),
  ),
];

async function show(tx: Transaction<RoomStore>, claim: Claim): Promise<void> {
  const room = await tx.store.findForUpdate(claim.roomId);
  await tx.store.claim(claim);
  const roomStatus = statusFor(await tx.store.countStanding(claim.roomId));
  if (room && room.roomStatus !== roomStatus) await change(tx, revise(room, { roomStatus }));
}
