import { PaymentApproved, PaymentCancelled, PaymentDeclined } from "#gen/proto/bnb/payment/v1/events.ts";
import {
  ReservationCancelled,
  ReservationCancelRequested,
  ReservationConfirmed,
} from "#gen/proto/bnb/reservation/v1/events.ts";
import { ReservationStatus } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import {
  ReviewCreated,
  ReviewDeleted,
  ReviewModified,
  RoomCancelled,
  RoomDeleted,
  RoomModified,
  RoomRegistered,
  RoomReserved,
} from "#gen/proto/bnb/room/v1/events.ts";
import { type EventType, event } from "#mesh/service/event.ts";
import { type EffectPolicy, type Policy, whenever } from "#mesh/service/policy.ts";
import type { EventTransaction } from "#mesh/service/transaction.ts";
import { type RoomNews, roomAfter, type StayNews, stayAfter } from "./domain.ts";
import type { ViewStore } from "./store.ts";

const status = ReservationStatus;

/** The pages are made of events alone. */
export const policies: Policy<ViewStore>[] = [
  aboutOffer(event("bnb.room.v1.RoomRegistered", RoomRegistered)),
  aboutOffer(event("bnb.room.v1.RoomModified", RoomModified)),
  aboutOffer(event("bnb.room.v1.RoomDeleted", RoomDeleted)),
  aboutStatus(event("bnb.room.v1.RoomReserved", RoomReserved)),
  aboutStatus(event("bnb.room.v1.RoomCancelled", RoomCancelled)),
  aboutReviews(event("bnb.room.v1.ReviewCreated", ReviewCreated)),
  aboutReviews(event("bnb.room.v1.ReviewModified", ReviewModified)),
  aboutReviews(event("bnb.room.v1.ReviewDeleted", ReviewDeleted)),
  aboutStay(
    event("bnb.reservation.v1.ReservationConfirmed", ReservationConfirmed),
    status.RESERVATION_STATUS_CONFIRMED,
  ),
  aboutStay(
    event("bnb.reservation.v1.ReservationCancelRequested", ReservationCancelRequested),
    status.RESERVATION_STATUS_CANCEL_REQUESTED,
  ),
  aboutStay(
    event("bnb.reservation.v1.ReservationCancelled", ReservationCancelled),
    status.RESERVATION_STATUS_CANCELLED,
  ),
  aboutPayment(event("bnb.payment.v1.PaymentApproved", PaymentApproved)),
  aboutPayment(event("bnb.payment.v1.PaymentCancelled", PaymentCancelled)),
  aboutPayment(event("bnb.payment.v1.PaymentDeclined", PaymentDeclined)),
];

function aboutOffer(type: EventType<RoomRegistered>): EffectPolicy<ViewStore> {
  return whenever(type, ({ roomId, desc, price, status }, tx) =>
    learnRoom(roomId, { offer: { desc, price }, status }, tx),
  );
}

function aboutStatus(type: EventType<RoomReserved>): EffectPolicy<ViewStore> {
  return whenever(type, ({ roomId, status }, tx) => learnRoom(roomId, { status }, tx));
}

function aboutReviews(type: EventType<ReviewCreated>): EffectPolicy<ViewStore> {
  return whenever(type, ({ roomId, reviewCnt, lastReview }, tx) =>
    learnRoom(roomId, { reviews: { reviewCnt, lastReview } }, tx),
  );
}

function aboutStay<News extends { rsvId: string; roomId: string; roomSeq: bigint }>(
  type: EventType<News>,
  rsvStatus: ReservationStatus,
): EffectPolicy<ViewStore> {
  return whenever(type, ({ rsvId, roomId, roomSeq }, tx) =>
    learnStay(rsvId, { reservation: { roomId, roomSeq, rsvStatus } }, tx),
  );
}

function aboutPayment(type: EventType<PaymentApproved>): EffectPolicy<ViewStore> {
  return whenever(type, ({ rsvId, payId, status: payStatus }, tx) =>
    learnStay(rsvId, { payment: { payId, payStatus } }, tx),
  );
}

async function learnRoom(roomId: string, news: RoomNews, { store, event }: EventTransaction<ViewStore>) {
  await store.lock(roomId);
  const moment = { version: event.aggregateVersion, time: event.time };
  await store.saveRoom(roomAfter(await store.findRoom(roomId), roomId, news, moment));
}

async function learnStay(rsvId: string, news: StayNews, { store, event }: EventTransaction<ViewStore>) {
  await store.lock(rsvId);
  const moment = { version: event.aggregateVersion, time: event.time };
  await store.saveStay(stayAfter(await store.findStay(rsvId), rsvId, news, moment));
}
