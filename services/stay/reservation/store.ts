import type { Prisma, Reservation as Row } from "#gen/prisma/stay/reservation/client.ts";
import { RoomStatus } from "#gen/proto/stay/room/v1/room.ts";
import { PromotionService, ReserveStatus } from "#gen/proto/stay/type/v1/type.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import type { Gift, Reservation, Wish } from "./domain.ts";

const reserveStatus = enumColumn(ReserveStatus, "RESERVE_STATUS");
const promotionService = enumColumn(PromotionService, "PROMOTION_SERVICE");
const roomStatus = enumColumn(RoomStatus, "ROOM_STATUS");

/** A reservation with what its sagas remember. */
export interface KeptReservation extends Reservation {
  /** The requests that asked for the payment and for the cancel; empty without one. */
  readonly payRequestId: string;
  readonly cancelRequestId: string;
}

/** A room as its events tell it. */
export interface RoomCopy {
  readonly roomId: bigint;
  readonly roomName: string;
  readonly price: bigint;
  readonly roomStatus: RoomStatus;
  readonly version: bigint;
}

/** What changes when a reservation moves on. */
export type Change = Partial<
  Pick<KeptReservation, "paymentId" | "promotionDeferred" | "payRequestId" | "cancelRequestId">
> & {
  /** undefined: it stays; null: it is taken back. */
  readonly gift?: Gift | null;
};

/** The reservations, newest first, and the rooms that can be reserved. */
export class ReservationStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** The new reservation; undefined when the room has one that is not cancelled. */
  async insert(wish: Wish, paymentPrice: bigint): Promise<KeptReservation | undefined> {
    const { roomId, customerId, customerName } = wish;
    const [row] = await this.#db.reservation.createManyAndReturn({
      data: [{ roomId, customerId, customerName, paymentPrice, reserveStatus: "RESERVED" }],
      skipDuplicates: true,
    });
    return row && toReservation(row);
  }

  async find(reservationNumber: bigint): Promise<KeptReservation | undefined> {
    const row = await this.#db.reservation.findUnique({ where: { reservationNumber } });
    return row ? toReservation(row) : undefined;
  }

  /** The reservation, which no other transaction can change until this one ends. */
  async findForUpdate(reservationNumber: bigint): Promise<KeptReservation | undefined> {
    await this.#db.$executeRaw`SELECT 1 FROM reservation WHERE reservation_number = ${reservationNumber} FOR UPDATE`;
    return this.find(reservationNumber);
  }

  /** Whether this request pays, or cancels, another reservation. Until this transaction ends, no other one can ask for the same id. */
  async isOfAnother(
    reservationNumber: bigint,
    request: Pick<KeptReservation, "payRequestId"> | Pick<KeptReservation, "cancelRequestId">,
  ): Promise<boolean> {
    const name = JSON.stringify(request);
    await this.#db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
    const where = { ...request, reservationNumber: { not: reservationNumber } };
    return (await this.#db.reservation.findFirst({ where })) !== null;
  }

  async update(reservationNumber: bigint, to: ReserveStatus, change: Change = {}): Promise<KeptReservation> {
    const { gift, ...fields } = change;
    const now = new Date();
    const row = await this.#db.reservation.update({
      where: { reservationNumber },
      data: {
        ...fields,
        ...(gift === undefined ? {} : toColumns(gift)),
        reserveStatus: reserveStatus.toColumn(to),
        version: { increment: 1n },
        updateTime: now,
        stepTime: now,
      },
    });
    return toReservation(row);
  }

  /** The reservation whose saga has stood still for longest since before `olderThan`, now touched so that nobody else takes it too. */
  async claimUnfinished(olderThan: Date): Promise<KeptReservation | undefined> {
    const [claimed] = await this.#db.$queryRaw<{ reservationNumber: bigint }[]>`
      UPDATE reservation SET step_time = now() WHERE reservation_number = (
        SELECT reservation_number FROM reservation
        WHERE reserve_status IN ('PAYMENT_REQUESTED', 'CANCEL_REQUESTED') AND step_time < ${olderThan}
        ORDER BY step_time LIMIT 1 FOR UPDATE SKIP LOCKED
      ) RETURNING reservation_number AS "reservationNumber"`;
    return claimed && this.find(claimed.reservationNumber);
  }

  /** At most `take` reservations older than `before`; an empty customer means any. */
  async page(customerId: string, before: bigint | undefined, take: number): Promise<KeptReservation[]> {
    const where: Prisma.ReservationWhereInput = {};
    if (customerId !== "") where.customerId = customerId;
    if (before !== undefined) where.reservationNumber = { lt: before };
    const rows = await this.#db.reservation.findMany({ where, orderBy: { reservationNumber: "desc" }, take });
    return rows.map(toReservation);
  }

  async findRoom(roomId: bigint): Promise<RoomCopy | undefined> {
    const row = await this.#db.roomCopy.findUnique({ where: { roomId } });
    return row ? { ...row, roomStatus: roomStatus.fromColumn(row.roomStatus) } : undefined;
  }

  /** Keeps a room as it is told, unless something newer is known. */
  async learn({ roomStatus: status, ...room }: RoomCopy): Promise<void> {
    const row = { ...room, roomStatus: roomStatus.toColumn(status) };
    const { count } = await this.#db.roomCopy.createMany({ data: [row], skipDuplicates: true });
    if (count > 0) return;
    await this.#db.roomCopy.updateMany({ where: { roomId: room.roomId, version: { lt: room.version } }, data: row });
  }
}

function toColumns(gift: Gift | null) {
  if (!gift) return { couponId: null, promotionService: null, point: 0n };
  return { ...gift, promotionService: promotionService.toColumn(gift.promotionService) };
}

function toReservation({ stepTime: _internal, ...row }: Row): KeptReservation {
  return {
    ...row,
    reserveStatus: reserveStatus.fromColumn(row.reserveStatus),
    paymentId: row.paymentId ?? 0n,
    couponId: row.couponId ?? 0n,
    promotionService: row.promotionService
      ? promotionService.fromColumn(row.promotionService)
      : PromotionService.PROMOTION_SERVICE_UNSPECIFIED,
    payRequestId: row.payRequestId ?? "",
    cancelRequestId: row.cancelRequestId ?? "",
  };
}
