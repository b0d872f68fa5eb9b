import { EqpStatus, ShopOrderStatus } from "#gen/proto/tword/shop/v1/shop.ts";

/** What a manager tells of a phone. */
export interface Registration {
  readonly shopId: bigint;
  readonly eqpNm: string;
  readonly eqpSernum: bigint;
}

/** One phone. Its status belongs to one allocation of it; the sequence number tells newer allocations from older ones. */
export interface Equipment extends Registration {
  readonly id: bigint;
  readonly eqpStatus: EqpStatus;
  readonly allocationSeq: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** What staff see of an order. Model and time are unknown while only a later event has arrived. */
export interface ShopOrder {
  readonly orderId: bigint;
  readonly shopId: bigint;
  readonly eqpNm: string;
  readonly eqpSernum: bigint;
  readonly status: ShopOrderStatus;
  readonly orderedTime: Date | undefined;
}

/** What an event tells of an order and its phone. */
export interface News {
  readonly orderId: bigint;
  readonly shopId: bigint;
  readonly eqpSernum: bigint;
  readonly eqpNm?: string;
  readonly allocationSeq: bigint;
  readonly what: "ordered" | "deliveryStarted" | "cancelled";
}

const phoneStatus = {
  ordered: EqpStatus.EQP_STATUS_ORDERED,
  deliveryStarted: EqpStatus.EQP_STATUS_DELIVERY_STARTED,
  cancelled: EqpStatus.EQP_STATUS_ORDER_AVAILABLE,
} as const;

const orderStatus = {
  ordered: ShopOrderStatus.SHOP_ORDER_STATUS_ORDERED,
  deliveryStarted: ShopOrderStatus.SHOP_ORDER_STATUS_DELIVERY_STARTED,
  cancelled: ShopOrderStatus.SHOP_ORDER_STATUS_CANCELLED,
} as const;

/**
 * What the phone is at after an event. A newer allocation wins; within one, "ordered" is only the beginning. So the cancel of an
 * earlier order never frees the phone that a later one has.
 */
export function phoneAfter(phone: Pick<Equipment, "eqpStatus" | "allocationSeq">, news: News) {
  const isNewer =
    news.allocationSeq > phone.allocationSeq ||
    (news.allocationSeq === phone.allocationSeq && phone.eqpStatus === EqpStatus.EQP_STATUS_ORDERED);
  return isNewer ? { eqpStatus: phoneStatus[news.what], allocationSeq: news.allocationSeq } : undefined;
}

/** The order as staff see it after an event. Its state never goes back to "ordered", however late that event comes. */
export function shopOrderAfter(known: ShopOrder | undefined, news: News, time: Date): ShopOrder {
  const { orderId, shopId, eqpSernum } = news;
  const isOver = known !== undefined && known.status !== ShopOrderStatus.SHOP_ORDER_STATUS_ORDERED;
  return {
    orderId,
    shopId,
    eqpSernum,
    eqpNm: news.eqpNm || known?.eqpNm || "",
    status: isOver ? known.status : orderStatus[news.what],
    orderedTime: news.what === "ordered" ? time : known?.orderedTime,
  };
}
