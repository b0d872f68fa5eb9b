import { MemberRegistered, MemberUpdated } from "#gen/proto/ktravel/member/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import type { FollowStore } from "./store.ts";

const memberRegistered = event("ktravel.member.v1.MemberRegistered", MemberRegistered);
const memberUpdated = event("ktravel.member.v1.MemberUpdated", MemberUpdated);

/** Follow keeps nicknames, so that it knows who can be followed while member is away. */
export const policies: Policy<FollowStore>[] = [
  whenever(memberRegistered, ({ memberId, nickname }, tx) =>
    tx.store.learnMember(memberId, nickname, tx.event.aggregateVersion),
  ),
  whenever(memberUpdated, ({ memberId, nickname }, tx) =>
    tx.store.learnMember(memberId, nickname, tx.event.aggregateVersion),
  ),
];
