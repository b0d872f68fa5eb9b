import { MessageKind } from "#gen/proto/bnb/message/v1/message.ts";
import { ReservationCancelled, ReservationConfirmed } from "#gen/proto/bnb/reservation/v1/events.ts";
import type { Context } from "#mesh/service/call.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import { compose, type Draft } from "./domain.ts";
import type { MessageStore } from "./store.ts";

const confirmed = event("bnb.reservation.v1.ReservationConfirmed", ReservationConfirmed);
const cancelled = event("bnb.reservation.v1.ReservationCancelled", ReservationCancelled);

/** One message for every change of a reservation. The channel is the log: nothing leaves the house. */
export const policies: Policy<MessageStore>[] = [
  whenever(confirmed, (stay, { store }, context) =>
    send(compose(MessageKind.MESSAGE_KIND_RESERVED, stay), store, context),
  ),
  whenever(cancelled, (stay, { store }, context) =>
    send(compose(MessageKind.MESSAGE_KIND_CANCELLED, stay), store, context),
  ),
];

async function send(draft: Draft, store: MessageStore, context: Context): Promise<void> {
  if (await store.insert(draft)) context.log.info({ rsvId: draft.rsvId, content: draft.content }, "message sent");
}
