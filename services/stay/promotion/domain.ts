import { GrantState } from "#gen/proto/stay/promotion/v1/promotion.ts";
import { PaymentStatus, PromotionService, ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import { refuse } from "./errors.ts";

/** What was paid. */
export interface Receipt {
  readonly paymentId: bigint;
  readonly reservationNumber: bigint;
  readonly customerId: string;
  readonly customerName: string;
  readonly paymentPrice: bigint;
}

/** What a customer gets for it. */
export interface Reward {
  readonly point: bigint;
  readonly service: PromotionService;
}

/** A promotion. One whose payment was cancelled before it asked has no customer and no price. */
export interface Promotion extends Receipt, Reward {
  readonly couponId: bigint;
  readonly paymentStatus: PaymentStatus;
  readonly state: GrantState;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

const { PROMOTION_SERVICE_NONE, PROMOTION_SERVICE_BEVERAGE, PROMOTION_SERVICE_DISCOUNT_COUPON } = PromotionService;

/** A tenth of the price in points; for 50,000 won and more a drink, for 100,000 and more a coupon instead. */
export function reward(paymentPrice: bigint): Reward {
  return { point: paymentPrice / 10n, service: serviceFor(paymentPrice) };
}

function serviceFor(paymentPrice: bigint): PromotionService {
  if (paymentPrice >= 100_000n) return PROMOTION_SERVICE_DISCOUNT_COUPON;
  return paymentPrice >= 50_000n ? PROMOTION_SERVICE_BEVERAGE : PROMOTION_SERVICE_NONE;
}

/** Nothing is granted, or left. */
export const nothing: Reward = { point: 0n, service: PROMOTION_SERVICE_NONE };

/** Refuses a promotion for what is not paid. */
export function refuseUnpaid({ paymentId, paymentStatus }: Pick<Promotion, "paymentId" | "paymentStatus">): void {
  if (paymentStatus !== PaymentStatus.PAYMENT_STATUS_PAID) throw refuse.PAYMENT_NOT_COMPLETED({ paymentId });
}

/** Refuses a promotion for what was paid and cancelled, also when the cancel came first. */
export function refuseRevoked({ paymentId, state }: Pick<Promotion, "paymentId" | "state">): void {
  if (state === GrantState.GRANT_STATE_REVOKED) throw refuse.PAYMENT_CANCELLED({ paymentId });
}

/** What a promotion makes of the reservation, as far as the customer sees it. */
export function reserveStatusOf({ state }: Pick<Promotion, "state">): ReserveStatus {
  const isGranted = state === GrantState.GRANT_STATE_GRANTED;
  return isGranted ? ReserveStatus.RESERVE_STATUS_PROMOTION : ReserveStatus.RESERVE_STATUS_CANCELLED;
}
