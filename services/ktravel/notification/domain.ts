import { NotificationKind } from "#gen/proto/ktravel/notification/v1/notification.ts";
import { uuidv7 } from "#mesh/service/uuid.ts";

/** A notification as it is stored. */
export interface Draft {
  readonly notificationId: string;
  readonly eventId: string;
  readonly recipientId: string;
  readonly kind: NotificationKind;
  readonly actorId: string;
  /** Undefined when it is about no plan. */
  readonly planId: string | undefined;
  readonly createTime: Date;
}

/** An event, as far as a notification tells of it. */
export interface Occasion {
  readonly id: string;
  readonly time: Date;
}

/** A plan, of which a notification tells no more than that it is there. */
export interface NewPlan {
  readonly planId: string;
  readonly ownerId: string;
}

/** A member has a new plan: what a follower is told. */
export function tellOfPlan({ planId, ownerId }: NewPlan, recipientId: string, occasion: Occasion): Draft {
  return { ...told(NotificationKind.NOTIFICATION_KIND_PLAN_CREATED, occasion), recipientId, actorId: ownerId, planId };
}

/** A member has a new follower: what that member is told. */
export function tellOfFollower(followerId: string, recipientId: string, occasion: Occasion): Draft {
  const kind = NotificationKind.NOTIFICATION_KIND_FOLLOWED;
  return { ...told(kind, occasion), recipientId, actorId: followerId, planId: undefined };
}

function told(kind: NotificationKind, { id, time }: Occasion) {
  return { notificationId: uuidv7(time.getTime()), eventId: id, kind, createTime: time };
}
