import { MessageKind } from "#gen/proto/bnb/message/v1/message.ts";

/** A message that was sent. */
export interface Message {
  readonly msgId: string;
  readonly rsvId: string;
  readonly roomId: string;
  readonly recipient: string;
  readonly kind: MessageKind;
  readonly content: string;
  readonly createTime: Date;
}

/** A reservation, as events tell of it. */
export interface Subject {
  readonly rsvId: string;
  readonly roomId: string;
  readonly guestId: string;
}

export type Draft = Omit<Message, "msgId" | "createTime">;

const sentences = {
  [MessageKind.MESSAGE_KIND_RESERVED]: "예약이 완료되었습니다.",
  [MessageKind.MESSAGE_KIND_CANCELLED]: "예약이 취소되고 결제가 환불되었습니다.",
} as const;

/** What the guest reads about a change of the reservation. */
export function compose(kind: keyof typeof sentences, { rsvId, roomId, guestId: recipient }: Subject): Draft {
  return { rsvId, roomId, recipient, kind, content: `[bnb] 예약 ${rsvId}: ${sentences[kind]}` };
}
