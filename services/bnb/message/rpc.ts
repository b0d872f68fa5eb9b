import type { MessageServiceService } from "#gen/proto/bnb/message/v1/message.ts";
import type { Database } from "#mesh/service/database.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageByUuid } from "#mesh/service/pagination.ts";
import { refuse } from "./errors.ts";
import type { MessageStore } from "./store.ts";

export interface Parts {
  readonly database: Database<MessageStore>;
}

export function rpc({ database }: Parts): Handlers<typeof MessageServiceService> {
  return {
    async getMessage({ msgId }) {
      const message = await database.store.find(msgId);
      if (!message) throw refuse.MESSAGE_NOT_FOUND({ msgId });
      return message;
    },

    async listMessages(request) {
      const { rows, nextPageToken } = await pageByUuid(
        request,
        { filter: [request.rsvId] },
        (before, size) => database.store.page(request.rsvId, before, size),
        (message) => message.msgId,
      );
      return { messages: rows, nextPageToken };
    },
  };
}
