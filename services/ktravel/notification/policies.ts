import { Followed, Unfollowed } from "#gen/proto/ktravel/follow/v1/events.ts";
import { PlanCreated, PlanDeleted, PlanShared, PlanUnshared } from "#gen/proto/ktravel/plan/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";
import type { EventTransaction } from "#mesh/service/transaction.ts";
import { memberPolicies } from "../member-copy.ts";
import { type NewPlan, tellOfFollower, tellOfPlan } from "./domain.ts";
import type { FollowStep, NotificationStore } from "./store.ts";

const planCreated = event("ktravel.plan.v1.PlanCreated", PlanCreated);
const planShared = event("ktravel.plan.v1.PlanShared", PlanShared);
const planUnshared = event("ktravel.plan.v1.PlanUnshared", PlanUnshared);
const planDeleted = event("ktravel.plan.v1.PlanDeleted", PlanDeleted);
const followed = event("ktravel.follow.v1.Followed", Followed);
const unfollowed = event("ktravel.follow.v1.Unfollowed", Unfollowed);

type Tx = EventTransaction<NotificationStore>;

/**
 * Who is told what. A new plan is told to those who followed its owner when it was made, by the time of the events: news of a follow that
 * comes after the plan's still counts, and so does news of its end.
 */
export const policies: Policy<NotificationStore>[] = [
  ...memberPolicies<NotificationStore>(),
  whenever(planCreated, async (plan, { store, event: { id, time, aggregateVersion } }) => {
    await store.lockMember(plan.ownerId);
    await store.learnPlan(plan, { id, time });
    await store.learnSharing(plan, plan.shared, aggregateVersion);
    const followers = await store.followersAt(plan.ownerId, time);
    await store.insert(followers.map((follower) => tellOfPlan(plan, follower, { id, time })));
  }),
  whenever(planShared, (plan, tx) => learnSharing(plan, true, tx)),
  whenever(planUnshared, (plan, tx) => learnSharing(plan, false, tx)),
  whenever(planDeleted, (plan, tx) => learnSharing(plan, false, tx)),
  whenever(followed, async ({ followerId, followeeId }, tx) => {
    await learnStep({ ...stepOf(tx), followerId, followeeId, following: true }, tx);
    await tx.store.insert([tellOfFollower(followerId, followeeId, tx.event)]);
  }),
  whenever(unfollowed, ({ followerId, followeeId }, tx) =>
    learnStep({ ...stepOf(tx), followerId, followeeId, following: false }, tx),
  ),
];

function stepOf({ event: { aggregateVersion: version, time: happenedAt } }: Tx) {
  return { version, happenedAt };
}

async function learnSharing(plan: NewPlan, shared: boolean, { store, event: { aggregateVersion } }: Tx): Promise<void> {
  await store.lockMember(plan.ownerId);
  await store.learnSharing(plan, shared, aggregateVersion);
}

async function learnStep(step: FollowStep, { store }: Tx): Promise<void> {
  await store.lockMember(step.followeeId);
  await store.learnStep(step);
  for (const plan of await store.plansSince(step)) {
    if (plan.isFollowed) await store.insert([tellOfPlan(plan, step.followerId, plan.occasion)]);
    else await store.remove(plan.occasion.id, step.followerId);
  }
}
