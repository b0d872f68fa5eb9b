import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Room, RoomServiceService, RoomStatus } from "#gen/proto/stay/room/v1/room.ts";
import { Code } from "#mesh/service/codes.ts";
import { expectPages } from "#mesh/testing/expect-pages.ts";
import { rowsOf } from "#mesh/testing/placed-service.ts";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { startRoom, type WithSql } from "../in-process.ts";

const { createRoom, updateRoom, getRoom, listRooms } = RoomServiceService;
const { ROOM_STATUS_AVAILABLE, ROOM_STATUS_RESERVED } = RoomStatus;

let postgres: TestPostgres;
let service: WithSql;
beforeAll(async () => {
  postgres = await testPostgres();
  service = await startRoom({ url: postgres.freshUrl() });
});
afterAll(async () => {
  await service?.stop();
  await postgres?.[Symbol.asyncDispose]();
});

const create = (roomName: string, requestId = "") =>
  service.caller.call(createRoom, { room: Room.fromPartial({ roomName, price: 5n }), requestId });
const eventsOf = (roomId: bigint) =>
  rowsOf(service, "SELECT subject, aggregate_version FROM mesh.outbox WHERE aggregate_id = $1 ORDER BY position", [
    String(roomId),
  ]);

describe("a repeated request_id", () => {
  it("registers once and changes once, one after the other and all at once", async () => {
    const requestId = randomUUID();
    const made = await Promise.all(Array.from({ length: 8 }, () => create("Suite", requestId)));
    made.push(await create("Suite", requestId));
    for (const answer of made) expect(answer).toMatchObject({ code: Code.OK, response: made[0]?.response });
    const roomId = made[0]?.response?.roomId ?? 0n;

    const change = { room: Room.fromPartial({ roomId, price: 9n }), updateMask: ["price"], requestId: randomUUID() };
    const changed = await Promise.all(Array.from({ length: 8 }, () => service.caller.call(updateRoom, change)));
    for (const answer of changed) expect(answer).toMatchObject({ code: Code.OK, response: changed[0]?.response });
    expect(await eventsOf(roomId)).toEqual([
      ["room.RoomRegistered", "1"],
      ["room.RoomUpdated", "2"],
    ]);
    expect((await service.caller.call(getRoom, { roomId })).response).toMatchObject({ roomName: "Suite", price: 9n });
  });
});

it("takes twelve changes at once one after the other, each a version newer", async () => {
  const roomId = (await create("Busy")).response?.roomId ?? 0n;
  const change = (price: bigint) =>
    service.caller.call(updateRoom, { room: Room.fromPartial({ roomId, price }), updateMask: ["price"] });
  const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => change(BigInt(index + 1))));
  for (const { code } of answers) expect(code).toBe(Code.OK);
  const versions = (await eventsOf(roomId)).map(([, version]) => version);
  expect(versions).toEqual(Array.from({ length: 13 }, (_, index) => String(index + 1)));
});

it("lists rooms of a status page by page, newest first", async () => {
  const { rows } = await service.sql.query<{ room_id: string }>(
    "INSERT INTO room (room_name, price, room_status) SELECT 'r', 1, 'RESERVED' FROM generate_series(1, 3) RETURNING room_id",
  );
  await expectPages(
    (roomStatus: RoomStatus, page) => service.caller.call(listRooms, { roomStatus, ...page }),
    ({ rooms }) => rooms.map(({ roomId }) => roomId),
    {
      ids: rows.map(({ room_id }) => BigInt(room_id)).reverse(),
      filter: ROOM_STATUS_RESERVED,
      other: ROOM_STATUS_AVAILABLE,
    },
  );
});
