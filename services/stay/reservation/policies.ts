import { PromotionSaved } from "#gen/proto/stay/promotion/v1/events.ts";
import { RoomRegistered, RoomUpdated } from "#gen/proto/stay/room/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import { after, takesGifts } from "./domain.ts";
import type { ReservationStore } from "./store.ts";

const roomRegistered = event("stay.room.v1.RoomRegistered", RoomRegistered);
const roomUpdated = event("stay.room.v1.RoomUpdated", RoomUpdated);
const promotionSaved = event("stay.promotion.v1.PromotionSaved", PromotionSaved);

/** Reservation keeps its own list of rooms, so that it can reserve them while room is down, and learns what promotions give. */
export const policies: Policy<ReservationStore>[] = [
  whenever(roomRegistered, (room, tx) => tx.store.learn(room)),
  whenever(roomUpdated, (room, tx) => tx.store.learn(room)),
  whenever(promotionSaved, async ({ reservationNumber, paymentId, couponId, service, point }, { store }) => {
    const found = await store.findForUpdate(reservationNumber);
    if (!found || !takesGifts(found.reserveStatus)) return;
    const gift = { couponId, promotionService: service, point };
    const to = after(found.reserveStatus, "paid") ?? found.reserveStatus;
    await store.update(reservationNumber, to, { paymentId, gift, promotionDeferred: false });
  }),
];
