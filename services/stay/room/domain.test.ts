import { expect, test } from "vitest";
import { type Room, RoomStatus } from "#gen/proto/stay/room/v1/room.ts";
import { revise, statusFor } from "./domain.ts";

test.each([
  [0, RoomStatus.ROOM_STATUS_AVAILABLE],
  [1, RoomStatus.ROOM_STATUS_RESERVED],
  [2, RoomStatus.ROOM_STATUS_RESERVED],
])("a room with %i standing reservations is %s", (standing, status) => {
  expect(statusFor(standing)).toBe(status);
});

test("a change of a room keeps the rest and is a version newer", () => {
  const room = { roomId: 1n, roomName: "a", price: 5n, roomStatus: RoomStatus.ROOM_STATUS_AVAILABLE, version: 3n };
  const revised = revise(room as Room & { version: bigint; createTime: Date; updateTime: Date }, { price: 6n });
  expect(revised).toEqual({ ...room, price: 6n, version: 4n });
});
