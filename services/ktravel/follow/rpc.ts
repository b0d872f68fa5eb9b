import { Followed, Unfollowed } from "#gen/proto/ktravel/follow/v1/events.ts";
import type { FollowServiceService } from "#gen/proto/ktravel/follow/v1/follow.ts";
import type { MemberServiceService } from "#gen/proto/ktravel/member/v1/member.ts";
import type { Context } from "#mesh/service/call.ts";
import type { Client } from "#mesh/service/client.ts";
import type { Database } from "#mesh/service/database.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageByUuid } from "#mesh/service/pagination.ts";
import { begin, end, type Follow, idOf, refuseSelf } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { FollowStore, ListedMember } from "./store.ts";

const followed = event("ktravel.follow.v1.Followed", Followed);
const unfollowed = event("ktravel.follow.v1.Unfollowed", Unfollowed);

export interface Parts {
  readonly database: Database<FollowStore>;
  /** Asked for the caller, with the caller's token. */
  readonly member: Pick<Client<typeof MemberServiceService>, "getMember">;
}

export function rpc(parts: Parts): Handlers<typeof FollowServiceService> {
  const { database } = parts;
  return {
    async createFollow({ followeeId }, call) {
      const pair = { followerId: call.subject, followeeId };
      refuseSelf(pair);
      call.correlate(idOf(pair));
      await demandMember(followeeId, parts, call);
      return database.answer(call, async ({ store, publish }) => {
        const follow = begin(await store.findForUpdate(pair), pair, new Date());
        await store.save(follow);
        const { followedAt } = follow;
        publish(followed, { ...pair, followedAt }, about(follow));
        return { ...pair, followedAt };
      });
    },

    async deleteFollow({ followeeId }, call) {
      const pair = { followerId: call.subject, followeeId };
      call.correlate(idOf(pair));
      await database.transaction(call, async ({ store, publish }) => {
        const follow = end(await store.findForUpdate(pair), pair);
        await store.save(follow);
        publish(unfollowed, pair, about(follow));
      });
      return {};
    },

    async listFollowing(request, call) {
      const memberId = call.subject;
      const { rows, nextPageToken } = await pageByUuid(
        request,
        { filter: ["following", memberId] },
        (before, take) => database.store.pageFollowing(memberId, { before, take }),
        ({ pageKey }) => pageKey,
      );
      return { members: rows.map(withoutKey), nextPageToken };
    },

    async listFollowers(request, call) {
      const memberId = call.subject;
      const { rows, nextPageToken } = await pageByUuid(
        request,
        { filter: ["followers", memberId] },
        (before, take) => database.store.pageFollowers(memberId, { before, take }),
        ({ pageKey }) => pageKey,
      );
      return { members: rows.map(withoutKey), nextPageToken };
    },

    async getFollowSummary({ memberId }, { subject: followerId }) {
      const { store } = database;
      const nickname = await store.nicknameOf(memberId);
      if (nickname === undefined) throw refuse.MEMBER_NOT_FOUND({ memberId });
      const [followingCount, followerCount, followedByMe] = await Promise.all([
        store.countFollowing(memberId),
        store.countFollowers(memberId),
        store.isFollowing({ followerId, followeeId: memberId }),
      ]);
      return { memberId, nickname, followingCount, followerCount, followedByMe };
    },
  };
}

/** Asks member only about those of whom follow has not heard yet. */
async function demandMember(memberId: string, { database, member }: Parts, context: Context): Promise<void> {
  if ((await database.store.nicknameOf(memberId)) !== undefined) return;
  const { nickname } = await member.getMember({ memberId }, context);
  await database.transaction(context, ({ store }) => store.learnMember(memberId, nickname, 0n));
}

function withoutKey({ pageKey: _pageKey, ...member }: ListedMember) {
  return member;
}

function about(follow: Follow) {
  return { aggregateId: idOf(follow), aggregateVersion: follow.version };
}
