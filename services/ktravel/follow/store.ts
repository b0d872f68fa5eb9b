import type { Prisma } from "#gen/prisma/ktravel/follow/client.ts";
import type { FollowedMember } from "#gen/proto/ktravel/follow/v1/follow.ts";
import { uuidv7 } from "#mesh/service/uuid.ts";
import { type MemberCopies, storeMemberCopy } from "../member-copy.ts";
import type { Follow, Pair } from "./domain.ts";

/** A row of the dashboard, and where it stands in the list. */
export type ListedMember = FollowedMember & { readonly pageKey: string };

export interface PageOf {
  readonly before: string | undefined;
  readonly take: number;
}

/** The pairs, and what is known of members. */
export class FollowStore implements MemberCopies {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** The pair, which no other transaction can change, or make, until this one ends. */
  async findForUpdate({ followerId, followeeId }: Pair): Promise<Follow | undefined> {
    const name = `pair ${followerId} ${followeeId}`;
    await this.#db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
    const row = await this.#db.follow.findUnique({ where: { followerId_followeeId: { followerId, followeeId } } });
    return row ?? undefined;
  }

  async save({ followerId, followeeId, ...rest }: Follow): Promise<void> {
    const data = { ...rest, followId: uuidv7(rest.followedAt.getTime()) };
    await this.#db.follow.upsert({
      where: { followerId_followeeId: { followerId, followeeId } },
      create: { followerId, followeeId, ...data },
      update: data,
    });
  }

  async nicknameOf(memberId: string): Promise<string | undefined> {
    return (await this.#db.memberCopy.findUnique({ where: { memberId } }))?.nickname;
  }

  /** Learns a nickname, unless a newer one is known. */
  async learnMember(memberId: string, nickname: string, version: bigint): Promise<void> {
    await storeMemberCopy(this.#db, memberId, nickname, version);
  }

  /** At most `take` members whom this one follows, since before `before`, the last one first. */
  async pageFollowing(followerId: string, page: PageOf): Promise<ListedMember[]> {
    return this.#page({ followerId }, page, ({ followeeId }) => followeeId);
  }

  /** At most `take` members who follow this one, since before `before`, the last one first. */
  async pageFollowers(followeeId: string, page: PageOf): Promise<ListedMember[]> {
    return this.#page({ followeeId }, page, ({ followerId }) => followerId);
  }

  async isFollowing(pair: Pair): Promise<boolean> {
    const { followerId, followeeId } = pair;
    const row = await this.#db.follow.findUnique({ where: { followerId_followeeId: { followerId, followeeId } } });
    return row?.following ?? false;
  }

  async countFollowing(followerId: string): Promise<bigint> {
    return BigInt(await this.#db.follow.count({ where: { followerId, following: true } }));
  }

  async countFollowers(followeeId: string): Promise<bigint> {
    return BigInt(await this.#db.follow.count({ where: { followeeId, following: true } }));
  }

  async #page(
    whose: Prisma.FollowWhereInput,
    { before, take }: PageOf,
    otherOf: (pair: Pair) => string,
  ): Promise<ListedMember[]> {
    const where = { ...whose, following: true, ...(before === undefined ? {} : { followId: { lt: before } }) };
    const rows = await this.#db.follow.findMany({ where, orderBy: { followId: "desc" }, take });
    const ids = rows.map(otherOf);
    const known = await this.#db.memberCopy.findMany({ where: { memberId: { in: ids } } });
    const counts = await this.#db.follow.groupBy({
      by: ["followeeId"],
      where: { followeeId: { in: ids }, following: true },
      _count: true,
    });
    const nicknames = new Map(known.map(({ memberId, nickname }) => [memberId, nickname]));
    const followers = new Map(counts.map(({ followeeId, _count }) => [followeeId, BigInt(_count)]));
    return rows.map((row) => {
      const memberId = otherOf(row);
      return {
        memberId,
        nickname: nicknames.get(memberId) ?? "",
        followedAt: row.followedAt,
        followerCount: followers.get(memberId) ?? 0n,
        pageKey: row.followId,
      };
    });
  }
}
