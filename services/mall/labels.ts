import type { DeliveryStatus } from "#gen/proto/mall/delivery/v1/delivery.ts";
import type { CancelCause, OrderStatus } from "#gen/proto/mall/order/v1/order.ts";
import type { OrderStatusKind } from "#gen/proto/mall/orderstatus/v1/orderstatus.ts";
import type { PayStatus } from "#gen/proto/mall/pay/v1/pay.ts";
import type { Labels } from "#mesh/service/label.ts";

/** By the name that JSON carries. The Korean ones are the document's own, and what orderstatus answers in order_status_text. */
export const orderStatusKindLabels: Labels<typeof OrderStatusKind> = {
  ORDER_STATUS_KIND_ORDER_RECEIVED: { ko: "주문접수", en: "Order received" },
  ORDER_STATUS_KIND_AWAITING_DEPOSIT: { ko: "입금확인대기", en: "Awaiting deposit" },
  ORDER_STATUS_KIND_DEPOSIT_CONFIRMED: { ko: "입금확인완료", en: "Deposit confirmed" },
  ORDER_STATUS_KIND_GOODS_READY: { ko: "상품준비완료", en: "Goods ready" },
  ORDER_STATUS_KIND_IN_DELIVERY: { ko: "배송중", en: "On its way" },
  ORDER_STATUS_KIND_RECEIPT_CONFIRMED: { ko: "수령확인", en: "Received" },
  ORDER_STATUS_KIND_ORDER_CANCELED: { ko: "주문취소", en: "Order cancelled" },
  ORDER_STATUS_KIND_PAYMENT_CANCELED: { ko: "결제취소", en: "Payment cancelled" },
};

export const orderStatusLabels: Labels<typeof OrderStatus> = {
  ORDER_STATUS_PLACED: { ko: "주문접수", en: "Placed" },
  ORDER_STATUS_CANCEL_REQUESTED: { ko: "취소중", en: "Being cancelled" },
  ORDER_STATUS_CANCELED: { ko: "주문취소", en: "Cancelled" },
  ORDER_STATUS_DELIVERING: { ko: "배송중", en: "On its way" },
  ORDER_STATUS_CLOSED: { ko: "수령확인", en: "Received" },
};

export const cancelCauseLabels: Labels<typeof CancelCause> = {
  CANCEL_CAUSE_ORDER_CANCELED: { ko: "고객 취소", en: "The customer cancelled" },
  CANCEL_CAUSE_OUT_OF_STOCK: { ko: "재고 부족", en: "Out of stock" },
  CANCEL_CAUSE_PRODUCT_GONE: { ko: "상품 없음", en: "The product is gone" },
};

export const payStatusLabels: Labels<typeof PayStatus> = {
  PAY_STATUS_PLACED: { ko: "입금확인대기", en: "Awaiting deposit" },
  PAY_STATUS_CHECKING: { ko: "입금확인중", en: "Being confirmed" },
  PAY_STATUS_CHECKED: { ko: "입금확인완료", en: "Confirmed" },
  PAY_STATUS_CANCELED: { ko: "결제취소", en: "Cancelled" },
};

export const deliveryStatusLabels: Labels<typeof DeliveryStatus> = {
  DELIVERY_STATUS_STARTED: { ko: "배송중", en: "On its way" },
};
