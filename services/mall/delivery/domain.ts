import type { DeliveryStatus } from "#gen/proto/mall/delivery/v1/delivery.ts";

/** The goods of an order, as they left the stock. */
export interface Parcel {
  readonly orderId: bigint;
  readonly productId: bigint;
  readonly productName: string;
  readonly qty: number;
  readonly address: string;
}

/** One order's delivery. */
export interface Delivery extends Parcel {
  readonly deliveryId: bigint;
  readonly status: DeliveryStatus;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** What an event tells of goods that left the stock. */
export interface TakenGoods extends Omit<Parcel, "productName"> {
  readonly name: string;
}

/** What is delivered when goods have left the stock. */
export function pack({ orderId, productId, name, qty, address }: TakenGoods): Parcel {
  return { orderId, productId, productName: name, qty, address };
}
