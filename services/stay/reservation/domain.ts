import type { PromotionService } from "#gen/proto/stay/type/v1/type.ts";
import { ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import { refuse } from "./errors.ts";

/** What a customer asks for. */
export interface Wish {
  readonly roomId: bigint;
  readonly customerId: string;
  readonly customerName: string;
}

/** What a promotion gave. */
export interface Gift {
  readonly couponId: bigint;
  readonly promotionService: PromotionService;
  readonly point: bigint;
}

/** A reservation, from the moment its room is taken. */
export interface Reservation extends Wish, Gift {
  readonly reservationNumber: bigint;
  readonly paymentPrice: bigint;
  readonly reserveStatus: ReserveStatus;
  /** 0 while it is not paid. */
  readonly paymentId: bigint;
  readonly promotionDeferred: boolean;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

type State = Pick<Reservation, "reservationNumber" | "reserveStatus">;

const {
  RESERVE_STATUS_RESERVED,
  RESERVE_STATUS_PAYMENT_REQUESTED,
  RESERVE_STATUS_PAYMENT_COMPLETED,
  RESERVE_STATUS_CANCEL_REQUESTED,
  RESERVE_STATUS_CANCELLED,
} = ReserveStatus;

/** What moves a reservation on. */
export type Trigger = "paymentAsked" | "paid" | "declined" | "cancelAsked" | "paymentCancelled";

const transitions: Record<Trigger, Partial<Record<ReserveStatus, ReserveStatus>>> = {
  paymentAsked: { [RESERVE_STATUS_RESERVED]: RESERVE_STATUS_PAYMENT_REQUESTED },
  paid: {
    [RESERVE_STATUS_RESERVED]: RESERVE_STATUS_PAYMENT_COMPLETED, // An older attempt was declined late.
    [RESERVE_STATUS_PAYMENT_REQUESTED]: RESERVE_STATUS_PAYMENT_COMPLETED,
  },
  declined: { [RESERVE_STATUS_PAYMENT_REQUESTED]: RESERVE_STATUS_RESERVED },
  cancelAsked: {
    [RESERVE_STATUS_RESERVED]: RESERVE_STATUS_CANCEL_REQUESTED,
    [RESERVE_STATUS_PAYMENT_COMPLETED]: RESERVE_STATUS_CANCEL_REQUESTED,
  },
  paymentCancelled: { [RESERVE_STATUS_CANCEL_REQUESTED]: RESERVE_STATUS_CANCELLED },
};

/** The state after a trigger; undefined when it means nothing to a reservation in this state. */
export function after(status: ReserveStatus, trigger: Trigger): ReserveStatus | undefined {
  return transitions[trigger][status];
}

/** Whether what a promotion gives is still the customer's: a cancel takes it back. */
export function takesGifts(status: ReserveStatus): boolean {
  return status === RESERVE_STATUS_PAYMENT_COMPLETED || after(status, "paid") !== undefined;
}

/** Refuses to pay what cannot be paid. A payment that was asked for before is carried on. */
export function refusePay({ reservationNumber, reserveStatus }: State): void {
  if (reserveStatus === RESERVE_STATUS_PAYMENT_COMPLETED) throw refuse.ALREADY_PAID({ reservationNumber });
  if (reserveStatus === RESERVE_STATUS_CANCEL_REQUESTED || reserveStatus === RESERVE_STATUS_CANCELLED) {
    throw refuse.RESERVATION_CANCELLED({ reservationNumber });
  }
}

/** Refuses to cancel what cannot be cancelled. A cancel that was asked for before is carried on. */
export function refuseCancel({ reservationNumber, reserveStatus }: State): void {
  if (reserveStatus === RESERVE_STATUS_CANCELLED) throw refuse.RESERVATION_CANCELLED({ reservationNumber });
  if (reserveStatus === RESERVE_STATUS_PAYMENT_REQUESTED) throw refuse.PAYMENT_IN_PROGRESS({ reservationNumber });
}
