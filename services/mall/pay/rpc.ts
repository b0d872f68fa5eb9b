import type { PayServiceService } from "#gen/proto/mall/pay/v1/pay.ts";
import { crashPoint } from "#mesh/service/crash-point.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { cancelPay } from "./cancelling.ts";
import { completeCheck, openCheck, type SagaParts, takeStock } from "./checking.ts";
import { isOwnCheck } from "./domain.ts";
import { refuse } from "./errors.ts";
import { toMessage } from "./message.ts";

export function rpc(parts: SagaParts): Handlers<typeof PayServiceService> {
  const { database } = parts;
  return {
    async getPay({ payId }) {
      const pay = await database.store.find(payId);
      if (!pay) throw refuse.PAY_NOT_FOUND({ payId });
      return toMessage(pay);
    },

    async listPays(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.status, request.orderId] },
        (before, size) => database.store.page(request, before, size),
        (pay) => pay.payId,
      );
      return { pays: rows.map(toMessage), nextPageToken };
    },

    async checkPay({ payId, requestId }, call) {
      const pay = await database.transaction(call, ({ store }) => openCheck(store, payId, requestId));
      call.correlate(pay.orderId);
      if (isOwnCheck(pay, requestId)) return database.answer(call, async () => toMessage(pay));
      crashPoint("check-pay/opened");
      const stock = await takeStock(pay, parts, call);
      crashPoint("check-pay/asked");
      const answer = await database.answer(call, async (tx) => toMessage(await completeCheck(tx, payId, stock)));
      crashPoint("check-pay/completed");
      return answer;
    },

    async cancelPay({ orderId }, call) {
      call.correlate(orderId);
      return database.transaction(call, async (tx) => toMessage(await cancelPay(tx, orderId)));
    },
  };
}
