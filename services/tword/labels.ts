import type { DeliveryStatus } from "#gen/proto/tword/delivery/v1/delivery.ts";
import type { MessageKind } from "#gen/proto/tword/message/v1/message.ts";
import type { OrderStatus } from "#gen/proto/tword/order/v1/order.ts";
import type { EqpStatus, ShopOrderStatus } from "#gen/proto/tword/shop/v1/shop.ts";
import type { Labels } from "#mesh/service/label.ts";

/** By the name that JSON carries. */
export const eqpStatusLabels: Labels<typeof EqpStatus> = {
  EQP_STATUS_ORDER_AVAILABLE: { ko: "개통가능", en: "Available" },
  EQP_STATUS_ORDERED: { ko: "주문완료", en: "Ordered" },
  EQP_STATUS_DELIVERY_STARTED: { ko: "배송중", en: "On its way" },
  EQP_STATUS_ORDER_CANCELLED: { ko: "주문취소", en: "Cancelled" },
};

export const orderStatusLabels: Labels<typeof OrderStatus> = {
  ORDER_STATUS_PENDING: { ko: "주문중", en: "Being ordered" },
  ORDER_STATUS_ORDERED: { ko: "주문완료", en: "Ordered" },
  ORDER_STATUS_CANCEL_REQUESTED: { ko: "취소중", en: "Being cancelled" },
  ORDER_STATUS_CANCELLED: { ko: "주문취소", en: "Cancelled" },
  ORDER_STATUS_DELIVERY_STARTED: { ko: "배송중", en: "On its way" },
  ORDER_STATUS_REJECTED: { ko: "주문실패", en: "Did not stand" },
};

export const shopOrderStatusLabels: Labels<typeof ShopOrderStatus> = {
  SHOP_ORDER_STATUS_ORDERED: { ko: "주문완료", en: "Ordered" },
  SHOP_ORDER_STATUS_DELIVERY_STARTED: { ko: "배송중", en: "On its way" },
  SHOP_ORDER_STATUS_CANCELLED: { ko: "주문취소", en: "Cancelled" },
};

export const deliveryStatusLabels: Labels<typeof DeliveryStatus> = {
  DELIVERY_STATUS_HELD: { ko: "배송대기", en: "Held" },
  DELIVERY_STATUS_READY: { ko: "배송준비", en: "Ready to ship" },
  DELIVERY_STATUS_STARTED: { ko: "배송중", en: "On its way" },
  DELIVERY_STATUS_CANCELLED: { ko: "배송취소", en: "Cancelled" },
};

export const messageKindLabels: Labels<typeof MessageKind> = {
  MESSAGE_KIND_ORDERED: { ko: "주문 알림", en: "Ordered" },
  MESSAGE_KIND_ORDER_CANCELLED: { ko: "취소 알림", en: "Cancelled" },
  MESSAGE_KIND_DELIVERY_STARTED: { ko: "배송 알림", en: "On its way" },
};
