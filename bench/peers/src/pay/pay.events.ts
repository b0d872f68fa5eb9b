import type { Pay } from "#gen/prisma/peers/pay/client.ts";
import { outboxRow } from "../common/outbox.ts";

export function payPlaced(pay: Pay) {
  return row(pay, "PayPlaced", { orderStatus: "AWAITING_DEPOSIT", ...goodsOf(pay) });
}

export function payChecked(pay: Pay) {
  return row(pay, "PayChecked", { orderStatus: "DEPOSIT_CONFIRMED", ...goodsOf(pay) });
}

export function payCanceled(pay: Pay) {
  return row(pay, "PayCanceled", { orderStatus: "PAYMENT_CANCELED", cause: `CANCEL_CAUSE_${pay.cancelCause}` });
}

function row({ payId, orderId, version }: Pay, name: string, payload: Readonly<Record<string, string | number>>) {
  return outboxRow({
    type: `mall.pay.v1.${name}`,
    aggregateId: payId,
    aggregateVersion: version,
    payload: { orderId: String(orderId), payId: String(payId), ...payload },
  });
}

function goodsOf({ productId, productName, qty, price, address }: Pay) {
  return {
    productId: String(productId),
    productName: productName ?? "",
    qty: qty ?? 0,
    price: String(price),
    amount: String((price ?? 0n) * BigInt(qty ?? 0)),
    address: address ?? "",
  };
}
