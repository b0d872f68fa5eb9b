import { DeliveryStatus } from "#gen/proto/tword/delivery/v1/delivery.ts";
import { refuse } from "./errors.ts";

/** The phone that an order gets. */
export interface Parcel {
  readonly shopId: bigint;
  readonly eqpNm: string;
  readonly eqpSernum: bigint;
  readonly allocationSeq: bigint;
}

/** One order's delivery. One that was cancelled before it was created has no parcel. */
export interface Delivery {
  readonly deliveryId: bigint;
  readonly orderId: bigint;
  readonly parcel: Parcel | undefined;
  readonly status: DeliveryStatus;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

type State = Pick<Delivery, "orderId" | "status">;

const { DELIVERY_STATUS_HELD, DELIVERY_STATUS_READY, DELIVERY_STATUS_STARTED, DELIVERY_STATUS_CANCELLED } =
  DeliveryStatus;

/** Refuses to hold a place for an order whose delivery was cancelled, perhaps before it was ever asked for. */
export function refuseCancelled({ orderId, status }: State): void {
  if (status === DELIVERY_STATUS_CANCELLED) throw refuse.DELIVERY_CANCELLED({ orderId });
}

/** The order stands: a held delivery may be shipped. Whatever is further than that stays. */
export function afterOrdered({ status }: State): DeliveryStatus {
  return status === DELIVERY_STATUS_HELD ? DELIVERY_STATUS_READY : status;
}

/** Staff ship the phone. */
export function start({ orderId, status }: State): DeliveryStatus {
  refuseCancelled({ orderId, status });
  if (status === DELIVERY_STATUS_STARTED) throw refuse.DELIVERY_ALREADY_STARTED({ orderId });
  if (status !== DELIVERY_STATUS_READY) throw refuse.ORDER_NOT_COMPLETED({ orderId });
  return DELIVERY_STATUS_STARTED;
}

/** The order is given up. Cancelling again changes nothing. */
export function cancel({ orderId, status }: State): DeliveryStatus {
  if (status === DELIVERY_STATUS_STARTED) throw refuse.DELIVERY_ALREADY_STARTED({ orderId });
  return DELIVERY_STATUS_CANCELLED;
}
