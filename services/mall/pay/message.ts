import type { Pay as PayMessage } from "#gen/proto/mall/pay/v1/pay.ts";
import { amountOf, type Pay } from "./domain.ts";

const nothing = { productId: 0n, productName: "", address: "", qty: 0, price: 0n };

/** A deposit as the contract has it. */
export function toMessage(pay: Pay): PayMessage {
  const { goods: _goods, version: _version, checkRequestId: _checkRequestId, ...shown } = pay;
  return { ...shown, ...toGoods(pay) };
}

/** What was ordered, as events and answers have it. */
export function toGoods({ goods = nothing }: Pay) {
  return { ...goods, amount: amountOf(goods) };
}

/** What events of a deposit are about. */
export function identity({ payId, orderId, version }: Pay) {
  return { aggregateId: payId, aggregateVersion: version, correlationId: orderId };
}
