import type { Prisma, Notice as Row } from "#gen/prisma/stay/notice/client.ts";
import { NoticeKind } from "#gen/proto/stay/notice/v1/notice.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import type { Draft, Notice } from "./domain.ts";

const noticeKind = enumColumn(NoticeKind, "NOTICE_KIND");
const withRecipient = { recipient: true } as const;

/** The notices, newest first. */
export class NoticeStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** Remembers who reads the notices of a reservation; an empty customer is not known yet. */
  async address(reservationNumber: bigint, customerId: string): Promise<void> {
    const data = [{ reservationNumber, customerId }];
    const { count } = await this.#db.recipient.createMany({ data, skipDuplicates: true });
    if (count > 0 || customerId === "") return;
    await this.#db.recipient.update({ where: { reservationNumber }, data: { customerId } });
  }

  /** Keeps a notice to somebody who was addressed. @returns whether it is the first of its kind about the reservation */
  async insert(draft: Draft): Promise<boolean> {
    const data = [{ ...draft, kind: noticeKind.toColumn(draft.kind) }];
    const { count } = await this.#db.notice.createMany({ data, skipDuplicates: true });
    return count > 0;
  }

  async find(noticeId: bigint): Promise<Notice | undefined> {
    const row = await this.#db.notice.findUnique({ where: { noticeId }, include: withRecipient });
    return row ? toNotice(row) : undefined;
  }

  /** At most `take` notices older than `before`; an empty customer means any. */
  async page(customerId: string, before: bigint | undefined, take: number): Promise<Notice[]> {
    const where: Prisma.NoticeWhereInput = {};
    if (customerId !== "") where.recipient = { customerId };
    if (before !== undefined) where.noticeId = { lt: before };
    const rows = await this.#db.notice.findMany({ where, include: withRecipient, orderBy: { noticeId: "desc" }, take });
    return rows.map(toNotice);
  }
}

function toNotice({ recipient, ...row }: Row & { recipient: { customerId: string } }): Notice {
  return { ...row, kind: noticeKind.fromColumn(row.kind), customerId: recipient.customerId };
}
