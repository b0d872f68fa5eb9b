import type { Prisma, Room as Row } from "#gen/prisma/bnb/room/client.ts";
import { RoomStatus } from "#gen/proto/bnb/room/v1/room.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import { LostUpdate } from "#mesh/service/errors.ts";
import { uuidv7 } from "#mesh/service/uuid.ts";
import type { Offer, Opinion, Review, Room } from "./domain.ts";

const roomStatus = enumColumn(RoomStatus, "ROOM_STATUS");

/** A reservation that was confirmed once. */
export interface ConfirmedStay {
  readonly rsvId: string;
  readonly roomId: string;
  readonly guestId: string;
}

/** The rooms, their reviews, both newest first, and who stayed where. */
export class RoomStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  async insert({ desc, price, hostId }: Offer): Promise<Room> {
    return toRoom(await this.#db.room.create({ data: { roomId: uuidv7(), desc, price, hostId } }));
  }

  async find(roomId: string): Promise<Room | undefined> {
    const row = await this.#db.room.findUnique({ where: { roomId } });
    return row ? toRoom(row) : undefined;
  }

  /** The room, which no other transaction can change until this one ends. */
  async findForUpdate(roomId: string): Promise<Room | undefined> {
    await this.#db.$executeRaw`SELECT 1 FROM room WHERE room_id = ${roomId}::uuid FOR UPDATE`;
    return this.find(roomId);
  }

  /** Writes a room that was changed from the version before; somebody else's change in between is a LostUpdate. */
  async update({ roomId, desc, price, status, reviewCnt, rsvId, roomSeq, version }: Room): Promise<Room> {
    const [row] = await this.#db.room.updateManyAndReturn({
      where: { roomId, version: version - 1n },
      data: {
        ...{ desc, price, reviewCnt, roomSeq, version },
        status: roomStatus.toColumn(status),
        rsvId: rsvId ?? null,
        updateTime: new Date(),
      },
    });
    if (!row) throw new LostUpdate();
    return toRoom(row);
  }

  /** At most `take` rooms older than `before`; UNSPECIFIED means all that are not deleted. */
  async page(status: RoomStatus, before: string | undefined, take: number): Promise<Room[]> {
    const isAny = status === RoomStatus.ROOM_STATUS_UNSPECIFIED;
    const where: Prisma.RoomWhereInput = { status: isAny ? { not: "DELETED" } : roomStatus.toColumn(status) };
    if (before !== undefined) where.roomId = { lt: before };
    const rows = await this.#db.room.findMany({ where, orderBy: { roomId: "desc" }, take });
    return rows.map(toRoom);
  }

  insertReview({ roomId, guestId, content, rating }: Opinion): Promise<Review> {
    return this.#db.review.create({ data: { reviewId: uuidv7(), roomId, guestId, content, rating } });
  }

  async findReview(reviewId: string): Promise<Review | undefined> {
    return (await this.#db.review.findUnique({ where: { reviewId } })) ?? undefined;
  }

  updateReview(reviewId: string, change: Partial<Pick<Opinion, "content" | "rating">>): Promise<Review> {
    return this.#db.review.update({ where: { reviewId }, data: { ...change, updateTime: new Date() } });
  }

  async deleteReview(reviewId: string): Promise<void> {
    await this.#db.review.delete({ where: { reviewId } });
  }

  /** At most `take` reviews older than `before`; an empty room means any. */
  pageReviews(roomId: string, before: string | undefined, take: number): Promise<Review[]> {
    const where: Prisma.ReviewWhereInput = {};
    if (roomId !== "") where.roomId = roomId;
    if (before !== undefined) where.reviewId = { lt: before };
    return this.#db.review.findMany({ where, orderBy: { reviewId: "desc" }, take });
  }

  /** Remembers who stayed where. A cancel that was heard of first stays. */
  async keepStay(stay: ConfirmedStay): Promise<void> {
    const { rsvId, roomId, guestId } = stay;
    await this.#db.confirmedStay.createMany({
      data: [{ rsvId, roomId, guestId, cancelled: false }],
      skipDuplicates: true,
    });
  }

  async cancelStay({ rsvId, roomId, guestId }: ConfirmedStay): Promise<void> {
    const cancelled = true;
    await this.#db.confirmedStay.upsert({
      where: { rsvId },
      create: { rsvId, roomId, guestId, cancelled },
      update: { cancelled },
    });
  }

  async hasStayed(guestId: string, roomId: string): Promise<boolean> {
    return (await this.#db.confirmedStay.findFirst({ where: { guestId, roomId, cancelled: false } })) !== null;
  }
}

function toRoom(row: Row): Room {
  return { ...row, status: roomStatus.fromColumn(row.status), rsvId: row.rsvId ?? undefined };
}
