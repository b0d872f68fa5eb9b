import { ReservationCancelRequested } from "#gen/proto/bnb/reservation/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import { payBack } from "./paying.ts";
import type { PaymentStore } from "./store.ts";

const cancelRequested = event("bnb.reservation.v1.ReservationCancelRequested", ReservationCancelRequested);

/** Whoever cancels gets the money back. */
export const policies: Policy<PaymentStore>[] = [whenever(cancelRequested, ({ rsvId }, tx) => payBack(tx, rsvId))];
