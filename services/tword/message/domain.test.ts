import { expect, test } from "vitest";
import { MessageKind } from "#gen/proto/tword/message/v1/message.ts";
import { compose } from "./domain.ts";

test.each([
  [MessageKind.MESSAGE_KIND_ORDERED, "주문이 완료되었습니다."],
  [MessageKind.MESSAGE_KIND_ORDER_CANCELLED, "주문이 취소되었습니다."],
  [MessageKind.MESSAGE_KIND_DELIVERY_STARTED, "배송이 시작되었습니다."],
] as const)("message %s names the order and says what happened", (kind, sentence) => {
  const message = compose(kind, { orderId: 7n, shopId: 1n, eqpSernum: 5n }, "event-1");
  expect(message).toEqual({
    orderId: 7n,
    kind,
    content: `[Tword Direct] 주문 7번 (대리점 1, 일련번호 5): ${sentence}`,
    eventId: "event-1",
  });
});
