import { expect, test } from "vitest";
import { MessageKind } from "#gen/proto/bnb/message/v1/message.ts";
import { compose } from "./domain.ts";

const stay = { rsvId: "r-1", roomId: "room-1", guestId: "kim" };

test.each([
  [MessageKind.MESSAGE_KIND_RESERVED, "[bnb] 예약 r-1: 예약이 완료되었습니다."],
  [MessageKind.MESSAGE_KIND_CANCELLED, "[bnb] 예약 r-1: 예약이 취소되고 결제가 환불되었습니다."],
] as const)("kind %s tells the guest: %s", (kind, content) => {
  expect(compose(kind, stay)).toEqual({ rsvId: "r-1", roomId: "room-1", recipient: "kim", kind, content });
});
