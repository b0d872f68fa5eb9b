import { NoticeKind } from "#gen/proto/stay/notice/v1/notice.ts";
import { PromotionRevoked, PromotionSaved } from "#gen/proto/stay/promotion/v1/events.ts";
import { ReservationCancelled, ReservationPlaced } from "#gen/proto/stay/reservation/v1/events.ts";
import type { Context } from "#mesh/service/call.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import type { EventTransaction } from "#mesh/service/transaction.ts";
import { compose, type Draft, giftText } from "./domain.ts";
import type { NoticeStore } from "./store.ts";

const reservationPlaced = event("stay.reservation.v1.ReservationPlaced", ReservationPlaced);
const reservationCancelled = event("stay.reservation.v1.ReservationCancelled", ReservationCancelled);
const promotionSaved = event("stay.promotion.v1.PromotionSaved", PromotionSaved);
const promotionRevoked = event("stay.promotion.v1.PromotionRevoked", PromotionRevoked);

const {
  NOTICE_KIND_RESERVATION_PLACED,
  NOTICE_KIND_RESERVATION_CANCELLED,
  NOTICE_KIND_PROMOTION_SAVED,
  NOTICE_KIND_PROMOTION_REVOKED,
} = NoticeKind;

/** One notice for every change that a customer cares about. The channel is the log: nothing leaves the house. */
export const policies: Policy<NoticeStore>[] = [
  whenever(reservationPlaced, ({ reservationNumber, customerId }, tx, context) =>
    send(compose(NOTICE_KIND_RESERVATION_PLACED, reservationNumber), customerId, tx, context),
  ),
  whenever(reservationCancelled, ({ reservationNumber, customerId }, tx, context) =>
    send(compose(NOTICE_KIND_RESERVATION_CANCELLED, reservationNumber), customerId, tx, context),
  ),
  whenever(promotionSaved, ({ reservationNumber, customerId, service, point }, tx, context) => {
    const draft = compose(NOTICE_KIND_PROMOTION_SAVED, reservationNumber, giftText(service, point));
    return send(draft, customerId, tx, context);
  }),
  whenever(promotionRevoked, ({ reservationNumber }, tx, context) =>
    send(compose(NOTICE_KIND_PROMOTION_REVOKED, reservationNumber), "", tx, context),
  ),
];

async function send(
  draft: Omit<Draft, "eventId">,
  customerId: string,
  { store, event: { id } }: EventTransaction<NoticeStore>,
  context: Context,
): Promise<void> {
  const { reservationNumber, content } = draft;
  await store.address(reservationNumber, customerId);
  if (await store.insert({ ...draft, eventId: id })) context.log.info({ reservationNumber, content }, "notice sent");
}
