import type { Payment as PaymentMessage, PaymentServiceService } from "#gen/proto/bnb/payment/v1/payment.ts";
import type { Database } from "#mesh/service/database.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageByUuid } from "#mesh/service/pagination.ts";
import { type Payment, refuseUnpaid } from "./domain.ts";
import { refuse } from "./errors.ts";
import { pay, payBack } from "./paying.ts";
import type { PaymentStore } from "./store.ts";

export interface Parts {
  readonly database: Database<PaymentStore>;
  /** The most that a card has, in won. */
  readonly limitKrw: bigint;
}

export function rpc({ database, limitKrw }: Parts): Handlers<typeof PaymentServiceService> {
  return {
    async approvePayment({ rsvId, ...charge }, call) {
      call.correlate(rsvId);
      const payment = await database.transaction(call, (tx) => pay(tx, rsvId, charge, limitKrw));
      refuseUnpaid(payment);
      return toMessage(payment);
    },

    async cancelPayment({ rsvId }, call) {
      call.correlate(rsvId);
      return toMessage(await database.transaction(call, (tx) => payBack(tx, rsvId)));
    },

    async getPayment({ payId }) {
      const payment = await database.store.find(payId);
      if (!payment) throw refuse.PAYMENT_NOT_FOUND({ payId });
      return toMessage(payment);
    },

    async listPayments(request) {
      const { rows, nextPageToken } = await pageByUuid(
        request,
        { filter: [request.rsvId] },
        (before, size) => database.store.page(request.rsvId, before, size),
        (payment) => payment.payId,
      );
      return { payments: rows.map(toMessage), nextPageToken };
    },
  };
}

function toMessage({ version: _internal, ...payment }: Payment): PaymentMessage {
  return payment;
}
