import type { Prisma, Message as Row } from "#gen/prisma/bnb/message/client.ts";
import { MessageKind } from "#gen/proto/bnb/message/v1/message.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import { uuidv7 } from "#mesh/service/uuid.ts";
import type { Draft, Message } from "./domain.ts";

const messageKind = enumColumn(MessageKind, "MESSAGE_KIND");

/** The messages, newest first. */
export class MessageStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** Keeps a message. @returns whether it is the first of its kind about the reservation */
  async insert(draft: Draft): Promise<boolean> {
    const data = [{ ...draft, msgId: uuidv7(), kind: messageKind.toColumn(draft.kind) }];
    const { count } = await this.#db.message.createMany({ data, skipDuplicates: true });
    return count > 0;
  }

  async find(msgId: string): Promise<Message | undefined> {
    const row = await this.#db.message.findUnique({ where: { msgId } });
    return row ? toMessage(row) : undefined;
  }

  /** At most `take` messages older than `before`; an empty reservation means any. */
  async page(rsvId: string, before: string | undefined, take: number): Promise<Message[]> {
    const where: Prisma.MessageWhereInput = {};
    if (rsvId !== "") where.rsvId = rsvId;
    if (before !== undefined) where.msgId = { lt: before };
    const rows = await this.#db.message.findMany({ where, orderBy: { msgId: "desc" }, take });
    return rows.map(toMessage);
  }
}

function toMessage(row: Row): Message {
  return { ...row, kind: messageKind.fromColumn(row.kind) };
}
