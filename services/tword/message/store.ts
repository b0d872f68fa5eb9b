import type { Prisma, Message as Row } from "#gen/prisma/tword/message/client.ts";
import { MessageKind } from "#gen/proto/tword/message/v1/message.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import type { Draft, Message } from "./domain.ts";

const kind = enumColumn(MessageKind, "MESSAGE_KIND");

/** The messages, newest first. */
export class MessageStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** Keeps a message. @returns whether it is the first of its kind about the order */
  async insert(draft: Draft): Promise<boolean> {
    const data = [{ ...draft, kind: kind.toColumn(draft.kind) }];
    const { count } = await this.#db.message.createMany({ data, skipDuplicates: true });
    return count > 0;
  }

  /** Remembers who reads the messages of an order. */
  async address(orderId: bigint, customerId: string): Promise<void> {
    await this.#db.recipient.createMany({ data: [{ orderId, customerId }], skipDuplicates: true });
  }

  async find(messageId: bigint): Promise<Message | undefined> {
    const row = await this.#db.message.findUnique({ where: { messageId } });
    return row ? (await this.#addressed([row]))[0] : undefined;
  }

  /** At most `take` messages older than `before`; an order of 0 means any. */
  async page(orderId: bigint, before: bigint | undefined, take: number): Promise<Message[]> {
    const where: Prisma.MessageWhereInput = {};
    if (orderId !== 0n) where.orderId = orderId;
    if (before !== undefined) where.messageId = { lt: before };
    return this.#addressed(await this.#db.message.findMany({ where, orderBy: { messageId: "desc" }, take }));
  }

  async #addressed(rows: Row[]): Promise<Message[]> {
    const orderIds = [...new Set(rows.map((row) => row.orderId))];
    const recipients = await this.#db.recipient.findMany({ where: { orderId: { in: orderIds } } });
    const customerOf = new Map(recipients.map(({ orderId, customerId }) => [orderId, customerId]));
    return rows.map((row) => ({
      ...row,
      kind: kind.fromColumn(row.kind),
      recipient: customerOf.get(row.orderId) ?? "",
    }));
  }
}
