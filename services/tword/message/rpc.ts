import type { MessageServiceService } from "#gen/proto/tword/message/v1/message.ts";
import type { Database } from "#mesh/service/database.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageById } from "#mesh/service/pagination.ts";
import { refuse } from "./errors.ts";
import type { MessageStore } from "./store.ts";

export interface Parts {
  readonly database: Database<MessageStore>;
}

export function rpc({ database }: Parts): Handlers<typeof MessageServiceService> {
  return {
    async getMessage({ messageId }) {
      const message = await database.store.find(messageId);
      if (!message) throw refuse.MESSAGE_NOT_FOUND({ messageId });
      return message;
    },

    async listMessages(request) {
      const { rows, nextPageToken } = await pageById(
        request,
        { filter: [request.orderId] },
        (before, size) => database.store.page(request.orderId, before, size),
        (message) => message.messageId,
      );
      return { messages: rows, nextPageToken };
    },
  };
}
