import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PaymentStatus } from "#gen/proto/bnb/payment/v1/payment.ts";
import { ReservationStatus } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import { RoomStatus } from "#gen/proto/bnb/room/v1/room.ts";
import { type RoomFacts, type RoomNews, roomAfter, type Stay, type StayNews, stayAfter } from "./domain.ts";

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

const roomNews: readonly RoomNews[] = [
  { offer: { desc: "House", price: 1n }, status: RoomStatus.ROOM_STATUS_AVAILABLE },
  { status: RoomStatus.ROOM_STATUS_RESERVED },
  { reviews: { reviewCnt: 1, lastReview: "좋아요" } },
  { offer: { desc: "Sea view", price: 2n }, status: RoomStatus.ROOM_STATUS_RESERVED },
  { status: RoomStatus.ROOM_STATUS_AVAILABLE },
  { reviews: { reviewCnt: 0, lastReview: "" } },
];

const stayNews: readonly (readonly [version: number, news: StayNews])[] = [
  [1, { payment: { payId: "p", payStatus: PaymentStatus.PAYMENT_STATUS_APPROVED } }],
  [2, { reservation: reservation(ReservationStatus.RESERVATION_STATUS_CONFIRMED) }],
  [3, { reservation: reservation(ReservationStatus.RESERVATION_STATUS_CANCEL_REQUESTED) }],
  [2, { payment: { payId: "p", payStatus: PaymentStatus.PAYMENT_STATUS_CANCELLED } }],
  [4, { reservation: reservation(ReservationStatus.RESERVATION_STATUS_CANCELLED) }],
];

function reservation(rsvStatus: ReservationStatus) {
  return { roomId: "r", roomSeq: 1n, rsvStatus };
}

/** Every event once or more, in any order. */
const arrivals = (count: number) =>
  fc
    .tuple(fc.shuffledSubarray([...Array(count).keys()], { minLength: count }), fc.array(fc.nat(count - 1)))
    .map(([all, again]) => [...all, ...again]);

describe("in whichever order, and however often, events come", () => {
  it("a room ends the same", () => {
    fc.assert(
      fc.property(arrivals(roomNews.length), (order) => {
        let room: RoomFacts | undefined;
        for (const index of order) {
          room = roomAfter(room, "r", roomNews[index] ?? {}, { version: BigInt(index + 1), time: at(index) });
        }
        expect(room).toEqual({
          ...{ roomId: "r", desc: "Sea view", price: 2n, offerVersion: 4n },
          ...{ status: RoomStatus.ROOM_STATUS_AVAILABLE, statusVersion: 5n },
          ...{ reviewCnt: 0, lastReview: "", reviewVersion: 6n, updateTime: at(5) },
        });
      }),
    );
  });

  it("a reservation with its payment ends the same", () => {
    fc.assert(
      fc.property(arrivals(stayNews.length), (order) => {
        let stay: Stay | undefined;
        for (const index of order) {
          const [version, news] = stayNews[index] ?? [0, {}];
          stay = stayAfter(stay, "s", news, { version: BigInt(version), time: at(index) });
        }
        expect(stay).toEqual({
          ...{ rsvId: "s", roomId: "r", roomSeq: 1n, rsvVersion: 4n, payId: "p", payVersion: 2n, updateTime: at(4) },
          rsvStatus: ReservationStatus.RESERVATION_STATUS_CANCELLED,
          payStatus: PaymentStatus.PAYMENT_STATUS_CANCELLED,
        });
      }),
    );
  });
});
