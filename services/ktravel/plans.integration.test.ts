// Member, plan, follow and notification in one process, on a real PostgreSQL and NATS, without proxies between them: K1 to K6, and what
// the services say in logs and events.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FollowServiceService } from "#gen/proto/ktravel/follow/v1/follow.ts";
import { AuthServiceService } from "#gen/proto/ktravel/member/v1/auth.ts";
import { Member, MemberServiceService } from "#gen/proto/ktravel/member/v1/member.ts";
import { TokenServiceService } from "#gen/proto/ktravel/member/v1/token.ts";
import { NotificationKind, NotificationServiceService } from "#gen/proto/ktravel/notification/v1/notification.ts";
import {
  Plan,
  PlanOrigin,
  PlanServiceService,
  RecommendationStatus,
  RecommendationType,
  type RecommendPlanRequest,
} from "#gen/proto/ktravel/plan/v1/plan.ts";
import { Authenticator, tokenRefusals } from "#mesh/service/authenticator.ts";
import { connect } from "#mesh/service/client.ts";
import { Code } from "#mesh/service/codes.ts";
import type { MethodDefinition } from "#mesh/service/handler.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import type { GrpcCaller } from "#mesh/testing/grpc-caller.ts";
import { published, rowsOf } from "#mesh/testing/placed-service.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { memberFailures as followFailures } from "./follow/errors.ts";
import { startFollow, startNotification, startPlan, type WithSql } from "./in-process.ts";
import { violations } from "./invariants.ts";
import { audience, issuer, logIn, startMember, type TestProvider, testProvider } from "./member/in-process.ts";
import { memberFailures as planFailures } from "./plan/errors.ts";

const servers = useServers();
let provider: TestProvider;
let member: WithSql;
let plan: WithSql;
let follow: WithSql;
let notification: WithSql;

beforeAll(async () => {
  provider = await testProvider();
  member = await startMember(servers.place("ktravel"), provider);
  const auth = connect(AuthServiceService, member.target, { unavailable: tokenRefusals.KEYS_UNAVAILABLE });
  const authenticator = new Authenticator({ issuer, audience, keys: (context) => auth.getJwks({}, context) });
  const neighbours = { authenticator, member: member.target };
  plan = await startPlan(servers.place("ktravel"), neighbours);
  follow = await startFollow(servers.place("ktravel"), neighbours);
  notification = await startNotification(servers.place("ktravel"), neighbours);
});

afterAll(async () => {
  for (const service of [plan, follow, notification, member]) await service?.stop();
  await provider?.[Symbol.asyncDispose]();
});

const secret = "아무도 모르는 비밀 장소";
let people = 0;

/** Somebody who signs up, and buys tokens. */
async function signUp(tokens = 0n) {
  people += 1;
  const { accessToken, member: who } = await logIn(member.caller, `person${people}@example.com`);
  const metadata = { authorization: `Bearer ${accessToken}` };
  const of =
    ({ caller }: { caller: GrpcCaller }) =>
    <M extends MethodDefinition>(method: M, request: Parameters<typeof caller.call<M>>[1]) =>
      caller.call<M>(method, request, { metadata });
  const calls = { member: of(member), plan: of(plan), follow: of(follow), notification: of(notification) };
  if (tokens > 0n) await calls.member(TokenServiceService.chargeTokens, { amount: tokens, requestId: randomUUID() });
  const write = async (details = secret) => {
    const written = Plan.fromPartial({ location: "부산", groupSize: 2, details });
    return (await calls.plan(PlanServiceService.createPlan, { plan: written })).response?.planId ?? "";
  };
  const recommend = (type: RecommendationType, fields: Partial<RecommendPlanRequest> = {}) =>
    calls.plan(PlanServiceService.recommendPlan, { ...wish, type, requestId: randomUUID(), ...fields });
  const told = async () =>
    (await calls.notification(NotificationServiceService.listNotifications, {})).response?.notifications ?? [];
  return { ...calls, id: who?.memberId ?? "", nickname: who?.nickname ?? "", write, recommend, told };
}

const wish = { location: "부산", travelDate: "2999-05-01", budget: 900_000n, groupSize: 2, details: secret };

async function untilQuiet(): Promise<void> {
  const databases = { member: member.sql, plan: plan.sql, follow: follow.sql, notification: notification.sql };
  await eventually(async () => {
    expect(await violations(databases)).toEqual([]);
    return true;
  });
}

const balanceOf = async ({ member: call }: Awaited<ReturnType<typeof signUp>>) =>
  (await call(TokenServiceService.getTokenBalance, {})).response?.balance;

describe("a member's way", () => {
  it("goes from the sign-up to three recommendations, a heart, a follower and a notification", async () => {
    const [kim, lee] = [await signUp(5n), await signUp()];
    const followed = await lee.follow(FollowServiceService.createFollow, { followeeId: kim.id });
    expect(followed.response).toMatchObject({ followerId: lee.id, followeeId: kim.id });
    await untilQuiet(); // Plan has heard of the follower.
    const planId = await kim.write();
    await kim.plan(PlanServiceService.sharePlan, { planId });
    expect((await kim.plan(PlanServiceService.heartPlan, { planId })).code).toBe(Code.OK);
    expect((await lee.plan(PlanServiceService.heartPlan, { planId })).response?.heartCount).toBe(2n);
    for (const type of [1, 2, 3] as RecommendationType[]) expect((await kim.recommend(type)).code).toBe(Code.OK);
    await untilQuiet();
    const { response } = await kim.plan(PlanServiceService.listPlans, {});
    expect(response?.plans.map(({ origin }) => origin).sort()).toEqual([
      PlanOrigin.PLAN_ORIGIN_MANUAL,
      PlanOrigin.PLAN_ORIGIN_PERSONALIZED,
      PlanOrigin.PLAN_ORIGIN_TREND,
      PlanOrigin.PLAN_ORIGIN_TASTE,
    ]);
    expect(await balanceOf(kim)).toBe(2n);
    expect(await kim.told()).toMatchObject([{ kind: NotificationKind.NOTIFICATION_KIND_FOLLOWED, actorId: lee.id }]);
    // Who kim is and what is shared is news of its own.
    await eventually(async () => {
      const told = await lee.told();
      expect(told.map(({ kind, actorNickname }) => [kind, actorNickname])).toEqual(
        Array.from({ length: 4 }, () => [NotificationKind.NOTIFICATION_KIND_PLAN_CREATED, kim.nickname]),
      );
      // Only the shared one can be found, and no longer than it is shared.
      expect(told.map((each) => each.planId).sort()).toEqual(["", "", "", planId]);
      return true;
    });
    await kim.plan(PlanServiceService.unsharePlan, { planId });
    await eventually(async () => (await lee.told()).every((each) => each.planId === ""));
    await untilQuiet();
  });

  it("may read notifications, their own alone", async () => {
    const [star, fan, other] = [await signUp(), await signUp(), await signUp()];
    await fan.follow(FollowServiceService.createFollow, { followeeId: star.id });
    const [first] = await eventually(async () => ((await star.told()).length > 0 ? star.told() : undefined));
    const notificationId = first?.notificationId ?? "";
    const { getUnreadCount, markNotificationRead, getNotification, listNotifications } = NotificationServiceService;
    expect((await star.notification(getUnreadCount, {})).response?.count).toBe(1n);
    for (let count = 0; count < 2; count += 1) {
      expect((await star.notification(markNotificationRead, { notificationId })).response?.read).toBe(true);
    }
    expect((await star.notification(getUnreadCount, {})).response?.count).toBe(0n);
    expect((await star.notification(listNotifications, { unreadOnly: true })).response?.notifications).toEqual([]);
    for (const method of [getNotification, markNotificationRead]) {
      expect(await other.notification(method, { notificationId })).toMatchObject({
        code: Code.NOT_FOUND,
        reason: "NOTIFICATION_NOT_FOUND",
      });
    }
    await untilQuiet();
  });

  it("has another nickname everywhere, and plans that can be deleted", async () => {
    const [star, fan] = [await signUp(), await signUp()];
    await fan.follow(FollowServiceService.createFollow, { followeeId: star.id });
    const planId = await star.write();
    await star.plan(PlanServiceService.sharePlan, { planId });
    await eventually(async () => (await fan.told()).some((each) => each.planId === planId));
    const { updateMember } = MemberServiceService;
    const renamed = { memberId: star.id, nickname: `별 ${people}` };
    expect((await star.member(updateMember, { member: Member.fromPartial(renamed) })).code).toBe(Code.OK);
    const { getPlan, deletePlan } = PlanServiceService;
    await eventually(async () => {
      const seen = (await fan.plan(getPlan, { planId })).response?.ownerNickname;
      const told = (await fan.told())[0]?.actorNickname;
      const [row] = (await fan.follow(FollowServiceService.listFollowing, {})).response?.members ?? [];
      return [seen, told, row?.nickname].every((name) => name === renamed.nickname);
    });
    expect((await star.plan(deletePlan, { planId })).code).toBe(Code.OK);
    await eventually(async () => (await fan.told()).every((each) => each.planId === ""));
    expect(await fan.told()).toHaveLength(1);
    await untilQuiet();
  });

  it("follows and unfollows, once each", async () => {
    const [star, fan] = [await signUp(), await signUp()];
    const { createFollow, deleteFollow, listFollowing, listFollowers, getFollowSummary } = FollowServiceService;
    const begin = () => fan.follow(createFollow, { followeeId: star.id });
    const end = () => fan.follow(deleteFollow, { followeeId: star.id });
    const began = await Promise.all(Array.from({ length: 8 }, begin));
    expect(began.filter(({ code }) => code === Code.OK)).toHaveLength(1);
    expect(began.find(({ code }) => code !== Code.OK)).toMatchObject({ reason: "ALREADY_FOLLOWING" });
    const rows = { members: [{ memberId: star.id, nickname: star.nickname, followerCount: 1n }] };
    expect((await fan.follow(listFollowing, {})).response).toMatchObject(rows);
    expect((await star.follow(listFollowers, {})).response?.members).toMatchObject([{ memberId: fan.id }]);
    await eventually(async () => (await fan.follow(getFollowSummary, { memberId: star.id })).code === Code.OK);
    expect((await fan.follow(getFollowSummary, { memberId: star.id })).response).toMatchObject({
      followerCount: 1n,
      followingCount: 0n,
      followedByMe: true,
    });
    const ended = await Promise.all([end(), end()]);
    expect(ended.map(({ reason }) => reason).sort()).toEqual(["", "NOT_FOLLOWING"]);
    expect((await begin()).code).toBe(Code.OK);
    await star.write();
    await untilQuiet();
    expect(await fan.told()).toHaveLength(1);
    expect(await star.told()).toHaveLength(2);
  });

  it("follows nobody who does not exist, and not themselves", async () => {
    const fan = await signUp();
    const { createFollow, getFollowSummary } = FollowServiceService;
    const nowhere = randomUUID();
    const refused = { code: Code.NOT_FOUND, reason: "MEMBER_NOT_FOUND", resource: nowhere };
    expect(await fan.follow(createFollow, { followeeId: nowhere })).toMatchObject(refused);
    expect(await fan.follow(getFollowSummary, { memberId: nowhere })).toMatchObject(refused);
    expect(await fan.follow(createFollow, { followeeId: fan.id })).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      reason: "CANNOT_FOLLOW_SELF",
      violations: ["followee_id CANNOT_FOLLOW_SELF"],
    });
  });
});

describe("fifty recommendations on one token", () => {
  it("are exactly one", async () => {
    const me = await signUp(1n);
    const type = RecommendationType.RECOMMENDATION_TYPE_PERSONALIZED;
    const answers = await Promise.all(Array.from({ length: 50 }, () => me.recommend(type)));
    expect(answers.filter(({ code }) => code === Code.OK)).toHaveLength(1);
    const refused = answers.filter(({ code }) => code !== Code.OK).map(({ reason }) => reason);
    expect(new Set(refused)).toEqual(new Set(["INSUFFICIENT_TOKENS"]));
    await untilQuiet();
    expect(await balanceOf(me)).toBe(0n);
    expect((await me.plan(PlanServiceService.listPlans, {})).response?.plans).toHaveLength(1);
    const { response } = await me.plan(PlanServiceService.listRecommendations, { pageSize: 100 });
    const statuses = response?.recommendations.map(({ status }) => status) ?? [];
    expect(statuses.filter((each) => each === RecommendationStatus.RECOMMENDATION_STATUS_COMPLETED)).toHaveLength(1);
    expect(statuses.filter((each) => each === RecommendationStatus.RECOMMENDATION_STATUS_REJECTED)).toHaveLength(49);
  });
});

describe("notification", () => {
  it("is told once of what happened while it was away", async () => {
    const [star, fan, late] = [await signUp(), await signUp(), await signUp()];
    const { createFollow, deleteFollow } = FollowServiceService;
    await notification.stop();
    await fan.follow(createFollow, { followeeId: star.id });
    await star.write();
    await fan.follow(deleteFollow, { followeeId: star.id });
    await late.follow(createFollow, { followeeId: star.id });
    await star.write();
    const auth = connect(AuthServiceService, member.target, { unavailable: tokenRefusals.KEYS_UNAVAILABLE });
    const authenticator = new Authenticator({ issuer, audience, keys: (context) => auth.getJwks({}, context) });
    const settings = { natsUrl: servers.nats.url, ns: "ktravel" };
    notification = await startNotification({ url: notification.url, settings }, { authenticator });
    await untilQuiet();
    const count = "SELECT kind, count(*)::int FROM notification WHERE recipient_id = ANY($1) GROUP BY 1 ORDER BY 1";
    expect(await rowsOf(notification, count, [[star.id, fan.id, late.id]])).toEqual([
      ["PLAN_CREATED", 2],
      ["FOLLOWED", 2],
    ]);
  });
});

describe("what consumers rely on", () => {
  const id = expect.stringMatching(/^[0-9a-f-]{36}$/);
  const pair = { followerId: id, followeeId: id };
  const aPlan = { planId: id, ownerId: id };

  it.each<[string, () => WithSql, string, object]>([
    ["plan, follow and notification", () => member, "MemberRegistered", { memberId: id, nickname: expect.any(String) }],
    ["plan, follow and notification", () => member, "MemberUpdated", { memberId: id, nickname: expect.any(String) }],
    ["plan and notification", () => follow, "Followed", { ...pair, followedAt: expect.any(String) }],
    ["plan and notification", () => follow, "Unfollowed", pair],
    ["notification", () => plan, "PlanCreated", aPlan],
    ["notification", () => plan, "PlanShared", aPlan],
    ["notification", () => plan, "PlanUnshared", aPlan],
    ["notification", () => plan, "PlanDeleted", aPlan],
    ["an audit", () => plan, "PlanRecommended", { recommendationId: id, memberId: id, planId: id }],
  ])("%s find in %s what they need", async (_, provider, name, needs) => {
    const payloads = await published(provider(), name);
    expect(payloads.length).toBeGreaterThan(0);
    for (const payload of payloads) expect(payload).toMatchObject(needs);
  });

  it("versions of a pair, of a plan and of a member grow by one", async () => {
    for (const service of [plan, follow]) {
      const gaps = await rowsOf(
        service,
        `SELECT aggregate_id FROM mesh.outbox WHERE subject NOT LIKE '%.PlanRecommended' AND subject NOT LIKE '%.RecommendationFailed'
         GROUP BY 1 HAVING max(aggregate_version) <> count(*) OR min(aggregate_version) <> 1`,
      );
      expect(gaps).toEqual([]);
    }
    const firsts = "SELECT DISTINCT aggregate_version FROM mesh.outbox WHERE subject = 'member.MemberRegistered'";
    expect(await rowsOf(member, firsts)).toEqual([["1"]]);
  });

  it("plan: member spends once a key, gives back once, and refuses by reasons that plan knows", async () => {
    const { id: memberId } = await signUp(1n);
    const { spendToken, refundToken } = TokenServiceService;
    const [first, second, never] = [randomUUID(), randomUUID(), randomUUID()];
    const spend = (refId: string) => member.caller.call(spendToken, { memberId, amount: 1n, refId });
    const refund = (refId: string) => member.caller.call(refundToken, { memberId, refId });
    const spent = await spend(first);
    expect(spent.response).toMatchObject({ memberId, refId: first, balanceAfter: 0n });
    expect(await spend(first)).toEqual(spent);
    const insufficient = await spend(second);
    expect((await refund(first)).response?.tokenEntry).toMatchObject({ balanceAfter: 1n });
    expect((await refund(first)).response?.tokenEntry).toMatchObject({ balanceAfter: 1n });
    expect((await refund(never)).response).toEqual({ tokenEntry: undefined });
    const buried = await spend(never);
    const unknown = await member.caller.call(spendToken, { memberId: randomUUID(), amount: 1n, refId: randomUUID() });
    const reasons = [insufficient, buried, unknown].map(({ reason }) => reason);
    expect(reasons).toEqual(["INSUFFICIENT_TOKENS", "ALREADY_REFUNDED", "MEMBER_NOT_FOUND"]);
    expect(Object.keys(planFailures.refusals ?? {})).toEqual(expect.arrayContaining(reasons));
    // These tokens were not spent on recommendations: the ledger is put back as the invariants want it.
    expect(await rowsOf(member, "SELECT balance FROM token_account WHERE member_id = $1", [memberId])).toEqual([["1"]]);
    await member.sql.query("DELETE FROM token_entry WHERE ref_id = ANY($1)", [[first, never]]);
    await member.sql.query("UPDATE token_account SET version = 1 WHERE member_id = $1", [memberId]);
  });

  it("follow: member tells a nickname to whoever has a token, and refuses by reasons that follow knows", async () => {
    const { id: memberId, nickname, member: call } = await signUp();
    const { getMember } = MemberServiceService;
    expect((await call(getMember, { memberId })).response).toMatchObject({ memberId, nickname });
    const unknown = await call(getMember, { memberId: randomUUID() });
    const stranger = await member.caller.call(getMember, { memberId }, { metadata: { authorization: "Bearer a.b.c" } });
    const reasons = [unknown.reason, stranger.reason];
    expect(reasons).toEqual(["MEMBER_NOT_FOUND", "TOKEN_INVALID"]);
    expect(Object.keys(followFailures.refusals ?? {})).toEqual(expect.arrayContaining(reasons));
  });
});

it("says nothing of what plans say, in no event, log line or notification", async () => {
  await untilQuiet();
  const { rows } = await plan.sql.query<{ details: string }>("SELECT details FROM plan");
  expect(rows.length).toBeGreaterThan(5);
  const told = await rowsOf(plan, "SELECT payload FROM mesh.outbox");
  const copies = await rowsOf(
    notification,
    "SELECT n::text FROM notification n UNION ALL SELECT p::text FROM plan_copy p",
  );
  const lines = [member, plan, follow, notification].flatMap((service) => service.lines);
  expect(lines.length).toBeGreaterThan(100);
  const everything = JSON.stringify([told, copies, lines]);
  for (const text of [secret, "해운대", "부산", "@example.com", "Bearer"]) expect(everything).not.toContain(text);
});
