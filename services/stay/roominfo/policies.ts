import { PaymentCancelled, PaymentCompleted } from "#gen/proto/stay/payment/v1/events.ts";
import { PromotionRevoked, PromotionSaved } from "#gen/proto/stay/promotion/v1/events.ts";
import { ReservationCancelled, ReservationPlaced } from "#gen/proto/stay/reservation/v1/events.ts";
import { RoomRegistered, RoomUpdated } from "#gen/proto/stay/room/v1/events.ts";
import { PromotionService } from "#gen/proto/stay/type/v1/type.ts";
import { event, type ReceivedEvent } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import type { News, RoomInfoStore } from "./store.ts";

const roomRegistered = event("stay.room.v1.RoomRegistered", RoomRegistered);
const roomUpdated = event("stay.room.v1.RoomUpdated", RoomUpdated);
const reservationPlaced = event("stay.reservation.v1.ReservationPlaced", ReservationPlaced);
const reservationCancelled = event("stay.reservation.v1.ReservationCancelled", ReservationCancelled);
const paymentCompleted = event("stay.payment.v1.PaymentCompleted", PaymentCompleted);
const paymentCancelled = event("stay.payment.v1.PaymentCancelled", PaymentCancelled);
const promotionSaved = event("stay.promotion.v1.PromotionSaved", PromotionSaved);
const promotionRevoked = event("stay.promotion.v1.PromotionRevoked", PromotionRevoked);

/** The customer's page, put together from what four services tell. */
export const policies: Policy<RoomInfoStore>[] = [
  whenever(roomRegistered, (room, { store }) => store.tellRoom(room)),
  whenever(roomUpdated, (room, { store }) => store.tellRoom(room)),
  whenever(reservationPlaced, (placed, { store, event }) =>
    store.tellReservation(news(placed, event), part(placed, false)),
  ),
  whenever(reservationCancelled, (placed, { store, event }) =>
    store.tellReservation(news(placed, event), part(placed, true)),
  ),
  whenever(paymentCompleted, tellPayment),
  whenever(paymentCancelled, tellPayment),
  whenever(promotionSaved, (saved, { store, event }) => {
    const { couponId, service, point } = saved;
    return store.tellPromotion(news(saved, event), { couponId, service, point, granted: true }, saved);
  }),
  whenever(promotionRevoked, (revoked, { store, event }) => {
    const nothing = { service: PromotionService.PROMOTION_SERVICE_NONE, point: 0n, granted: false };
    return store.tellPromotion(news(revoked, event), { couponId: revoked.couponId, ...nothing });
  }),
];

function tellPayment(
  payment: PaymentCompleted | PaymentCancelled,
  { store, event }: { store: RoomInfoStore; event: ReceivedEvent },
): Promise<void> {
  const { paymentId, paymentPrice, paymentStatus } = payment;
  return store.tellPayment(news(payment, event), { paymentId, paymentPrice, paymentStatus });
}

function part(placed: ReservationPlaced | ReservationCancelled, cancelled: boolean) {
  const { roomId, customerId, customerName, paymentPrice } = placed;
  return { roomId, customerId, customerName, paymentPrice, cancelled };
}

function news({ reservationNumber }: { reservationNumber: bigint }, { aggregateVersion }: ReceivedEvent): News {
  return { reservationNumber, version: aggregateVersion };
}
