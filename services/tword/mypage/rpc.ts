import type { MypageServiceService } from "#gen/proto/tword/mypage/v1/mypage.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { refuse } from "./errors.ts";
import type { MypageStore } from "./store.ts";

export interface Parts {
  readonly store: MypageStore;
}

export function rpc({ store }: Parts): Handlers<typeof MypageServiceService> {
  return {
    async getMypage({ orderId }) {
      const page = store.find(orderId);
      if (!page) throw refuse.MYPAGE_NOT_FOUND({ orderId });
      return page;
    },

    async listMypages(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.customerId] },
        async (before, size) => store.page(request.customerId, before, size),
        (page) => page.orderId,
      );
      return { mypages: rows, nextPageToken };
    },
  };
}
