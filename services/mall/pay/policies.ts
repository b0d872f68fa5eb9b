import { OrderCanceled, OrderPlaced } from "#gen/proto/mall/order/v1/events.ts";
import { PayPlaced } from "#gen/proto/mall/pay/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import { cancelPay } from "./cancelling.ts";
import { identity, toGoods } from "./message.ts";
import type { PayStore } from "./store.ts";

const orderPlaced = event("mall.order.v1.OrderPlaced", OrderPlaced);
const orderCanceled = event("mall.order.v1.OrderCanceled", OrderCanceled);
const payPlaced = event("mall.pay.v1.PayPlaced", PayPlaced);

/** Every order waits for one deposit; a cancelled one for none. */
export const policies: Policy<PayStore>[] = [
  whenever(orderPlaced, async ({ orderId, productId, productName, address, qty, price }, tx) => {
    const pay = await tx.store.insert(orderId, { productId, productName, address, qty, price });
    if (!pay) return; // It has one already, or was cancelled before.
    const { payId } = pay;
    tx.publish(payPlaced, { ...toGoods(pay), orderId, payId, orderStatus: "AWAITING_DEPOSIT" }, identity(pay));
  }),
  // Order asked before it cancelled, so this changes nothing. A refusal would be a broken promise, and ends as a dead letter.
  whenever(orderCanceled, ({ orderId }, tx) => cancelPay(tx, orderId)),
];
