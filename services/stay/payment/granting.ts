// A payment's promotion: asked for once the payment stands, and again until there is an answer. What is asked for is keyed by the payment,
// so that asking twice grants once.
import { PromotionState } from "#gen/proto/stay/payment/v1/payment.ts";
import type { Promotion, PromotionServiceService } from "#gen/proto/stay/promotion/v1/promotion.ts";
import type { Context } from "#mesh/service/call.ts";
import type { Client } from "#mesh/service/client.ts";
import { crashPoint } from "#mesh/service/crash-point.ts";
import type { Database } from "#mesh/service/database.ts";
import { isRefusal } from "#mesh/service/errors.ts";
import { isPending, type Payment } from "./domain.ts";
import type { PaymentStore } from "./store.ts";

const { PROMOTION_STATE_GRANTED, PROMOTION_STATE_NONE, PROMOTION_STATE_PENDING } = PromotionState;

export type PromotionClient = Client<typeof PromotionServiceService>;

/** What the promotions of payment work with. */
export interface GrantParts {
  readonly database: Database<PaymentStore>;
  readonly promotion: PromotionClient;
}

/** The header by which istio/stay/promotion.yaml tells a grant within a payment, whose customer waits for three services, from others. */
export const inline = { "x-call": "inline" };

/** Asks for a payment's promotion. @throws PROMOTION_UNAVAILABLE; PAYMENT_NOT_COMPLETED when promotion has heard that it was cancelled */
export function askPromotion(promotion: PromotionClient, payment: Payment, context: Context): Promise<Promotion> {
  const { paymentId, reservationNumber, customerId, customerName, paymentPrice, paymentStatus } = payment;
  const bill = { paymentId, reservationNumber, customerId, customerName, paymentPrice };
  return promotion.grantPromotion({ ...bill, paymentStatus }, context);
}

/** Asks for a pending promotion and notes the answer. @returns the payment as it is now: still pending when there was none */
export async function grantPending(payment: Payment, parts: GrantParts, context: Context): Promise<Payment> {
  if (!isPending(payment)) return payment;
  const promotionState = await outcome(payment, parts.promotion, context);
  crashPoint("complete-payment/granted");
  if (promotionState === PROMOTION_STATE_PENDING) return payment;
  await parts.database.transaction(context, ({ store }) => store.settlePromotion(payment.paymentId, promotionState));
  return { ...payment, promotionState };
}

async function outcome(payment: Payment, promotion: PromotionClient, context: Context): Promise<PromotionState> {
  const { paymentId } = payment;
  try {
    await askPromotion(promotion, payment, context);
    return PROMOTION_STATE_GRANTED;
  } catch (error) {
    const isRefused = isRefusal(error, "PAYMENT_NOT_COMPLETED");
    if (!isRefused && !isRefusal(error, "PROMOTION_UNAVAILABLE")) throw error;
    context.log.warn({ paymentId, err: error }, isRefused ? "no promotion" : "promotion deferred");
    return isRefused ? PROMOTION_STATE_NONE : PROMOTION_STATE_PENDING;
  }
}
