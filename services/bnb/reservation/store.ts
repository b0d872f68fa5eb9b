import type { Prisma, Reservation as Row } from "#gen/prisma/bnb/reservation/client.ts";
import { ReservationStatus } from "#gen/proto/bnb/reservation/v1/reservation.ts";
import type { IdempotencyKey } from "#mesh/service/call.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import { uuidv7 } from "#mesh/service/uuid.ts";
import { openStatuses, type Reservation, type Wish } from "./domain.ts";

const reservationStatus = enumColumn(ReservationStatus, "RESERVATION_STATUS");
const open = { in: openStatuses.map(reservationStatus.toColumn) };

/** A reservation with what its saga remembers. */
export interface KeptReservation extends Reservation {
  /** What the request that asked for it said, as a hash; empty without a request id. */
  readonly requestHash: Uint8Array;
  /** The request has come again while nothing was decided: two attempts may be paying. */
  readonly repeated: boolean;
  /** It will be rejected, once payment has said that nothing of it is paid. */
  readonly givenUp: boolean;
}

/** The reservations, newest first. */
export class ReservationStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** Makes other transactions with the same name wait until this one ends. */
  async lock(name: string): Promise<void> {
    await this.#db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
  }

  /** Keeps a room, as the next of its reservations. Two at a time would take the same number: lock the room first. */
  async insert({ roomId, guestId }: Wish, key: IdempotencyKey | undefined): Promise<KeptReservation> {
    const { _max } = await this.#db.reservation.aggregate({ where: { roomId }, _max: { roomSeq: true } });
    const row = await this.#db.reservation.create({
      data: {
        rsvId: uuidv7(),
        roomId,
        guestId,
        roomSeq: (_max.roomSeq ?? 0n) + 1n,
        requestId: key?.requestId ?? null,
        requestHash: key ? new Uint8Array(key.fingerprint) : null,
      },
    });
    return toReservation(row);
  }

  async isTaken(roomId: string): Promise<boolean> {
    return (await this.#db.reservation.findFirst({ where: { roomId, status: open } })) !== null;
  }

  countOpen(guestId: string): Promise<number> {
    return this.#db.reservation.count({ where: { guestId, status: open } });
  }

  async find(rsvId: string): Promise<KeptReservation | undefined> {
    const row = await this.#db.reservation.findUnique({ where: { rsvId } });
    return row ? toReservation(row) : undefined;
  }

  async findByRequest(requestId: string): Promise<KeptReservation | undefined> {
    const row = await this.#db.reservation.findUnique({ where: { requestId } });
    return row ? toReservation(row) : undefined;
  }

  /** The reservation, which no other transaction can change until this one ends. */
  async findForUpdate(rsvId: string): Promise<KeptReservation | undefined> {
    await this.#db.$executeRaw`SELECT 1 FROM reservation WHERE rsv_id = ${rsvId}::uuid FOR UPDATE`;
    return this.find(rsvId);
  }

  /** Moves a reservation on. */
  async move(rsvId: string, to: ReservationStatus, data: Prisma.ReservationUpdateInput = {}): Promise<KeptReservation> {
    const now = new Date();
    const row = await this.#db.reservation.update({
      where: { rsvId },
      data: {
        ...data,
        status: reservationStatus.toColumn(to),
        version: { increment: 1n },
        updateTime: now,
        stepTime: now,
      },
    });
    return toReservation(row);
  }

  /** Notes what the saga must remember, without a change that others see. */
  async note(rsvId: string, data: Pick<Prisma.ReservationUpdateInput, "repeated" | "givenUp" | "stepTime">) {
    return toReservation(await this.#db.reservation.update({ where: { rsvId }, data }));
  }

  /**
   * The reservation whose saga has stood still for longest since before `olderThan`, now touched, so that nobody else takes it too. One that is
   * not paid is given up, so that nobody completes it.
   */
  async claimUnfinished(olderThan: Date): Promise<KeptReservation | undefined> {
    const [claimed] = await this.#db.$queryRaw<{ rsvId: string }[]>`
      UPDATE reservation SET step_time = now(), given_up = (status = 'PENDING_PAYMENT') WHERE rsv_id = (
        SELECT rsv_id FROM reservation
        WHERE status IN ('PENDING_PAYMENT', 'CANCEL_REQUESTED') AND step_time < ${olderThan}
        ORDER BY step_time LIMIT 1 FOR UPDATE SKIP LOCKED
      ) RETURNING rsv_id::text AS "rsvId"`;
    return claimed && this.find(claimed.rsvId);
  }

  /** At most `take` reservations older than `before`; an empty guest and an empty room mean any. */
  async page(
    filter: { guestId: string; roomId: string },
    before: string | undefined,
    take: number,
  ): Promise<KeptReservation[]> {
    const where: Prisma.ReservationWhereInput = {};
    if (filter.guestId !== "") where.guestId = filter.guestId;
    if (filter.roomId !== "") where.roomId = filter.roomId;
    if (before !== undefined) where.rsvId = { lt: before };
    const rows = await this.#db.reservation.findMany({ where, orderBy: { rsvId: "desc" }, take });
    return rows.map(toReservation);
  }
}

function toReservation({ requestId: _requestId, stepTime: _stepTime, ...row }: Row): KeptReservation {
  return {
    ...row,
    status: reservationStatus.fromColumn(row.status),
    payId: row.payId ?? "",
    requestHash: row.requestHash ?? new Uint8Array(),
  };
}
