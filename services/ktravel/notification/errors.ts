import { notFound, refusals } from "#mesh/service/refusals.ts";

/** Every "no" of notification, besides what the run time answers for every service. */
export const refuse = refusals({
  NOTIFICATION_NOT_FOUND: notFound(
    "ktravel.notification/Notification",
    "You have no notification {notificationId}; list yours to see what exists.",
  ),
});
