import { Followed, Unfollowed } from "#gen/proto/ktravel/follow/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import { memberPolicies } from "../member-copy.ts";
import type { PlanStore } from "./store.ts";

const followed = event("ktravel.follow.v1.Followed", Followed);
const unfollowed = event("ktravel.follow.v1.Unfollowed", Unfollowed);

/** Plan keeps nicknames for the board, and counts followers for trends. */
export const policies: Policy<PlanStore>[] = [
  ...memberPolicies<PlanStore>(),
  whenever(followed, ({ followerId, followeeId }, tx) =>
    tx.store.learnFollow({ followerId, followeeId, following: true }, tx.event.aggregateVersion),
  ),
  whenever(unfollowed, ({ followerId, followeeId }, tx) =>
    tx.store.learnFollow({ followerId, followeeId, following: false }, tx.event.aggregateVersion),
  ),
];
