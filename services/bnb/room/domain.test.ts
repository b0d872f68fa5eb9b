import { describe, expect, test } from "vitest";
import { RoomStatus } from "#gen/proto/bnb/room/v1/room.ts";
import { afterCancelled, afterConfirmed, counted, type Room, refuseStranger, remove, revise } from "./domain.ts";

const { ROOM_STATUS_AVAILABLE, ROOM_STATUS_RESERVED, ROOM_STATUS_DELETED } = RoomStatus;
const time = new Date(0);
const free: Room = {
  ...{ roomId: "r", desc: "House", price: 1_000n, hostId: "", status: ROOM_STATUS_AVAILABLE, reviewCnt: 1 },
  ...{ rsvId: undefined, roomSeq: 3n, version: 7n, createTime: time, updateTime: time },
};
const reserved: Room = { ...free, status: ROOM_STATUS_RESERVED, rsvId: "third" };
const deleted: Room = { ...free, status: ROOM_STATUS_DELETED };
const stay = (rsvId: string, roomSeq: bigint) => ({ rsvId, roomSeq });

describe("a reservation that stands", () => {
  test.each([
    ["reserves a free room", free, stay("fourth", 4n), ROOM_STATUS_RESERVED, "fourth", "reserved"],
    [
      "takes over from one whose cancel is late",
      reserved,
      stay("fourth", 4n),
      ROOM_STATUS_RESERVED,
      "fourth",
      "reserved",
    ],
    ["is rejected by a room that is gone", deleted, stay("fourth", 4n), ROOM_STATUS_DELETED, undefined, "rejected"],
  ] as const)("%s", (_, room, news, status, rsvId, told) => {
    expect(afterConfirmed(room, news)).toEqual({ room: { ...room, status, rsvId, roomSeq: 4n, version: 8n }, told });
  });

  test.each([
    ["older than the holder", reserved, stay("second", 2n)],
    ["over before it was heard of", free, stay("third", 3n)],
    ["heard of before", reserved, stay("third", 3n)],
  ])("means nothing when it is %s", (_, room, news) => {
    expect(afterConfirmed(room, news)).toBeUndefined();
  });
});

describe("a reservation that is over", () => {
  test.each([
    ["frees its room", reserved, stay("third", 3n), ROOM_STATUS_AVAILABLE, 3n, "cancelled"],
    [
      "frees the room of an earlier one, whose own cancel is late",
      reserved,
      stay("x", 4n),
      ROOM_STATUS_AVAILABLE,
      4n,
      "cancelled",
    ],
    ["is remembered by a free room", free, stay("x", 4n), ROOM_STATUS_AVAILABLE, 4n, "nothing"],
    ["is remembered by a room that is gone", deleted, stay("x", 4n), ROOM_STATUS_DELETED, 4n, "nothing"],
  ] as const)("%s", (_, room, news, status, roomSeq, told) => {
    const after = { ...room, status, rsvId: undefined, roomSeq, version: 8n };
    expect(afterCancelled(room, news)).toEqual({ room: after, told });
  });

  test.each([
    ["the room of a later one", reserved, stay("second", 2n)],
    ["a room twice", free, stay("third", 3n)],
  ])("never frees %s", (_, room, news) => {
    expect(afterCancelled(room, news)).toBeUndefined();
  });
});

describe("a host", () => {
  test("changes the description always, the price while nobody has reserved", () => {
    expect(revise(free, { desc: "Sea view", price: 2n })).toEqual({
      ...free,
      desc: "Sea view",
      price: 2n,
      version: 8n,
    });
    expect(revise(reserved, { desc: "Sea view", price: 1_000n })).toMatchObject({ desc: "Sea view", version: 8n });
    expect(() => revise(reserved, { price: 2n })).toThrow(expect.objectContaining({ reason: "ROOM_RESERVED" }));
  });

  test("deletes a room that nobody has reserved", () => {
    expect(remove(free)).toEqual({ ...free, status: ROOM_STATUS_DELETED, version: 8n });
    expect(() => remove(reserved)).toThrow(expect.objectContaining({ reason: "ROOM_RESERVED" }));
  });
});

test("each change of a review is a change of its room", () => {
  expect([1, 0, -1].map((more) => counted(free, more))).toEqual(
    [2, 1, 0].map((reviewCnt) => ({ ...free, reviewCnt, version: 8n })),
  );
});

test("only the author may change a review", () => {
  refuseStranger({ reviewId: "v", guestId: "kim" }, "kim");
  expect(() => refuseStranger({ reviewId: "v", guestId: "kim" }, "")).toThrow(
    expect.objectContaining({ reason: "NOT_REVIEW_AUTHOR" }),
  );
});
