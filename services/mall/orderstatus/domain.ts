import { OrderStatusKind } from "#gen/proto/mall/orderstatus/v1/orderstatus.ts";
import { orderStatusKindLabels } from "../labels.ts";

/** Where an order stands, for its customer. What is not known yet is empty or 0. */
export interface OrderStatus extends Details {
  readonly orderId: bigint;
  readonly orderStatus: OrderStatusKind;
  /** The same in Korean. */
  readonly orderStatusText: string;
  /** When the newest event happened. */
  readonly updateTime: Date;
  /** Every status that was reported, oldest first. */
  readonly history: readonly StatusChange[];
}

export interface StatusChange {
  readonly status: OrderStatusKind;
  readonly time: Date;
}

/** What was ordered. */
export interface Details {
  readonly productId: bigint;
  readonly productName: string;
  readonly qty: number;
  /** Of one unit, in won, when it was ordered. */
  readonly price: bigint;
  readonly address: string;
  readonly customerId: string;
}

/** What an event tells of an order. Not every event tells all details, but those that they tell are the same. */
export type News = { readonly orderId: bigint; readonly kind: OrderStatusKind } & Partial<Details>;

/** Higher ones stay. The three last are final, and no order comes to two of them. */
const ranks: Partial<Record<OrderStatusKind, number>> = {
  [OrderStatusKind.ORDER_STATUS_KIND_ORDER_RECEIVED]: 1,
  [OrderStatusKind.ORDER_STATUS_KIND_AWAITING_DEPOSIT]: 2,
  [OrderStatusKind.ORDER_STATUS_KIND_DEPOSIT_CONFIRMED]: 3,
  [OrderStatusKind.ORDER_STATUS_KIND_GOODS_READY]: 4,
  [OrderStatusKind.ORDER_STATUS_KIND_IN_DELIVERY]: 5,
  [OrderStatusKind.ORDER_STATUS_KIND_RECEIPT_CONFIRMED]: 6,
  [OrderStatusKind.ORDER_STATUS_KIND_ORDER_CANCELED]: 7,
  [OrderStatusKind.ORDER_STATUS_KIND_PAYMENT_CANCELED]: 8,
};

const texts = new Map<OrderStatusKind, string>(
  Object.entries(orderStatusKindLabels).map(([name, { ko }]) => [OrderStatusKind[name as keyof Labelled], ko]),
);

type Labelled = typeof orderStatusKindLabels;

/**
 * The row after an event. The status of the higher rank stays, so it never goes backwards; details are filled in whenever they come.
 * The result is the same in whichever order, and however often, events arrive.
 */
export function statusAfter(known: OrderStatus | undefined, news: News, time: Date): OrderStatus {
  const advances = known === undefined || rankOf(news.kind) > rankOf(known.orderStatus);
  const orderStatus = advances ? news.kind : known.orderStatus;
  return {
    orderId: news.orderId,
    orderStatus,
    orderStatusText: texts.get(orderStatus) ?? "",
    productId: known?.productId || news.productId || 0n,
    productName: known?.productName || news.productName || "",
    qty: known?.qty || news.qty || 0,
    price: known?.price || news.price || 0n,
    address: known?.address || news.address || "",
    customerId: known?.customerId || news.customerId || "",
    updateTime: known && known.updateTime > time ? known.updateTime : time,
    history: historyAfter(known?.history ?? [], { status: news.kind, time }),
  };
}

/** Each status once, with the first time that it was reported. */
function historyAfter(history: readonly StatusChange[], change: StatusChange): StatusChange[] {
  const same = history.find(({ status }) => status === change.status);
  const first = same && same.time <= change.time ? same : change;
  const others = history.filter(({ status }) => status !== change.status);
  return [...others, first].sort(
    (one, other) => one.time.getTime() - other.time.getTime() || rankOf(one.status) - rankOf(other.status),
  );
}

function rankOf(status: OrderStatusKind): number {
  return ranks[status] ?? 0;
}
