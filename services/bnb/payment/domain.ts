import { PaymentStatus } from "#gen/proto/bnb/payment/v1/payment.ts";
import { refuse } from "./errors.ts";

/** Who pays how much for which room. */
export interface Charge {
  readonly roomId: string;
  readonly guestId: string;
  /** In won. */
  readonly amount: bigint;
}

/** What was paid for one reservation. One that was cancelled before it was asked for has an empty room and an amount of 0. */
export interface Payment {
  readonly payId: string;
  readonly rsvId: string;
  readonly roomId: string;
  readonly amount: bigint;
  readonly status: PaymentStatus;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

type State = Pick<Payment, "rsvId" | "status">;

const { PAYMENT_STATUS_APPROVED, PAYMENT_STATUS_CANCELLED, PAYMENT_STATUS_DECLINED } = PaymentStatus;

/** What the card company says: every card has the same limit, in won. */
export function charge({ amount }: Pick<Charge, "amount">, limitKrw: bigint): PaymentStatus {
  return amount <= limitKrw ? PAYMENT_STATUS_APPROVED : PAYMENT_STATUS_DECLINED;
}

/** Refuses what was not paid, or was paid back. */
export function refuseUnpaid({ rsvId, status }: State): void {
  if (status === PAYMENT_STATUS_DECLINED) throw refuse.PAYMENT_DECLINED({ rsvId });
  if (status === PAYMENT_STATUS_CANCELLED) throw refuse.PAYMENT_CANCELLED({ rsvId });
}

/** Paid back. Where nothing was taken nothing changes; cancelling again changes nothing either. */
export function cancel({ status }: Pick<State, "status">): PaymentStatus {
  return status === PAYMENT_STATUS_APPROVED ? PAYMENT_STATUS_CANCELLED : status;
}
