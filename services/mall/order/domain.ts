import { type CancelCause, OrderStatus } from "#gen/proto/mall/order/v1/order.ts";
import { refuse } from "./errors.ts";

/** What a customer asks for. A price of 0 means "whatever it costs"; an empty customer is anonymous. */
export interface Wish {
  readonly productId: bigint;
  readonly qty: number;
  /** Of one unit, in won. */
  readonly price: bigint;
  readonly address: string;
  readonly customerId: string;
}

/** A product as order knows it. */
export interface ProductCopy {
  readonly productId: bigint;
  readonly name: string;
  readonly price: bigint;
  readonly version: bigint;
}

/** An order before it has a number. */
export interface Draft extends Wish {
  readonly productName: string;
}

export interface Order extends Draft {
  readonly orderId: bigint;
  readonly status: OrderStatus;
  readonly cancelCause: CancelCause;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

type State = Pick<Order, "orderId" | "status">;

const {
  ORDER_STATUS_PLACED,
  ORDER_STATUS_CANCEL_REQUESTED,
  ORDER_STATUS_CANCELED,
  ORDER_STATUS_DELIVERING,
  ORDER_STATUS_CLOSED,
} = OrderStatus;

/** What moves an order on. */
export type Trigger = "cancelAsked" | "payCanceled" | "cancelRefused" | "noStock" | "deliveryStarted";

const transitions: Record<Trigger, Partial<Record<OrderStatus, OrderStatus>>> = {
  cancelAsked: { [ORDER_STATUS_PLACED]: ORDER_STATUS_CANCEL_REQUESTED },
  // Also when pay has refused another cancel in between, and there was no stock then.
  payCanceled: {
    [ORDER_STATUS_PLACED]: ORDER_STATUS_CANCELED,
    [ORDER_STATUS_CANCEL_REQUESTED]: ORDER_STATUS_CANCELED,
  },
  cancelRefused: { [ORDER_STATUS_CANCEL_REQUESTED]: ORDER_STATUS_PLACED },
  noStock: {
    [ORDER_STATUS_PLACED]: ORDER_STATUS_CANCELED,
    [ORDER_STATUS_CANCEL_REQUESTED]: ORDER_STATUS_CANCELED,
  },
  deliveryStarted: {
    [ORDER_STATUS_PLACED]: ORDER_STATUS_DELIVERING,
    [ORDER_STATUS_CANCEL_REQUESTED]: ORDER_STATUS_DELIVERING,
  },
};

/** The state after a trigger; undefined when it means nothing to an order in this state. */
export function after(status: OrderStatus, trigger: Trigger): OrderStatus | undefined {
  return transitions[trigger][status];
}

/** What is written when an order is taken: at the price that order knows, which must be the one that the customer saw, if any. */
export function place(wish: Wish, product: ProductCopy | undefined): Draft {
  const { productId } = wish;
  if (!product) throw refuse.PRODUCT_NOT_FOUND({ productId });
  const { name, price } = product;
  if (wish.price !== 0n && wish.price !== price) throw refuse.PRICE_CHANGED({ productId, price });
  return { ...wish, productName: name, price };
}

/** The customer cancels. @returns undefined when that was asked for before, and is carried on */
export function askCancel(order: State): OrderStatus | undefined {
  refuseCancel(order);
  return after(order.status, "cancelAsked");
}

function refuseCancel({ orderId, status }: State): void {
  if (status === ORDER_STATUS_CANCELED) throw refuse.ORDER_ALREADY_CANCELED({ orderId });
  if (status === ORDER_STATUS_DELIVERING) throw refuse.PAYMENT_ALREADY_CHECKED({ orderId });
  if (status === ORDER_STATUS_CLOSED) throw refuse.ORDER_CLOSED({ orderId });
}

/** The customer has the goods. */
export function receive({ orderId, status }: State): OrderStatus {
  if (status === ORDER_STATUS_CANCELED) throw refuse.ORDER_ALREADY_CANCELED({ orderId });
  if (status === ORDER_STATUS_CLOSED) throw refuse.ORDER_ALREADY_CLOSED({ orderId });
  if (status !== ORDER_STATUS_DELIVERING) throw refuse.NOT_IN_DELIVERY({ orderId });
  return ORDER_STATUS_CLOSED;
}
