import { AllocationState, OrderStatus } from "#gen/proto/tword/order/v1/order.ts";
import { EqpStatus } from "#gen/proto/tword/shop/v1/shop.ts";
import { refuse } from "./errors.ts";

/** What a customer asks for. A serial number of 0 means any phone of the model; an empty customer is anonymous. */
export interface Wish {
  readonly shopId: bigint;
  readonly eqpNm: string;
  readonly eqpSernum: bigint;
  readonly customerId: string;
}

/** A phone as order knows it. */
export interface Phone {
  readonly shopId: bigint;
  readonly eqpSernum: bigint;
  readonly eqpNm: string;
  readonly state: AllocationState;
  readonly orderId: bigint;
  readonly allocationSeq: bigint;
}

/** An order, from the moment its phone is taken. */
export interface Order extends Wish {
  readonly orderId: bigint;
  readonly allocationSeq: bigint;
  readonly status: OrderStatus;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

type State = Pick<Order, "orderId" | "status">;

const {
  ORDER_STATUS_PENDING,
  ORDER_STATUS_ORDERED,
  ORDER_STATUS_CANCEL_REQUESTED,
  ORDER_STATUS_CANCELLED,
  ORDER_STATUS_DELIVERY_STARTED,
  ORDER_STATUS_REJECTED,
} = OrderStatus;

/** What moves an order on. */
export type Trigger =
  | "deliveryHeld"
  | "deliveryNotHeld"
  | "cancelAsked"
  | "deliveryCancelled"
  | "cancelCameTooLate"
  | "deliveryStarted";

const transitions: Record<Trigger, Partial<Record<OrderStatus, OrderStatus>>> = {
  deliveryHeld: { [ORDER_STATUS_PENDING]: ORDER_STATUS_ORDERED },
  deliveryNotHeld: { [ORDER_STATUS_PENDING]: ORDER_STATUS_REJECTED },
  cancelAsked: { [ORDER_STATUS_ORDERED]: ORDER_STATUS_CANCEL_REQUESTED },
  deliveryCancelled: { [ORDER_STATUS_CANCEL_REQUESTED]: ORDER_STATUS_CANCELLED },
  cancelCameTooLate: { [ORDER_STATUS_CANCEL_REQUESTED]: ORDER_STATUS_DELIVERY_STARTED },
  deliveryStarted: { [ORDER_STATUS_ORDERED]: ORDER_STATUS_DELIVERY_STARTED },
};

/** The state after a trigger; undefined when it means nothing to an order in this state. */
export function after(status: OrderStatus, trigger: Trigger): OrderStatus | undefined {
  return transitions[trigger][status];
}

/** States in which an order counts towards its customer's limit: it stands, or may yet, and is not shipped. */
export const openStatuses = [ORDER_STATUS_PENDING, ORDER_STATUS_ORDERED, ORDER_STATUS_CANCEL_REQUESTED] as const;

/** Refuses one open order too many. Nobody can tell whose anonymous orders are, so they are not counted. */
export function refuseTooMany(customerId: string, openOrders: number, limit: number): void {
  if (customerId !== "" && openOrders >= limit) throw refuse.MAX_ORDERS_PER_PERSON({ customerId, limit });
}

/**
 * The phone to take.
 *
 * @param found the phone of the wished serial number, or any free one of the model
 * @param modelIsKnown whether the shop has, or had, phones of the model
 */
export function choose(wish: Wish, found: Phone | undefined, modelIsKnown: boolean): Phone {
  const { shopId, eqpNm, eqpSernum } = wish;
  if (!found && eqpSernum === 0n && modelIsKnown) throw refuse.EQUIPMENT_SOLD_OUT({ shopId, eqpNm });
  if (found?.eqpNm !== eqpNm) throw refuse.EQUIPMENT_NOT_FOUND({ shopId, eqpNm, eqpSernum });
  if (found.state !== AllocationState.ALLOCATION_STATE_FREE) {
    throw refuse.EQUIPMENT_ALREADY_ORDERED({ shopId, eqpNm, eqpSernum });
  }
  return found;
}

/** The customer cancels. @returns undefined when that was asked for before, and is carried on */
export function askCancel(order: State): OrderStatus | undefined {
  refuseCancel(order);
  return after(order.status, "cancelAsked");
}

function refuseCancel({ orderId, status }: State): void {
  switch (status) {
    case ORDER_STATUS_ORDERED:
    case ORDER_STATUS_CANCEL_REQUESTED:
      return;
    case ORDER_STATUS_CANCELLED:
      throw refuse.ORDER_ALREADY_CANCELLED({ orderId });
    case ORDER_STATUS_DELIVERY_STARTED:
      throw refuse.DELIVERY_ALREADY_STARTED({ orderId });
    default:
      throw refuse.ORDER_NOT_PLACED({ orderId });
  }
}

/** What the phone is at, as far as the order is concerned. */
export function eqpStatusOf(status: OrderStatus): EqpStatus {
  switch (status) {
    case ORDER_STATUS_ORDERED:
    case ORDER_STATUS_CANCEL_REQUESTED:
      return EqpStatus.EQP_STATUS_ORDERED;
    case ORDER_STATUS_CANCELLED:
      return EqpStatus.EQP_STATUS_ORDER_CANCELLED;
    case ORDER_STATUS_DELIVERY_STARTED:
      return EqpStatus.EQP_STATUS_DELIVERY_STARTED;
    default:
      return EqpStatus.EQP_STATUS_UNSPECIFIED;
  }
}
