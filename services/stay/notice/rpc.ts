import type { NoticeServiceService } from "#gen/proto/stay/notice/v1/notice.ts";
import type { Database } from "#mesh/service/database.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { refuse } from "./errors.ts";
import type { NoticeStore } from "./store.ts";

export interface Parts {
  readonly database: Database<NoticeStore>;
}

export function rpc({ database }: Parts): Handlers<typeof NoticeServiceService> {
  return {
    async getNotice({ noticeId }) {
      const notice = await database.store.find(noticeId);
      if (!notice) throw refuse.NOTICE_NOT_FOUND({ noticeId });
      return notice;
    },

    async listNotices(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.customerId] },
        (before, size) => database.store.page(request.customerId, before, size),
        (notice) => notice.noticeId,
      );
      return { notices: rows, nextPageToken };
    },
  };
}
