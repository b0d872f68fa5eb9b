import { PaymentStatus, type PromotionService, ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";

/** What reservation tells. */
export interface ReservationPart {
  readonly roomId: bigint;
  readonly customerId: string;
  readonly customerName: string;
  readonly paymentPrice: bigint;
  readonly cancelled: boolean;
}

/** What payment tells. */
export interface PaymentPart {
  readonly paymentId: bigint;
  readonly paymentPrice: bigint;
  readonly paymentStatus: PaymentStatus;
}

/** What promotion tells. */
export interface PromotionPart {
  readonly couponId: bigint;
  readonly service: PromotionService;
  readonly point: bigint;
  readonly granted: boolean;
}

/** One reservation as its customer sees it: the parts that have been told so far. */
export interface Page extends ReservationPart, PaymentPart, PromotionPart {
  readonly reservationNumber: bigint;
  readonly roomName: string;
}

/** Where the reservation is, from what three services have told in whatever order. */
export function reserveStatusOf({ cancelled, granted, paymentStatus }: Page): ReserveStatus {
  if (cancelled) return ReserveStatus.RESERVE_STATUS_CANCELLED;
  // Only a cancel cancels a payment.
  if (paymentStatus === PaymentStatus.PAYMENT_STATUS_CANCELLED) return ReserveStatus.RESERVE_STATUS_CANCEL_REQUESTED;
  if (granted) return ReserveStatus.RESERVE_STATUS_PROMOTION;
  if (paymentStatus === PaymentStatus.PAYMENT_STATUS_PAID) return ReserveStatus.RESERVE_STATUS_PAYMENT_COMPLETED;
  return ReserveStatus.RESERVE_STATUS_RESERVED;
}
