import type { Prisma, Room as Row } from "#gen/prisma/stay/room/client.ts";
import { RoomStatus } from "#gen/proto/stay/room/v1/room.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import type { Offer, Room } from "./domain.ts";

const roomStatus = enumColumn(RoomStatus, "ROOM_STATUS");

/** What reservation tells of a room. */
export interface Claim {
  readonly reservationNumber: bigint;
  readonly roomId: bigint;
  readonly cancelled: boolean;
}

/** The rooms, newest first, and who has claimed them. */
export class RoomStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  async insert({ roomName, price }: Offer): Promise<Room> {
    return toRoom(await this.#db.room.create({ data: { roomName, price } }));
  }

  async find(roomId: bigint): Promise<Room | undefined> {
    const row = await this.#db.room.findUnique({ where: { roomId } });
    return row ? toRoom(row) : undefined;
  }

  /** The room, which no other transaction can change until this one ends. */
  async findForUpdate(roomId: bigint): Promise<Room | undefined> {
    await this.#db.$executeRaw`SELECT 1 FROM room WHERE room_id = ${roomId} FOR UPDATE`;
    return this.find(roomId);
  }

  async update({ roomId, roomName, price, roomStatus: status, version }: Room): Promise<Room> {
    const data = { roomName, price, roomStatus: roomStatus.toColumn(status), version, updateTime: new Date() };
    return toRoom(await this.#db.room.update({ where: { roomId }, data }));
  }

  /** At most `take` rooms older than `before`, of one status or, for UNSPECIFIED, of any. */
  async page(status: RoomStatus, before: bigint | undefined, take: number): Promise<Room[]> {
    const where: Prisma.RoomWhereInput = {};
    if (status !== RoomStatus.ROOM_STATUS_UNSPECIFIED) where.roomStatus = roomStatus.toColumn(status);
    if (before !== undefined) where.roomId = { lt: before };
    const rows = await this.#db.room.findMany({ where, orderBy: { roomId: "desc" }, take });
    return rows.map(toRoom);
  }

  /** Remembers a claim. One that was cancelled stays so. */
  async claim(claim: Claim): Promise<void> {
    const { count } = await this.#db.claim.createMany({ data: [claim], skipDuplicates: true });
    if (count > 0 || !claim.cancelled) return;
    await this.#db.claim.update({ where: { reservationNumber: claim.reservationNumber }, data: { cancelled: true } });
  }

  countStanding(roomId: bigint): Promise<number> {
    return this.#db.claim.count({ where: { roomId, cancelled: false } });
  }
}

function toRoom(row: Row): Room {
  return { ...row, roomStatus: roomStatus.fromColumn(row.roomStatus) };
}
