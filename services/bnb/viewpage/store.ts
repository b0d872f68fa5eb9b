import type { Prisma, RoomView as RoomRow, Stay as StayRow } from "#gen/prisma/bnb/viewpage/client.ts";
import { PaymentStatus } from "#gen/proto/bnb/payment/v1/payment.ts";
import { ReservationStatus } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import { RoomStatus } from "#gen/proto/bnb/room/v1/room.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import type { RoomFacts, Stay } from "./domain.ts";

const roomStatus = enumColumn(RoomStatus, "ROOM_STATUS");
const reservationStatus = enumColumn(ReservationStatus, "RESERVATION_STATUS");
const paymentStatus = enumColumn(PaymentStatus, "PAYMENT_STATUS");

/** A room with its newest reservation that was ever confirmed. */
export interface RoomPage {
  readonly room: RoomFacts;
  readonly stay: Stay | undefined;
}

/** The pages, newest room first: rooms and reservations as events tell of them, each apart, and joined when they are read. */
export class ViewStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** Makes other transactions about the same room or reservation wait, also when it has no row yet. */
  async lock(id: string): Promise<void> {
    await this.#db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${id}, 0))`;
  }

  async findRoom(roomId: string): Promise<RoomFacts | undefined> {
    const row = await this.#db.roomView.findUnique({ where: { roomId } });
    return row ? toRoom(row) : undefined;
  }

  async saveRoom(room: RoomFacts): Promise<void> {
    const isKnown = room.status !== RoomStatus.ROOM_STATUS_UNSPECIFIED;
    const row = { ...room, status: isKnown ? roomStatus.toColumn(room.status) : null };
    await this.#db.roomView.upsert({ where: { roomId: room.roomId }, create: row, update: row });
  }

  async findStay(rsvId: string): Promise<Stay | undefined> {
    const row = await this.#db.stay.findUnique({ where: { rsvId } });
    return row ? toStay(row) : undefined;
  }

  async saveStay(stay: Stay): Promise<void> {
    const isConfirmed = stay.rsvStatus !== ReservationStatus.RESERVATION_STATUS_UNSPECIFIED;
    const isPaid = stay.payStatus !== PaymentStatus.PAYMENT_STATUS_UNSPECIFIED;
    const row = {
      ...stay,
      roomId: stay.roomId || null,
      rsvStatus: isConfirmed ? toReservationColumn(stay.rsvStatus) : null,
      payId: stay.payId || null,
      payStatus: isPaid ? paymentStatus.toColumn(stay.payStatus) : null,
    };
    await this.#db.stay.upsert({ where: { rsvId: stay.rsvId }, create: row, update: row });
  }

  /** The page of a room that is not deleted. */
  async find(roomId: string): Promise<RoomPage | undefined> {
    const room = await this.findRoom(roomId);
    if (!room || room.status === RoomStatus.ROOM_STATUS_DELETED) return undefined;
    return (await this.#withStays([room]))[0];
  }

  /** At most `take` pages of rooms older than `before`; UNSPECIFIED means any status. */
  async page(status: RoomStatus, before: string | undefined, take: number): Promise<RoomPage[]> {
    if (status === RoomStatus.ROOM_STATUS_DELETED) return [];
    const isAny = status === RoomStatus.ROOM_STATUS_UNSPECIFIED;
    const where: Prisma.RoomViewWhereInput = isAny
      ? { OR: [{ status: null }, { status: { not: "DELETED" } }] }
      : { status: roomStatus.toColumn(status) };
    if (before !== undefined) where.roomId = { lt: before };
    const rows = await this.#db.roomView.findMany({ where, orderBy: { roomId: "desc" }, take });
    return this.#withStays(rows.map(toRoom));
  }

  async #withStays(rooms: readonly RoomFacts[]): Promise<RoomPage[]> {
    const newest = await this.#db.$queryRaw<{ rsvId: string }[]>`
      SELECT DISTINCT ON (room_id) rsv_id::text AS "rsvId" FROM stay
      WHERE room_id = ANY(${rooms.map(({ roomId }) => roomId)}::uuid[]) ORDER BY room_id, room_seq DESC`;
    const rows = await this.#db.stay.findMany({ where: { rsvId: { in: newest.map(({ rsvId }) => rsvId) } } });
    const stays = new Map(rows.map((row) => [row.roomId, toStay(row)]));
    return rooms.map((room) => ({ room, stay: stays.get(room.roomId) }));
  }
}

function toRoom(row: RoomRow): RoomFacts {
  const status = row.status === null ? RoomStatus.ROOM_STATUS_UNSPECIFIED : roomStatus.fromColumn(row.status);
  return { ...row, status };
}

function toStay({ rsvStatus, payStatus, ...row }: StayRow): Stay {
  return {
    ...row,
    roomId: row.roomId ?? "",
    rsvStatus: rsvStatus ? reservationStatus.fromColumn(rsvStatus) : ReservationStatus.RESERVATION_STATUS_UNSPECIFIED,
    payId: row.payId ?? "",
    payStatus: payStatus ? paymentStatus.fromColumn(payStatus) : PaymentStatus.PAYMENT_STATUS_UNSPECIFIED,
  };
}

function toReservationColumn(status: ReservationStatus): NonNullable<StayRow["rsvStatus"]> {
  const column = reservationStatus.toColumn(status);
  if (column === "PENDING_PAYMENT" || column === "REJECTED") throw new Error("no event tells of such a reservation");
  return column;
}
