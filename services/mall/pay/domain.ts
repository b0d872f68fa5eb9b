import { CancelCause } from "#gen/proto/mall/order/v1/order.ts";
import { PayStatus } from "#gen/proto/mall/pay/v1/pay.ts";
import { refuse } from "./errors.ts";

/** What was ordered. The price is of one unit, in won. */
export interface Goods {
  readonly productId: bigint;
  readonly productName: string;
  readonly address: string;
  readonly qty: number;
  readonly price: bigint;
}

/** The deposit of one order. One that was cancelled before pay heard of its order has no goods. */
export interface Pay {
  readonly payId: bigint;
  readonly orderId: bigint;
  readonly goods: Goods | undefined;
  readonly status: PayStatus;
  readonly cancelCause: CancelCause;
  /** The request that confirmed the deposit first; empty without one. */
  readonly checkRequestId: string;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** What product said to the order's units. */
export type StockAnswer =
  | { readonly taken: true; readonly remainingQty: number }
  | { readonly taken: false; readonly cause: CancelCause };

type State = Pick<Pay, "orderId" | "status">;

const { PAY_STATUS_PLACED, PAY_STATUS_CHECKING, PAY_STATUS_CHECKED, PAY_STATUS_CANCELED } = PayStatus;

/** What the customer has to pay, in won. */
export function amountOf({ price, qty }: Pick<Goods, "price" | "qty">): bigint {
  return price * BigInt(qty);
}

/** The seller has seen the money. A check that is on its way is joined. */
export function startCheck({ orderId, status }: State): PayStatus {
  if (status === PAY_STATUS_CHECKED) throw refuse.PAYMENT_ALREADY_CHECKED({ orderId });
  if (status === PAY_STATUS_CANCELED) throw refuse.PAYMENT_CANCELED({ orderId });
  return PAY_STATUS_CHECKING;
}

/** Product has answered. What is decided already stays. */
export function finishCheck({ status }: Pick<State, "status">, answer: StockAnswer): PayStatus {
  if (status !== PAY_STATUS_CHECKING) return status;
  return answer.taken ? PAY_STATUS_CHECKED : PAY_STATUS_CANCELED;
}

/** The customer cancels the order. Cancelling again changes nothing; nor does it when there was no stock. */
export function cancel({ orderId, status }: State): PayStatus {
  if (status === PAY_STATUS_CHECKED) throw refuse.PAYMENT_ALREADY_CHECKED({ orderId });
  if (status === PAY_STATUS_CHECKING) throw refuse.PAYMENT_CHECK_IN_PROGRESS({ orderId });
  return PAY_STATUS_CANCELED;
}

/** Whether a request finds its own result. */
export function isOwnCheck({ status, checkRequestId }: Pick<Pay, "status" | "checkRequestId">, requestId: string) {
  const isDecided = status !== PAY_STATUS_PLACED && status !== PAY_STATUS_CHECKING;
  return isDecided && requestId !== "" && checkRequestId === requestId;
}

/** How the order's status screen shows a cancelled deposit. */
export function shownCancel(cause: CancelCause): "ORDER_CANCELED" | "PAYMENT_CANCELED" {
  return cause === CancelCause.CANCEL_CAUSE_ORDER_CANCELED ? "ORDER_CANCELED" : "PAYMENT_CANCELED";
}
