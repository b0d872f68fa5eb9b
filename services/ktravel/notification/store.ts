import type { Prisma, Notification as Row } from "#gen/prisma/ktravel/notification/client.ts";
import { type Notification, NotificationKind } from "#gen/proto/ktravel/notification/v1/notification.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import { type MemberCopies, storeMemberCopy } from "../member-copy.ts";
import type { Draft, NewPlan, Occasion } from "./domain.ts";

const kind = enumColumn(NotificationKind, "NOTIFICATION_KIND");

/** A follow, or the end of one. */
export interface FollowStep {
  readonly followerId: string;
  readonly followeeId: string;
  readonly following: boolean;
  readonly version: bigint;
  readonly happenedAt: Date;
}

/** A plan of somebody, and whether a certain member followed its owner when it was made. */
export interface PlanOfFollowee extends NewPlan {
  readonly occasion: Occasion;
  readonly isFollowed: boolean;
}

/** The notifications, and what must be known to write and show them. */
export class NotificationStore implements MemberCopies {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** Makes others that write of this member's plans and followers wait: two at once would each miss the other's news. */
  async lockMember(memberId: string): Promise<void> {
    await this.#db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${memberId}, 0))`;
  }

  /** Keeps notifications; one for an event and a recipient. */
  async insert(drafts: readonly Draft[]): Promise<void> {
    const data = drafts.map((draft) => ({ ...draft, kind: kind.toColumn(draft.kind), planId: draft.planId ?? null }));
    await this.#db.notification.createMany({ data, skipDuplicates: true });
  }

  async remove(eventId: string, recipientId: string): Promise<void> {
    await this.#db.notification.deleteMany({ where: { eventId, recipientId } });
  }

  /** Notes when a plan was made. What is known of its sharing may be newer, and stays. */
  async learnPlan({ planId, ownerId }: NewPlan, { id, time }: Occasion): Promise<void> {
    const created = { eventId: id, createdAt: time };
    await this.#db.planCopy.upsert({
      where: { planId },
      create: { planId, ownerId, ...created, shared: false, version: 0n },
      update: created,
    });
  }

  /** Notes whether a plan is shared, unless something newer is known. */
  async learnSharing({ planId, ownerId }: NewPlan, shared: boolean, version: bigint): Promise<void> {
    await this.#db.$executeRaw`
      INSERT INTO plan_copy (plan_id, owner_id, shared, version)
      VALUES (${planId}::uuid, ${ownerId}::uuid, ${shared}, ${version})
      ON CONFLICT (plan_id) DO UPDATE SET shared = excluded.shared, version = excluded.version
      WHERE plan_copy.version < excluded.version`;
  }

  async learnStep(step: FollowStep): Promise<void> {
    await this.#db.followStep.createMany({ data: [step], skipDuplicates: true });
  }

  /** Who followed a member at a time, as far as is known. */
  async followersAt(followeeId: string, time: Date): Promise<string[]> {
    const rows = await this.#db.$queryRaw<{ id: string }[]>`
      SELECT follower_id AS "id" FROM (
        SELECT DISTINCT ON (follower_id) follower_id, following FROM follow_step
        WHERE followee_id = ${followeeId}::uuid AND happened_at <= ${time}
        ORDER BY follower_id, version DESC
      ) AS latest WHERE following`;
    return rows.map(({ id }) => id);
  }

  /** The plans that a followee made at a step or after it. There are some only when the news of the step comes late. */
  async plansSince({ followerId, followeeId, happenedAt }: FollowStep): Promise<PlanOfFollowee[]> {
    const rows = await this.#db.$queryRaw<{ planId: string; id: string; time: Date; isFollowed: boolean | null }[]>`
      SELECT plan_id AS "planId", event_id AS "id", created_at AS "time", (
        SELECT following FROM follow_step
        WHERE followee_id = ${followeeId}::uuid AND follower_id = ${followerId}::uuid AND happened_at <= created_at
        ORDER BY version DESC LIMIT 1
      ) AS "isFollowed"
      FROM plan_copy WHERE owner_id = ${followeeId}::uuid AND created_at >= ${happenedAt}`;
    return rows.map(({ planId, id, time, isFollowed }) => {
      return { planId, ownerId: followeeId, occasion: { id, time }, isFollowed: isFollowed ?? false };
    });
  }

  /** Learns a nickname, unless a newer one is known. */
  async learnMember(memberId: string, nickname: string, version: bigint): Promise<void> {
    await storeMemberCopy(this.#db, memberId, nickname, version);
  }

  /** The notification, if it is this recipient's. */
  async find(notificationId: string, recipientId: string): Promise<Notification | undefined> {
    const row = await this.#db.notification.findUnique({ where: { notificationId, recipientId } });
    return row ? (await this.#shown([row]))[0] : undefined;
  }

  /** At most `take` notifications of the recipient older than `before`. */
  async page(
    { recipientId, unreadOnly }: { recipientId: string; unreadOnly: boolean },
    before: string | undefined,
    take: number,
  ): Promise<Notification[]> {
    const where: Prisma.NotificationWhereInput = { recipientId };
    if (unreadOnly) where.read = false;
    if (before !== undefined) where.notificationId = { lt: before };
    return this.#shown(await this.#db.notification.findMany({ where, orderBy: { notificationId: "desc" }, take }));
  }

  async markRead(notificationId: string, recipientId: string): Promise<void> {
    await this.#db.notification.updateMany({ where: { notificationId, recipientId }, data: { read: true } });
  }

  async countUnread(recipientId: string): Promise<bigint> {
    return BigInt(await this.#db.notification.count({ where: { recipientId, read: false } }));
  }

  /** With nicknames, and with plans as long as they are shared. */
  async #shown(rows: readonly Row[]): Promise<Notification[]> {
    const actorIds = [...new Set(rows.map(({ actorId }) => actorId))];
    const planIds = rows.flatMap(({ planId }) => planId ?? []);
    const actors = await this.#db.memberCopy.findMany({ where: { memberId: { in: actorIds } } });
    const plans = await this.#db.planCopy.findMany({ where: { planId: { in: planIds }, shared: true } });
    const nicknames = new Map(actors.map(({ memberId, nickname }) => [memberId, nickname]));
    const shared = new Set(plans.map(({ planId }) => planId));
    return rows.map(({ eventId: _eventId, ...row }) => ({
      ...row,
      kind: kind.fromColumn(row.kind),
      actorNickname: nicknames.get(row.actorId) ?? "",
      planId: row.planId !== null && shared.has(row.planId) ? row.planId : "",
    }));
  }
}
