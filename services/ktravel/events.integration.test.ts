// What plan, follow and notification make of events that come twice, in the wrong order, before their predecessors, and after they were
// away.
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { Followed, Unfollowed } from "#gen/proto/ktravel/follow/v1/events.ts";
import { MemberRegistered, MemberUpdated } from "#gen/proto/ktravel/member/v1/events.ts";
import { PlanCreated, PlanDeleted, PlanShared, PlanUnshared } from "#gen/proto/ktravel/plan/v1/events.ts";
import { PlanOrigin } from "#gen/proto/ktravel/plan/v1/plan.ts";
import { event } from "#mesh/service/event.ts";
import { rowsOf, untilHeard } from "#mesh/testing/placed-service.ts";
import { occurred } from "#mesh/testing/publish-event.ts";
import { testTokens } from "#mesh/testing/test-tokens.ts";
import { type SystemPlace, useServers } from "#mesh/testing/use-servers.ts";
import { type Neighbours, nobody, startFollow, startNotification, startPlan, type WithSql } from "./in-process.ts";

const registered = event("ktravel.member.v1.MemberRegistered", MemberRegistered);
const updated = event("ktravel.member.v1.MemberUpdated", MemberUpdated);
const followed = event("ktravel.follow.v1.Followed", Followed);
const unfollowed = event("ktravel.follow.v1.Unfollowed", Unfollowed);
const created = event("ktravel.plan.v1.PlanCreated", PlanCreated);
const shared = event("ktravel.plan.v1.PlanShared", PlanShared);
const unshared = event("ktravel.plan.v1.PlanUnshared", PlanUnshared);
const deleted = event("ktravel.plan.v1.PlanDeleted", PlanDeleted);

const servers = useServers();
let neighbours: Neighbours;

beforeAll(async () => {
  neighbours = { authenticator: (await testTokens()).authenticator, member: nobody };
});

const starts = {
  plan: (place: SystemPlace) => startPlan(place, neighbours),
  follow: (place: SystemPlace) => startFollow(place, neighbours),
  notification: (place: SystemPlace) => startNotification(place, neighbours),
};

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

function memberOf(memberId: string) {
  return {
    registered: occurred(registered, { memberId, nickname: "old" }, { aggregateId: memberId, aggregateVersion: 1n }),
    updated: occurred(updated, { memberId, nickname: "new" }, { aggregateId: memberId, aggregateVersion: 2n }),
  };
}

/** What happens between two members, the `version`th time, at a second. */
function pairOf(followerId: string, followeeId: string) {
  const pair = { followerId, followeeId };
  const about = (aggregateVersion: bigint) => ({ aggregateId: `${followerId}:${followeeId}`, aggregateVersion });
  return {
    followed: (version: bigint, second: number) =>
      occurred(followed, { ...pair, followedAt: at(second) }, about(version), at(second)),
    unfollowed: (version: bigint, second: number) => occurred(unfollowed, pair, about(version), at(second)),
  };
}

function planOf(ownerId: string, planId: string, second: number) {
  const plan = { planId, ownerId };
  const about = (aggregateVersion: bigint) => ({ aggregateId: planId, aggregateVersion });
  const origin = PlanOrigin.PLAN_ORIGIN_MANUAL;
  return {
    created: occurred(created, { ...plan, origin, shared: false }, about(1n), at(second)),
    shared: (version: bigint) => occurred(shared, plan, about(version), at(second)),
    unshared: (version: bigint) => occurred(unshared, plan, about(version), at(second)),
    deleted: (version: bigint) => occurred(deleted, plan, about(version), at(second)),
  };
}

/** Ways for the same events to come. */
const ways = [
  ["in order", <E>(events: E[]) => events],
  ["in order, each twice", <E>(events: E[]) => events.flatMap((each) => [each, each])],
  ["backwards", <E>(events: E[]) => events.toReversed()],
  ["backwards and again in order", <E>(events: E[]) => [...events.toReversed(), ...events]],
  [
    "every second one late",
    <E>(events: E[]) => [...events.filter((_, index) => index % 2), ...events.filter((_, index) => index % 2 === 0)],
  ],
] as const;

describe("what is known of members", () => {
  it.each(["plan", "follow", "notification"] as const)("%s keeps the newest nickname", async (name) => {
    const place = await servers.placeApart();
    await using service = await starts[name](place);
    const ids = ways.map(() => randomUUID());
    const events = ways.flatMap(([, way], index) => {
      const member = memberOf(ids[index] ?? "");
      return way([member.registered, member.updated]);
    });
    await servers.publish(place, events);
    await untilHeard(service, new Set(events).size);
    const rows = await rowsOf(service, "SELECT nickname, version FROM member_copy");
    expect(rows).toEqual(ids.map(() => ["new", "2"]));
  });
});

describe("plan", () => {
  it("counts followers the same whichever way events come", async () => {
    const place = await servers.placeApart();
    await using plan = await startPlan(place, neighbours);
    const stars = ways.map(() => randomUUID());
    const events = ways.flatMap(([, way], index) => {
      const star = stars[index] ?? "";
      const [stays, goes, returns] = [
        pairOf(randomUUID(), star),
        pairOf(randomUUID(), star),
        pairOf(randomUUID(), star),
      ];
      return way([
        ...[stays.followed(1n, 1), goes.followed(1n, 2), returns.followed(1n, 3)],
        ...[goes.unfollowed(2n, 4), returns.unfollowed(2n, 5), returns.followed(3n, 6)],
      ]);
    });
    await servers.publish(place, events);
    await untilHeard(plan, new Set(events).size);
    const counts = await rowsOf(plan, "SELECT followers FROM follower_count");
    expect(counts).toEqual(stars.map(() => ["2"]));
  });
});

describe("notification", () => {
  it.each(ways)("tells those who followed at the time, when events come %s", async (_, way) => {
    const place = await servers.placeApart();
    await using notification = await startNotification(place, neighbours);
    const [star, always, once, again] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    const [stays, goes, returns] = [pairOf(always, star), pairOf(once, star), pairOf(again, star)];
    const [early, middle, late] = [randomUUID(), randomUUID(), randomUUID()];
    const [first, second, third] = [planOf(star, early, 10), planOf(star, middle, 20), planOf(star, late, 30)];
    const events = way([
      ...[stays.followed(1n, 1), goes.followed(1n, 2), returns.followed(1n, 3), first.created],
      ...[goes.unfollowed(2n, 11), returns.unfollowed(2n, 12), second.created, second.shared(2n)],
      ...[returns.followed(3n, 21), third.created, third.shared(2n), third.unshared(3n)],
      ...[first.shared(2n), first.deleted(3n)],
    ]);
    await servers.publish(place, events);
    await untilHeard(notification, new Set(events).size);
    const told = await rowsOf(
      notification,
      "SELECT recipient_id, plan_id FROM notification WHERE kind = 'PLAN_CREATED' ORDER BY create_time, recipient_id",
    );
    const expected = [
      ...[always, once, again].sort().map((who) => [who, early]),
      [always, middle],
      ...[always, again].sort().map((who) => [who, late]),
    ];
    expect(told).toEqual(expected);
    const follows = "SELECT count(*)::int FROM notification WHERE kind = 'FOLLOWED' AND recipient_id = $1";
    expect(await rowsOf(notification, follows, [star])).toEqual([[4]]);
    expect(await rowsOf(notification, "SELECT plan_id FROM plan_copy WHERE shared")).toEqual([[middle]]);
  });

  it("refuses a second notification of an event, and one to oneself, in the database", async () => {
    await using notification = await startNotification(await servers.placeApart(), neighbours);
    const insert = (event: string, recipient: string, actor: string) =>
      notification.sql.query(
        `INSERT INTO notification (notification_id, event_id, recipient_id, kind, actor_id, create_time)
         VALUES (gen_random_uuid(), $1, $2, 'FOLLOWED', $3, now())`,
        [event, recipient, actor],
      );
    const [id, star, fan] = [randomUUID(), randomUUID(), randomUUID()];
    await insert(id, star, fan);
    await expect(insert(id, star, fan)).rejects.toThrow("notification_event_id_recipient_id_key");
    await expect(insert(randomUUID(), star, star)).rejects.toThrow("notification_not_to_self");
  });
});

type Case = [keyof typeof starts, (index: number) => ReturnType<typeof occurred>, string];

describe("after it was away", () => {
  const star = randomUUID();
  const fan = randomUUID();
  const cases: Case[] = [
    ["plan", () => pairOf(randomUUID(), star).followed(1n, 1), "SELECT followers::int FROM follower_count"],
    ["follow", () => memberOf(randomUUID()).registered, "SELECT count(*)::int FROM member_copy"],
    [
      "notification",
      (index) => (index === 0 ? pairOf(fan, star).followed(1n, 1) : planOf(star, randomUUID(), 2).created),
      "SELECT count(*)::int FROM notification",
    ],
  ];

  it.each(cases)("%s catches up with a hundred events", async (name, eventOf, count) => {
    const place = await servers.placeApart();
    const before = await starts[name](place);
    await before.stop();
    await servers.publish(
      place,
      Array.from({ length: 100 }, (_, index) => eventOf(index)),
    );
    await using service = await starts[name](place);
    await untilHeard(service, 100);
    expect(await rowsOf(service, count)).toEqual([[100]]);
  });
});

describe("three replicas that were away while a thousand events passed", () => {
  const follows = () => pairOf(randomUUID(), randomUUID()).followed(1n, 1);
  const cases: Case[] = [
    ["plan", follows, "SELECT sum(followers)::int FROM follower_count"],
    ["follow", () => memberOf(randomUUID()).registered, "SELECT count(*)::int FROM member_copy"],
    ["notification", follows, "SELECT count(*)::int FROM notification"],
  ];

  it.each(cases)("%s applies each of them once", async (name, eventOf, count) => {
    const place = await servers.placeApart();
    await servers.publish(
      place,
      Array.from({ length: 1000 }, (_, index) => eventOf(index)),
    );
    const replicas: WithSql[] = await Promise.all([starts[name](place), starts[name](place), starts[name](place)]);
    const [one] = replicas;
    if (!one) throw new Error("no replica was started");
    await untilHeard(one, 1000);
    expect(await rowsOf(one, count)).toEqual([[1000]]);
    for (const replica of replicas) await replica.stop();
  });
});
