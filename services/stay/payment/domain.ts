import { PromotionState } from "#gen/proto/stay/payment/v1/payment.ts";
import { PaymentStatus } from "#gen/proto/stay/type/v1/type.ts";
import { refuse } from "./errors.ts";

/** What is to be paid. */
export interface Bill {
  readonly reservationNumber: bigint;
  readonly customerId: string;
  readonly customerName: string;
  readonly paymentPrice: bigint;
}

/** A payment. One that was cancelled before it was made has no customer and no price. */
export interface Payment extends Bill {
  readonly paymentId: bigint;
  readonly paymentStatus: PaymentStatus;
  readonly promotionState: PromotionState;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** Where a payment is. */
export type State = Pick<Payment, "paymentStatus" | "promotionState">;

const { PAYMENT_STATUS_PAID, PAYMENT_STATUS_UNPAID, PAYMENT_STATUS_CANCELLED } = PaymentStatus;
const { PROMOTION_STATE_NONE, PROMOTION_STATE_PENDING } = PromotionState;

/** What the card company says: it pays up to a limit. @param limit in won */
export function charge({ paymentPrice }: Pick<Bill, "paymentPrice">, limit: bigint): State {
  if (paymentPrice > limit) return { paymentStatus: PAYMENT_STATUS_UNPAID, promotionState: PROMOTION_STATE_NONE };
  return { paymentStatus: PAYMENT_STATUS_PAID, promotionState: PROMOTION_STATE_PENDING };
}

/** The state of a cancelled payment. */
export const cancelled: State = {
  paymentStatus: PAYMENT_STATUS_CANCELLED,
  promotionState: PROMOTION_STATE_NONE,
};

/** Refuses to pay what was cancelled, also when the cancel came first. */
export function refuseCancelled({ reservationNumber, paymentStatus }: Payment): void {
  if (paymentStatus === PAYMENT_STATUS_CANCELLED) throw refuse.PAYMENT_CANCELLED({ reservationNumber });
}

/** Refuses a payment that was declined. */
export function refuseDeclined({ reservationNumber, paymentStatus }: Payment): void {
  if (paymentStatus === PAYMENT_STATUS_UNPAID) throw refuse.PAYMENT_DECLINED({ reservationNumber });
}

/** Refuses a promotion for what is not paid. */
export function refuseUnpaid({ paymentId, paymentStatus }: Payment): void {
  if (paymentStatus !== PAYMENT_STATUS_PAID) throw refuse.PAYMENT_NOT_COMPLETED({ paymentId });
}

/** Whether a payment's promotion is still to come. */
export function isPending({ promotionState }: State): boolean {
  return promotionState === PROMOTION_STATE_PENDING;
}
