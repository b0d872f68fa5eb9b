// The two things that reservation asks for. The payment's row decides between them: whichever comes first is final for the other.
import { PaymentApproved, PaymentCancelled, PaymentDeclined } from "#gen/proto/bnb/payment/v1/events.ts";
import { PaymentStatus } from "#gen/proto/bnb/payment/v1/payment.ts";
import { event } from "#mesh/service/event.ts";
import { present } from "#mesh/service/present.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { type Charge, cancel, charge, type Payment } from "./domain.ts";
import type { PaymentStore } from "./store.ts";

const { PAYMENT_STATUS_APPROVED, PAYMENT_STATUS_CANCELLED } = PaymentStatus;
const paymentApproved = event("bnb.payment.v1.PaymentApproved", PaymentApproved);
const paymentCancelled = event("bnb.payment.v1.PaymentCancelled", PaymentCancelled);
const paymentDeclined = event("bnb.payment.v1.PaymentDeclined", PaymentDeclined);

type Tx = Transaction<PaymentStore>;

/** Takes the money, once. @returns what became of the reservation's payment, now or before */
export async function pay(tx: Tx, rsvId: string, of: Charge, limitKrw: bigint): Promise<Payment> {
  const status = charge(of, limitKrw);
  const made = await tx.store.insert(rsvId, status, of);
  if (!made) return present(await tx.store.findByReservationForUpdate(rsvId));
  tell(tx, status === PAYMENT_STATUS_APPROVED ? paymentApproved : paymentDeclined, made);
  return made;
}

/** Pays back what was taken, or remembers that nothing shall be. */
export async function payBack(tx: Tx, rsvId: string): Promise<Payment> {
  const tombstone = await tx.store.insert(rsvId, PAYMENT_STATUS_CANCELLED);
  if (tombstone) {
    tell(tx, paymentCancelled, tombstone);
    return tombstone;
  }
  const found = present(await tx.store.findByReservationForUpdate(rsvId));
  const payment = await tx.store.move(found, cancel(found));
  if (payment.version !== found.version) tell(tx, paymentCancelled, payment);
  return payment;
}

function tell(tx: Tx, what: typeof paymentApproved, { payId, rsvId, roomId, amount, status, version }: Payment): void {
  const about = { aggregateId: payId, aggregateVersion: version, correlationId: rsvId };
  tx.publish(what, { payId, rsvId, roomId, amount, status }, about);
}
