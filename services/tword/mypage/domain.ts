import { EqpStatus } from "#gen/proto/tword/shop/v1/shop.ts";

/** Where an order is, for its customer. What is not known yet is empty or 0. */
export interface Page {
  readonly orderId: bigint;
  readonly eqpStatus: EqpStatus;
  readonly deliveryId: bigint;
  readonly shopId: bigint;
  readonly eqpNm: string;
  readonly eqpSernum: bigint;
  readonly customerId: string;
  readonly updateTime: Date;
}

/** What an event tells of an order; not every event tells everything. */
export type News = Pick<Page, "orderId" | "eqpStatus" | "shopId" | "eqpSernum"> &
  Partial<Pick<Page, "deliveryId" | "eqpNm" | "customerId">>;

const ranks: Partial<Record<EqpStatus, number>> = {
  [EqpStatus.EQP_STATUS_ORDERED]: 1,
  [EqpStatus.EQP_STATUS_DELIVERY_STARTED]: 2,
  [EqpStatus.EQP_STATUS_ORDER_CANCELLED]: 3,
};

/**
 * The page after an event. The status of the higher rank stays, so it never goes backwards; details are filled in whenever they come.
 * The result is the same in whichever order, and however often, events arrive.
 */
export function pageAfter(known: Page | undefined, news: News, time: Date): Page {
  const advances = known === undefined || rankOf(news.eqpStatus) > rankOf(known.eqpStatus);
  return {
    orderId: news.orderId,
    eqpStatus: advances ? news.eqpStatus : known.eqpStatus,
    deliveryId: news.deliveryId || known?.deliveryId || 0n,
    shopId: news.shopId,
    eqpNm: news.eqpNm || known?.eqpNm || "",
    eqpSernum: news.eqpSernum,
    customerId: news.customerId || known?.customerId || "",
    updateTime: known && known.updateTime > time ? known.updateTime : time,
  };
}

function rankOf(status: EqpStatus): number {
  return ranks[status] ?? 0;
}
