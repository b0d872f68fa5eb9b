import type { NotificationServiceService } from "#gen/proto/ktravel/notification/v1/notification.ts";
import type { Database } from "#mesh/service/database.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageByUuid } from "#mesh/service/pagination.ts";
import { refuse } from "./errors.ts";
import type { NotificationStore } from "./store.ts";

export interface Parts {
  readonly database: Database<NotificationStore>;
}

export function rpc({ database }: Parts): Handlers<typeof NotificationServiceService> {
  return {
    async getNotification({ notificationId }, call) {
      return demand(database.store, notificationId, call.subject);
    },

    async listNotifications(request, call) {
      const filter = { recipientId: call.subject, unreadOnly: request.unreadOnly };
      const { rows, nextPageToken } = await pageByUuid(
        request,
        { filter: [filter.recipientId, String(filter.unreadOnly)] },
        (before, size) => database.store.page(filter, before, size),
        ({ notificationId }) => notificationId,
      );
      return { notifications: rows, nextPageToken };
    },

    async markNotificationRead({ notificationId }, call) {
      call.correlate(notificationId);
      return database.answer(call, async ({ store }) => {
        await store.markRead(notificationId, call.subject);
        return demand(store, notificationId, call.subject);
      });
    },

    async getUnreadCount(_request, call) {
      return { count: await database.store.countUnread(call.subject) };
    },
  };
}

/** The notification, if it is this recipient's; another's is refused as one that does not exist. */
async function demand(store: NotificationStore, notificationId: string, recipientId: string) {
  const notification = await store.find(notificationId, recipientId);
  if (!notification) throw refuse.NOTIFICATION_NOT_FOUND({ notificationId });
  return notification;
}
