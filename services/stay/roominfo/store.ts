import type { Prisma, RoomInfo as Row } from "#gen/prisma/stay/roominfo/client.ts";
import { PaymentStatus, PromotionService } from "#gen/proto/stay/type/v1/type.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import type { Page, PaymentPart, PromotionPart, ReservationPart } from "./domain.ts";

const paymentStatus = enumColumn(PaymentStatus, "PAYMENT_STATUS");
const promotionService = enumColumn(PromotionService, "PROMOTION_SERVICE");

/** Which reservation an event is about, and how new it is. */
export interface News {
  readonly reservationNumber: bigint;
  readonly version: bigint;
}

/** The pages, newest reservation first. Each part keeps what was told last, however late something older comes. */
export class RoomInfoStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  async tellReservation({ reservationNumber, version }: News, part: ReservationPart): Promise<void> {
    await this.#begin(reservationNumber);
    const where = { reservationNumber, reservationVersion: { lt: version } };
    await this.#db.roomInfo.updateMany({ where, data: { ...part, reservationVersion: version } });
  }

  async tellPayment({ reservationNumber, version }: News, part: PaymentPart): Promise<void> {
    await this.#begin(reservationNumber);
    const { paymentId, paymentPrice } = part;
    const data = { paymentId, paymentPrice, paymentStatus: paymentStatus.toColumn(part.paymentStatus) };
    const where = { reservationNumber, paymentVersion: { lt: version } };
    await this.#db.roomInfo.updateMany({ where, data: { ...data, paymentVersion: version } });
  }

  /** @param receipt what a promotion repeats of the reservation and its payment, for as long as they have not told themselves */
  async tellPromotion(
    { reservationNumber, version }: News,
    part: PromotionPart,
    receipt?: Omit<ReservationPart, "roomId" | "cancelled"> & PaymentPart,
  ): Promise<void> {
    await this.#begin(reservationNumber);
    if (receipt) {
      const { customerId, customerName, paymentId, paymentPrice } = receipt;
      const reservation = { customerId, customerName, paymentPrice };
      await this.#db.roomInfo.updateMany({ where: { reservationNumber, reservationVersion: 0n }, data: reservation });
      const payment = { paymentId, paymentPrice, paymentStatus: paymentStatus.toColumn(receipt.paymentStatus) };
      await this.#db.roomInfo.updateMany({ where: { reservationNumber, paymentVersion: 0n }, data: payment });
    }
    const data = { ...part, service: promotionService.toColumn(part.service), promotionVersion: version };
    await this.#db.roomInfo.updateMany({ where: { reservationNumber, promotionVersion: { lt: version } }, data });
  }

  async tellRoom({ roomId, roomName, version }: { roomId: bigint; roomName: string; version: bigint }): Promise<void> {
    const { count } = await this.#db.roomName.createMany({
      data: [{ roomId, roomName, version }],
      skipDuplicates: true,
    });
    if (count > 0) return;
    await this.#db.roomName.updateMany({ where: { roomId, version: { lt: version } }, data: { roomName, version } });
  }

  async find(reservationNumber: bigint): Promise<Page | undefined> {
    const row = await this.#db.roomInfo.findUnique({ where: { reservationNumber } });
    return row ? (await this.#named([row]))[0] : undefined;
  }

  /** At most `take` pages of reservations older than `before`; an empty customer means any. */
  async page(customerId: string, before: bigint | undefined, take: number): Promise<Page[]> {
    const where: Prisma.RoomInfoWhereInput = {};
    if (customerId !== "") where.customerId = customerId;
    if (before !== undefined) where.reservationNumber = { lt: before };
    return this.#named(await this.#db.roomInfo.findMany({ where, orderBy: { reservationNumber: "desc" }, take }));
  }

  async #begin(reservationNumber: bigint): Promise<void> {
    await this.#db.roomInfo.createMany({ data: [{ reservationNumber }], skipDuplicates: true });
  }

  async #named(rows: Row[]): Promise<Page[]> {
    const roomIds = [...new Set(rows.flatMap(({ roomId }) => roomId ?? []))];
    const names = await this.#db.roomName.findMany({ where: { roomId: { in: roomIds } } });
    const nameOf = new Map(names.map(({ roomId, roomName }) => [roomId, roomName]));
    return rows.map((row) => toPage(row, nameOf.get(row.roomId ?? 0n) ?? ""));
  }
}

function toPage(row: Row, roomName: string): Page {
  const { reservationVersion: _reservation, paymentVersion: _payment, promotionVersion: _promotion, ...page } = row;
  return {
    ...page,
    roomName,
    roomId: row.roomId ?? 0n,
    customerId: row.customerId ?? "",
    customerName: row.customerName ?? "",
    paymentPrice: row.paymentPrice ?? 0n,
    paymentId: row.paymentId ?? 0n,
    couponId: row.couponId ?? 0n,
    paymentStatus: row.paymentStatus
      ? paymentStatus.fromColumn(row.paymentStatus)
      : PaymentStatus.PAYMENT_STATUS_UNSPECIFIED,
    service: row.service ? promotionService.fromColumn(row.service) : PromotionService.PROMOTION_SERVICE_UNSPECIFIED,
  };
}
