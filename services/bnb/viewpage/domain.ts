import { PaymentStatus } from "#gen/proto/bnb/payment/v1/payment.ts";
import { ReservationStatus } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import { RoomStatus } from "#gen/proto/bnb/room/v1/room.ts";

/**
 * What is known of a room. Its three parts come with different events, in any order; each remembers which version of the room it is of (0: none
 * has come), and an older one never overwrites a newer one.
 */
export interface RoomFacts {
  readonly roomId: string;
  readonly desc: string;
  readonly price: bigint;
  readonly offerVersion: bigint;
  readonly status: RoomStatus;
  readonly statusVersion: bigint;
  readonly reviewCnt: number;
  readonly lastReview: string;
  readonly reviewVersion: bigint;
  readonly updateTime: Date;
}

/** What an event tells of a room; not every event tells every part. */
export interface RoomNews {
  readonly offer?: Pick<RoomFacts, "desc" | "price">;
  readonly status?: RoomStatus;
  readonly reviews?: Pick<RoomFacts, "reviewCnt" | "lastReview">;
}

/** What is known of a reservation and its payment. One that was never confirmed has no room. */
export interface Stay {
  readonly rsvId: string;
  readonly roomId: string;
  readonly roomSeq: bigint;
  readonly rsvStatus: ReservationStatus;
  readonly rsvVersion: bigint;
  readonly payId: string;
  readonly payStatus: PaymentStatus;
  readonly payVersion: bigint;
  readonly updateTime: Date;
}

/** What an event tells of a reservation, or of its payment. */
export interface StayNews {
  readonly reservation?: Pick<Stay, "roomId" | "roomSeq" | "rsvStatus">;
  readonly payment?: Pick<Stay, "payId" | "payStatus">;
}

/** When something happened, and which version of its subject that made. */
export interface Moment {
  readonly version: bigint;
  readonly time: Date;
}

const noRoom = {
  ...{ desc: "", price: 0n, offerVersion: 0n, status: RoomStatus.ROOM_STATUS_UNSPECIFIED, statusVersion: 0n },
  ...{ reviewCnt: 0, lastReview: "", reviewVersion: 0n },
};

const noStay = {
  ...{ roomId: "", roomSeq: 0n, rsvStatus: ReservationStatus.RESERVATION_STATUS_UNSPECIFIED, rsvVersion: 0n },
  ...{ payId: "", payStatus: PaymentStatus.PAYMENT_STATUS_UNSPECIFIED, payVersion: 0n },
};

/** The room after an event. The result is the same in whichever order, and however often, events arrive. */
export function roomAfter(known: RoomFacts | undefined, roomId: string, news: RoomNews, moment: Moment): RoomFacts {
  const { version } = moment;
  const before = known ?? { ...noRoom, roomId };
  const { offer, status, reviews } = news;
  return {
    ...before,
    ...(offer && version > before.offerVersion ? { desc: offer.desc, price: offer.price, offerVersion: version } : {}),
    ...(status !== undefined && version > before.statusVersion ? { status, statusVersion: version } : {}),
    ...(reviews && version > before.reviewVersion
      ? { reviewCnt: reviews.reviewCnt, lastReview: reviews.lastReview, reviewVersion: version }
      : {}),
    updateTime: later(known?.updateTime, moment.time),
  };
}

/** The same for a reservation. */
export function stayAfter(known: Stay | undefined, rsvId: string, news: StayNews, moment: Moment): Stay {
  const { version } = moment;
  const before = known ?? { ...noStay, rsvId };
  const { reservation, payment } = news;
  return {
    ...before,
    ...(reservation && version > before.rsvVersion ? { ...reservation, rsvVersion: version } : {}),
    ...(payment && version > before.payVersion ? { ...payment, payVersion: version } : {}),
    updateTime: later(known?.updateTime, moment.time),
  };
}

function later(known: Date | undefined, time: Date): Date {
  return known && known > time ? known : time;
}
