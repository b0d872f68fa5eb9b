import { MessageKind } from "#gen/proto/tword/message/v1/message.ts";

/** A message that was sent. */
export interface Message {
  readonly messageId: bigint;
  readonly orderId: bigint;
  readonly kind: MessageKind;
  readonly content: string;
  readonly recipient: string;
  readonly eventId: string;
  readonly createTime: Date;
}

/** The phone of an order, as every event names it. */
export interface Subject {
  readonly orderId: bigint;
  readonly shopId: bigint;
  readonly eqpSernum: bigint;
}

export type Draft = Pick<Message, "orderId" | "kind" | "content" | "eventId">;

const sentences = {
  [MessageKind.MESSAGE_KIND_ORDERED]: "주문이 완료되었습니다.",
  [MessageKind.MESSAGE_KIND_ORDER_CANCELLED]: "주문이 취소되었습니다.",
  [MessageKind.MESSAGE_KIND_DELIVERY_STARTED]: "배송이 시작되었습니다.",
} as const;

/** What the customer reads about a change of the order. */
export function compose(kind: keyof typeof sentences, subject: Subject, eventId: string): Draft {
  const { orderId, shopId, eqpSernum } = subject;
  const content = `[Tword Direct] 주문 ${orderId}번 (대리점 ${shopId}, 일련번호 ${eqpSernum}): ${sentences[kind]}`;
  return { orderId, kind, content, eventId };
}
