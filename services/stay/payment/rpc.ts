import { PaymentCancelled, PaymentCompleted } from "#gen/proto/stay/payment/v1/events.ts";
import {
  type Payment as PaymentMessage,
  type PaymentServiceService,
  PromotionState,
} from "#gen/proto/stay/payment/v1/payment.ts";
import { PaymentStatus } from "#gen/proto/stay/type/v1/type.ts";
import { crashPoint } from "#mesh/service/crash-point.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { present } from "#mesh/service/present.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import {
  type Bill,
  cancelled,
  charge,
  isPending,
  type Payment,
  refuseCancelled,
  refuseDeclined,
  refuseUnpaid,
} from "./domain.ts";
import { refuse } from "./errors.ts";
import { askPromotion, type GrantParts, grantPending, type PromotionClient } from "./granting.ts";
import type { PaymentStore } from "./store.ts";

const paymentCompleted = event("stay.payment.v1.PaymentCompleted", PaymentCompleted);
const paymentCancelled = event("stay.payment.v1.PaymentCancelled", PaymentCancelled);

const { PAYMENT_STATUS_PAID, PAYMENT_STATUS_CANCELLED } = PaymentStatus;

export interface Parts extends GrantParts {
  /** The same promotion, asked within a payment. */
  readonly inlinePromotion: PromotionClient;
  /** What the card company pays at most, in won. */
  readonly limit: bigint;
}

export function rpc(parts: Parts): Handlers<typeof PaymentServiceService> {
  const { database, promotion, inlinePromotion, limit } = parts;
  return {
    async completePayment(bill, call) {
      call.correlate(bill.reservationNumber);
      const payment = await database.transaction(call, (tx) => pay(tx, bill, limit));
      refuseDeclined(payment);
      crashPoint("complete-payment/paid");
      return toMessage(await grantPending(payment, { database, promotion: inlinePromotion }, call));
    },

    async cancelPayment({ reservationNumber }, call) {
      call.correlate(reservationNumber);
      return toMessage(await database.transaction(call, (tx) => cancel(tx, reservationNumber)));
    },

    async getPayment({ paymentId }) {
      return toMessage(await find(database.store, paymentId));
    },

    async listPayments(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.reservationNumber] },
        (before, size) => database.store.page(request.reservationNumber, before, size),
        (payment) => payment.paymentId,
      );
      return { payments: rows.map(toMessage), nextPageToken };
    },

    async requestPromotion({ paymentId }, call) {
      const payment = await find(database.store, paymentId);
      call.correlate(payment.reservationNumber);
      refuseUnpaid(payment);
      // Without a call when it has one: then the answer is the first one of the same request, or a refusal.
      const granted = isPending(payment) ? await askPromotion(promotion, payment, call) : undefined;
      return database.answer(call, async ({ store }) => {
        if (!granted) throw refuse.PROMOTION_ALREADY_GRANTED({ paymentId });
        refuseUnpaid(present(await store.findForUpdate(payment.reservationNumber)));
        await store.settlePromotion(paymentId, PromotionState.PROMOTION_STATE_GRANTED);
        return granted;
      });
    },
  };
}

/** Pays a bill once; one that was declined may be tried again. */
async function pay({ store, publish }: Transaction<PaymentStore>, bill: Bill, limit: bigint): Promise<Payment> {
  const outcome = charge(bill, limit);
  const made = await store.insert(bill, outcome);
  const found = made ?? present(await store.findForUpdate(bill.reservationNumber));
  refuseCancelled(found);
  if (!made && found.paymentStatus === PAYMENT_STATUS_PAID) return found;
  const payment = made ?? (await store.move(found, outcome));
  if (payment.paymentStatus === PAYMENT_STATUS_PAID) publish(paymentCompleted, payment, identity(payment));
  return payment;
}

/** Cancels a payment, or makes sure that it is never made. */
async function cancel({ store, publish }: Transaction<PaymentStore>, reservationNumber: bigint): Promise<Payment> {
  const tombstone = await store.insert({ reservationNumber }, cancelled);
  if (tombstone) return tombstone;
  const found = present(await store.findForUpdate(reservationNumber));
  if (found.paymentStatus === PAYMENT_STATUS_CANCELLED) return found;
  const payment = await store.move(found, cancelled);
  if (found.paymentStatus === PAYMENT_STATUS_PAID) publish(paymentCancelled, payment, identity(payment));
  return payment;
}

async function find(store: PaymentStore, paymentId: bigint): Promise<Payment> {
  const payment = await store.find(paymentId);
  if (!payment) throw refuse.PAYMENT_NOT_FOUND({ paymentId });
  return payment;
}

function identity({ paymentId, version, reservationNumber }: Payment) {
  return { aggregateId: paymentId, aggregateVersion: version, correlationId: reservationNumber };
}

function toMessage({ version: _internal, ...payment }: Payment): PaymentMessage {
  return payment;
}
