import { ReservationStatus } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import { refuse } from "./errors.ts";

/** What a guest asks for. */
export interface Wish {
  readonly roomId: string;
  readonly guestId: string;
}

/** A reservation, from the moment its room is kept. */
export interface Reservation extends Wish {
  readonly rsvId: string;
  /** Which reservation of the room this is, from 1. */
  readonly roomSeq: bigint;
  /** What was paid, in won; 0 before. */
  readonly price: bigint;
  /** Empty before it is paid. */
  readonly payId: string;
  readonly status: ReservationStatus;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

type State = Pick<Reservation, "rsvId" | "status">;

const {
  RESERVATION_STATUS_PENDING_PAYMENT,
  RESERVATION_STATUS_CONFIRMED,
  RESERVATION_STATUS_CANCEL_REQUESTED,
  RESERVATION_STATUS_CANCELLED,
  RESERVATION_STATUS_REJECTED,
} = ReservationStatus;

/** What moves a reservation on. */
export type Trigger = "paid" | "notPaid" | "cancelAsked" | "paidBack";

const transitions: Record<Trigger, Partial<Record<ReservationStatus, ReservationStatus>>> = {
  paid: { [RESERVATION_STATUS_PENDING_PAYMENT]: RESERVATION_STATUS_CONFIRMED },
  notPaid: { [RESERVATION_STATUS_PENDING_PAYMENT]: RESERVATION_STATUS_REJECTED },
  cancelAsked: { [RESERVATION_STATUS_CONFIRMED]: RESERVATION_STATUS_CANCEL_REQUESTED },
  paidBack: { [RESERVATION_STATUS_CANCEL_REQUESTED]: RESERVATION_STATUS_CANCELLED },
};

/** The state after a trigger; undefined when it means nothing to a reservation in this state. */
export function after(status: ReservationStatus, trigger: Trigger): ReservationStatus | undefined {
  return transitions[trigger][status];
}

/** States in which a reservation keeps its room from others, and counts towards its guest's limit. */
export const openStatuses = [
  RESERVATION_STATUS_PENDING_PAYMENT,
  RESERVATION_STATUS_CONFIRMED,
  RESERVATION_STATUS_CANCEL_REQUESTED,
] as const;

/** Refuses one reservation too many. */
export function refuseTooMany(guestId: string, open: number, limit: number): void {
  if (open >= limit) throw refuse.MAX_RESERVATIONS_PER_PERSON({ guestId, limit });
}

/** The price to pay. Refuses a room that cannot be had. */
export function priceOf(roomId: string, { available, price }: { available: boolean; price: bigint }): bigint {
  if (!available) throw refuse.ROOM_NOT_AVAILABLE({ roomId });
  if (price <= 0n) throw refuse.ROOM_NOT_PRICED({ roomId });
  return price;
}

/** Refuses to cancel what cannot be cancelled. */
export function refuseCancel({ rsvId, status }: State): void {
  switch (status) {
    case RESERVATION_STATUS_CONFIRMED:
      return;
    case RESERVATION_STATUS_CANCEL_REQUESTED:
    case RESERVATION_STATUS_CANCELLED:
      throw refuse.ALREADY_CANCELLED({ rsvId });
    case RESERVATION_STATUS_PENDING_PAYMENT:
    case RESERVATION_STATUS_REJECTED:
    case ReservationStatus.RESERVATION_STATUS_UNSPECIFIED:
    case ReservationStatus.UNRECOGNIZED:
      throw refuse.RESERVATION_NOT_CONFIRMED({ rsvId });
  }
}
