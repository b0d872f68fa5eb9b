// Plan on a real PostgreSQL, with a member that each test scripts.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type SpendTokenRequest, TokenEntry, TokenServiceService } from "#gen/proto/ktravel/member/v1/token.ts";
import {
  Plan,
  PlanOrigin,
  PlanServiceService,
  RecommendationStatus,
  RecommendationType,
  type RecommendPlanRequest,
} from "#gen/proto/ktravel/plan/v1/plan.ts";
import { Code } from "#mesh/service/codes.ts";
import { implement } from "#mesh/service/handler.ts";
import { failedPrecondition, refusals, unavailable } from "#mesh/service/refusals.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { expectPages } from "#mesh/testing/expect-pages.ts";
import { onceStale, published, rowsOf, type WithSql } from "#mesh/testing/placed-service.ts";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import { type TestTokens, testTokens } from "#mesh/testing/test-tokens.ts";
import { startPlan } from "../in-process.ts";
import type { Generator } from "./generator.ts";
import { planner } from "./planner.ts";

const {
  createPlan,
  getPlan,
  listPlans,
  updatePlan,
  deletePlan,
  sharePlan,
  unsharePlan,
  listSharedPlans,
  heartPlan,
  unheartPlan,
  listHeartedPlans,
  recommendPlan,
  getRecommendation,
  listRecommendations,
} = PlanServiceService;
const {
  RECOMMENDATION_TYPE_PERSONALIZED: PERSONALIZED,
  RECOMMENDATION_TYPE_TREND: TREND,
  RECOMMENDATION_TYPE_TASTE: TASTE,
} = RecommendationType;
const {
  RECOMMENDATION_STATUS_GENERATING: GENERATING,
  RECOMMENDATION_STATUS_COMPLETED: COMPLETED,
  RECOMMENDATION_STATUS_FAILED: FAILED,
  RECOMMENDATION_STATUS_REJECTED: REJECTED,
} = RecommendationStatus;

/** Member's own ways of saying no. */
const refuse = refusals({
  INSUFFICIENT_TOKENS: failedPrecondition("No."),
  ALREADY_REFUNDED: failedPrecondition("No."),
  STORAGE_UNAVAILABLE: unavailable("Not now."),
});

/** What member answers, and what the generator makes; each test sets them. */
let onSpend: (request: SpendTokenRequest) => Promise<void>;
let onRefund: () => Promise<void>;
let generate: Generator["generate"];
let spent: string[] = [];
let refunded: string[] = [];
let examplesSeen: string[] = [];

let postgres: TestPostgres;
let tokens: TestTokens;
let member: TestService;
let service: WithSql;

beforeAll(async () => {
  [postgres, tokens] = await Promise.all([testPostgres(), testTokens()]);
  const { spendToken, refundToken } = TokenServiceService;
  const stub = implement(
    { spendToken, refundToken },
    {
      async spendToken(request) {
        await onSpend(request);
        spent.push(request.refId);
        return TokenEntry.fromPartial({ memberId: request.memberId, refId: request.refId });
      },
      async refundToken({ refId }) {
        await onRefund();
        refunded.push(refId);
        return { tokenEntry: undefined };
      },
    },
  );
  member = await testService({ name: "member.ktravel", services: [stub] });
  const generator: Generator = { generate: (...args) => generate(...args) };
  const { authenticator } = tokens;
  service = await startPlan({ url: postgres.freshUrl() }, { authenticator, member: member.target }, { generator });
});

afterAll(async () => {
  await service?.stop();
  await member?.stop();
  await postgres?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  onSpend = async () => {};
  onRefund = async () => {};
  generate = (wish, examples, context) => {
    examplesSeen = [...examples];
    return planner.generate(wish, examples, context);
  };
  spent = [];
  refunded = [];
});

type Method = (typeof PlanServiceService)[keyof typeof PlanServiceService];

/** Somebody of a test's own. */
async function somebody() {
  const id = randomUUID();
  const metadata = await tokens.bearer(id);
  const call = <M extends Method>(method: M, request: Parameters<typeof service.caller.call<M>>[1]) =>
    service.caller.call<M>(method, request, { metadata });
  const write = async (fields: Partial<Plan> = {}) => {
    const plan = Plan.fromPartial({ location: "부산", groupSize: 2, details: "해운대에서 수영", ...fields });
    return (await call(createPlan, { plan })).response ?? Plan.fromPartial({});
  };
  const share = async (fields: Partial<Plan> = {}) => {
    const { planId } = await write(fields);
    return (await call(sharePlan, { planId })).response ?? Plan.fromPartial({});
  };
  const recommend = (fields: Partial<RecommendPlanRequest> = {}) =>
    call(recommendPlan, { ...wish, requestId: randomUUID(), ...fields });
  const status = async (recommendationId: string) =>
    (await call(getRecommendation, { recommendationId })).response?.status;
  return { id, call, write, share, recommend, status };
}

const wish = { type: PERSONALIZED, location: "부산", travelDate: "2999-05-01", budget: 900_000n, groupSize: 2 };
const notFound = { code: Code.NOT_FOUND, reason: "PLAN_NOT_FOUND", details: expect.arrayContaining(["ResourceInfo"]) };

const stepsOf = (memberId: string) => ["recommendation", "member_id", memberId] as const;

async function followed(...members: string[]): Promise<void> {
  for (const [index, id] of members.entries()) {
    const count = members.length - index;
    await service.sql.query("INSERT INTO follower_count (member_id, followers) VALUES ($1, $2)", [id, count]);
  }
}

describe("own plans", () => {
  it("are written, read, listed, changed and deleted, and each change is told once", async () => {
    const { id, call, write } = await somebody();
    const plan = await write({ travelDate: "2026-05-01", budget: 500_000n, planId: randomUUID(), shared: true });
    expect(plan).toMatchObject({ ownerId: id, origin: PlanOrigin.PLAN_ORIGIN_MANUAL, shared: false, heartCount: 0n });
    const { planId } = plan;
    expect((await call(getPlan, { planId })).response).toEqual(plan);
    const changed = {
      plan: Plan.fromPartial({ planId, travelDate: "", budget: 7n }),
      updateMask: ["travel_date", "budget"],
    };
    expect((await call(updatePlan, changed)).response).toMatchObject({ travelDate: "", budget: 7n, location: "부산" });
    expect((await call(deletePlan, { planId })).code).toBe(Code.OK);
    expect(await call(getPlan, { planId })).toMatchObject({ ...notFound, resource: planId });
    const events = await rowsOf(
      service,
      "SELECT subject, aggregate_version, correlation_id FROM mesh.outbox WHERE aggregate_id = $1 ORDER BY position",
      [planId],
    );
    expect(events).toEqual([
      ["plan.PlanCreated", "1", planId],
      ["plan.PlanUpdated", "2", planId],
      ["plan.PlanDeleted", "3", planId],
    ]);
  });

  it("page newest first, by origin", async () => {
    const { call, write } = await somebody();
    const ids = [];
    for (let count = 0; count < 3; count += 1) ids.unshift((await write()).planId);
    const { PLAN_ORIGIN_MANUAL: filter, PLAN_ORIGIN_TREND: other } = PlanOrigin;
    const list = (origin: PlanOrigin, page: object) => call(listPlans, { origin, ...page });
    await expectPages(list, ({ plans }) => plans.map(({ planId }) => planId), { ids, filter, other });
  });

  it("have days of the calendar", async () => {
    const { call } = await somebody();
    const plan = Plan.fromPartial({ location: "부산", groupSize: 1, travelDate: "2026-02-30" });
    const refused = {
      code: Code.INVALID_ARGUMENT,
      reason: "INVALID_DATE",
      violations: ["plan.travel_date INVALID_DATE"],
    };
    expect(await call(createPlan, { plan })).toMatchObject(refused);
  });

  it("are kept from others: a private one does not exist, a shared one is read alone", async () => {
    const [me, other] = await Promise.all([somebody(), somebody()]);
    const { planId } = await me.write();
    const change = { plan: Plan.fromPartial({ planId, location: "서울" }), updateMask: ["location"] };
    for (const method of [getPlan, deletePlan, sharePlan, unsharePlan, heartPlan, unheartPlan]) {
      expect(await other.call(method, { planId })).toMatchObject(notFound);
    }
    expect(await other.call(updatePlan, change)).toMatchObject(notFound);
    await me.call(sharePlan, { planId });
    expect((await other.call(getPlan, { planId })).response?.details).toBe("해운대에서 수영");
    const denied = { code: Code.PERMISSION_DENIED, reason: "NOT_OWNER" };
    expect(await other.call(updatePlan, change)).toMatchObject(denied);
    for (const method of [deletePlan, sharePlan, unsharePlan]) {
      expect(await other.call(method, { planId })).toMatchObject(denied);
    }
    await me.call(unsharePlan, { planId });
    expect(await other.call(getPlan, { planId })).toMatchObject(notFound);
    expect((await me.call(getPlan, { planId })).response?.location).toBe("부산");
  });

  it("are written once by a repeated request, and nobody gets another's answer", async () => {
    const [me, other] = await Promise.all([somebody(), somebody()]);
    const request = { plan: Plan.fromPartial({ location: "제주", groupSize: 2 }), requestId: randomUUID() };
    const answers = await Promise.all(Array.from({ length: 8 }, () => me.call(createPlan, request)));
    expect(new Set(answers.map(({ response }) => response?.planId)).size).toBe(1);
    expect((await me.call(listPlans, {})).response?.plans).toHaveLength(1);
    expect(await other.call(createPlan, request)).toMatchObject({ violations: ["request_id REQUEST_ID_REUSED"] });
  });
});

describe("the board", () => {
  it("shows what is shared, the last shared first, and nothing of what is hidden again", async () => {
    const [me, other] = await Promise.all([somebody(), somebody()]);
    const location = `board ${randomUUID()}`;
    await service.sql.query("INSERT INTO member_copy VALUES ($1, '여행가', 1)", [me.id]);
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.unshift((await me.share({ location })).planId);
    await me.write({ location });
    const list = (owner: string, page: object) => other.call(listSharedPlans, { location, ownerId: owner, ...page });
    await expectPages(list, ({ plans }) => plans.map(({ planId }) => planId), { ids, filter: me.id, other: "" });
    expect((await list("", {})).response?.plans[0]).toMatchObject({ ownerNickname: "여행가", shared: true });
    expect(await me.call(sharePlan, { planId: ids[0] ?? "" })).toMatchObject({ reason: "ALREADY_SHARED" });
    await me.call(unsharePlan, { planId: ids[0] ?? "" });
    expect(await me.call(unsharePlan, { planId: ids[0] ?? "" })).toMatchObject({ reason: "NOT_SHARED" });
    expect((await list("", {})).response?.plans.map(({ planId }) => planId)).toEqual(ids.slice(1));
  });

  it("is hidden from a repeated heart too", async () => {
    const [me, fan] = await Promise.all([somebody(), somebody()]);
    const { planId } = await me.share();
    const heart = { planId, requestId: randomUUID() };
    expect((await fan.call(heartPlan, heart)).response?.planId).toBe(planId);
    await me.call(unsharePlan, { planId });
    expect(await fan.call(heartPlan, heart)).toMatchObject({ reason: "PLAN_NOT_FOUND", response: undefined });
  });

  it("counts hearts, one a member, which go with the plan and hide with it", async () => {
    const [me, fan, other] = await Promise.all([somebody(), somebody(), somebody()]);
    const { planId } = await me.share();
    expect((await fan.call(heartPlan, { planId })).response).toMatchObject({ heartCount: 1n, heartedByMe: true });
    const twice = { code: Code.ALREADY_EXISTS, reason: "ALREADY_HEARTED" };
    expect(await fan.call(heartPlan, { planId })).toMatchObject(twice);
    expect((await other.call(getPlan, { planId })).response).toMatchObject({ heartCount: 1n, heartedByMe: false });
    expect((await fan.call(listHeartedPlans, {})).response?.plans).toMatchObject([{ planId }]);
    await me.call(unsharePlan, { planId });
    expect((await fan.call(listHeartedPlans, {})).response?.plans).toEqual([]);
    await me.call(sharePlan, { planId });
    expect((await fan.call(unheartPlan, { planId })).response).toMatchObject({ heartCount: 0n });
    expect(await fan.call(unheartPlan, { planId })).toMatchObject({ code: Code.NOT_FOUND, reason: "NOT_HEARTED" });
    const races = await Promise.all(Array.from({ length: 10 }, () => fan.call(heartPlan, { planId })));
    expect(races.filter(({ code }) => code === Code.OK)).toHaveLength(1);
    await me.call(deletePlan, { planId });
    expect(await rowsOf(service, "SELECT 1 FROM heart WHERE plan_id = $1", [planId])).toEqual([]);
  });
});

describe("a recommendation", () => {
  it("is GENERATING at once, a plan a moment later, and told once", async () => {
    const me = await somebody();
    const answer = await me.recommend({ details: "2박 3일, 바다" });
    expect(answer.response).toMatchObject({ status: GENERATING, planId: "", failureReason: "", budget: 900_000n });
    const recommendationId = answer.response?.recommendationId ?? "";
    await eventually(async () => (await me.status(recommendationId)) === COMPLETED);
    const planId = (await me.call(getRecommendation, { recommendationId })).response?.planId ?? "";
    expect((await me.call(getPlan, { planId })).response).toMatchObject({
      origin: PlanOrigin.PLAN_ORIGIN_PERSONALIZED,
      recommendationId,
      location: "부산",
      travelDate: "2999-05-01",
      budget: 900_000n,
      groupSize: 2,
      details: expect.stringContaining("해운대해수욕장"),
      shared: false,
    });
    expect(spent).toEqual([recommendationId]);
    const about = "SELECT subject, aggregate_id FROM mesh.outbox WHERE correlation_id = $1 ORDER BY position";
    expect(await rowsOf(service, about, [recommendationId])).toEqual([
      ["plan.PlanCreated", planId],
      ["plan.PlanRecommended", recommendationId],
    ]);
    expect((await me.call(listRecommendations, {})).response?.recommendations).toMatchObject([{ recommendationId }]);
    const other = await somebody();
    expect(await other.call(getRecommendation, { recommendationId })).toMatchObject({
      reason: "RECOMMENDATION_NOT_FOUND",
    });
  });

  it("waits for a member that is late", async () => {
    const me = await somebody();
    onSpend = () => sleep(900);
    const { response } = await me.recommend();
    expect(response?.status).toBe(GENERATING);
    await eventually(async () => (await me.status(response?.recommendationId ?? "")) === COMPLETED);
    expect(refunded).toEqual([]);
  });

  it("after taste is made from what the member likes and may still read", async () => {
    const [me, other] = await Promise.all([somebody(), somebody()]);
    const refused = { code: Code.FAILED_PRECONDITION, reason: "NO_HEARTED_PLANS" };
    expect(await me.recommend({ type: TASTE })).toMatchObject(refused);
    const [seen, hidden] = [await other.share({ details: "자갈치시장" }), await other.share({ details: "비밀" })];
    for (const { planId } of [seen, hidden]) await me.call(heartPlan, { planId });
    await other.call(unsharePlan, { planId: hidden.planId });
    const { response } = await me.recommend({ type: TASTE });
    await eventually(async () => (await me.status(response?.recommendationId ?? "")) === COMPLETED);
    expect(examplesSeen).toEqual(["자갈치시장"]);
    await other.call(unsharePlan, { planId: seen.planId });
    expect(await me.recommend({ type: TASTE })).toMatchObject(refused);
    expect(spent).toHaveLength(1);
  });

  it("after the trend is made from shared plans of those with the most followers, the same location first", async () => {
    await service.sql.query("DELETE FROM follower_count");
    const me = await somebody();
    const stars = await Promise.all(Array.from({ length: 12 }, somebody));
    expect(await me.recommend({ type: TREND, budget: 0n })).toMatchObject({ reason: "NO_TREND_DATA" });
    await followed(...stars.map(({ id }) => id));
    for (const [index, star] of stars.entries()) await star.share({ location: "서울", details: `trend ${index}` });
    await stars[9]?.share({ details: "same location" });
    await stars[0]?.write({ details: "private" });
    const { response } = await me.recommend({ type: TREND, budget: 0n });
    await eventually(async () => (await me.status(response?.recommendationId ?? "")) === COMPLETED);
    expect(examplesSeen).toEqual(["same location", ...Array.from({ length: 10 }, (_, index) => `trend ${index}`)]);
    const planId = (await me.call(getRecommendation, { recommendationId: response?.recommendationId ?? "" })).response
      ?.planId;
    expect((await me.call(getPlan, { planId: planId ?? "" })).response?.budget).toBeGreaterThan(0n);
  });

  it("is refused with every violation at once, before a token is spent", async () => {
    const me = await somebody();
    const answer = await me.recommend({ travelDate: "2020-01-01", budget: 0n });
    expect(answer).toMatchObject({
      reason: "INVALID_REQUEST",
      violations: ["travel_date DATE_IN_PAST", "budget REQUIRED"],
    });
    expect(spent).toEqual([]);
  });

  it("is REJECTED without a token, and may be asked for again with the same request", async () => {
    const me = await somebody();
    const requestId = randomUUID();
    onSpend = () => Promise.reject(refuse.INSUFFICIENT_TOKENS());
    const answer = await me.recommend({ requestId });
    expect(answer).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "INSUFFICIENT_TOKENS" });
    const [first] = (await me.call(listRecommendations, {})).response?.recommendations ?? [];
    expect(first).toMatchObject({ status: REJECTED, failureReason: "INSUFFICIENT_TOKENS" });
    onSpend = async () => {};
    const { response } = await me.recommend({ requestId });
    expect(response?.status).toBe(GENERATING);
    await eventually(async () => (await me.status(response?.recommendationId ?? "")) === COMPLETED);
    expect(refunded).toEqual([]);
  });

  it("is FAILED however member fails, and what may have been spent comes back", async () => {
    const answers = [
      () => Promise.reject(new Error("bug")),
      () => Promise.reject(refuse.STORAGE_UNAVAILABLE()),
      () => Promise.reject(refuse.ALREADY_REFUNDED()),
    ];
    const asking = await Promise.all(answers.map(async (answer) => ({ answer, ...(await somebody()) })));
    onSpend = async ({ memberId }) => asking.find(({ id }) => id === memberId)?.answer();
    onRefund = () => Promise.reject(refuse.STORAGE_UNAVAILABLE());
    const refusals = await Promise.all(asking.map((me) => me.recommend()));
    for (const refused of refusals) {
      expect(refused).toMatchObject({ code: Code.UNAVAILABLE, reason: "MEMBER_UNAVAILABLE", retryAfterMs: 3000 });
    }
    onRefund = async () => {};
    for (const me of asking) {
      const [first] = (await me.call(listRecommendations, {})).response?.recommendations ?? [];
      const recommendationId = first?.recommendationId ?? "";
      await onceStale(service, stepsOf(me.id), async () => (await me.status(recommendationId)) === FAILED);
      expect(refunded).toContain(recommendationId);
      expect(await published(service, "RecommendationFailed")).toContainEqual({
        recommendationId,
        memberId: me.id,
        reason: "MEMBER_UNAVAILABLE",
      });
    }
    expect(refunded).toHaveLength(asking.length);
  });

  it.each<[string, Generator["generate"], string]>([
    ["does not answer", () => Promise.reject(refuseOf("AI_UNAVAILABLE")), "AI_UNAVAILABLE"],
    ["has a bug", () => Promise.reject(new Error("부산의 비밀")), "AI_INVALID_RESULT"],
    ["invents another day", async (asked) => ({ ...asked, travelDate: "2999-06-01" }), "AI_INVALID_RESULT"],
    ["spends more than there is", async (asked) => ({ ...asked, budget: 900_001n }), "AI_INVALID_RESULT"],
    ["says nothing", async (asked) => ({ ...asked, details: "" }), "AI_INVALID_RESULT"],
  ])("is FAILED when the generator %s, and the token is back", async (_, answer, reason) => {
    const me = await somebody();
    generate = answer;
    const { response } = await me.recommend();
    const recommendationId = response?.recommendationId ?? "";
    await eventually(async () => (await me.status(recommendationId)) === FAILED);
    expect((await me.call(getRecommendation, { recommendationId })).response?.failureReason).toBe(reason);
    expect(refunded).toEqual([recommendationId]);
    expect((await me.call(listPlans, {})).response?.plans).toEqual([]);
    expect(JSON.stringify(service.lines)).not.toContain("비밀");
  });

  it("of a repeated request is one, and its plan is one", async () => {
    const me = await somebody();
    const requestId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 8 }, () => me.recommend({ requestId })));
    answers.push(await me.recommend({ requestId }));
    for (const answer of answers) expect(answer.response).toEqual(answers[0]?.response);
    const recommendationId = answers[0]?.response?.recommendationId ?? "";
    expect(new Set(spent)).toEqual(new Set([recommendationId]));
    await eventually(async () => (await me.status(recommendationId)) === COMPLETED);
    expect((await me.call(listPlans, {})).response?.plans).toHaveLength(1);
    expect(await me.recommend({ requestId, groupSize: 9 })).toMatchObject({
      violations: ["request_id REQUEST_ID_REUSED"],
    });
  });

  it("is not waited for when the caller has gone", async () => {
    const me = await somebody();
    const [gone, late] = [new AbortController(), Promise.withResolvers<void>()];
    onSpend = () => {
      gone.abort();
      return late.promise;
    };
    const request = { ...wish, details: "", language: "", requestId: randomUUID() };
    const metadata = await tokens.bearer(me.id);
    const answer = await service.caller.call(recommendPlan, request, { metadata, signal: gone.signal });
    expect(answer.code).toBe(Code.CANCELLED);
    late.resolve();
    const list = async () => (await me.call(listRecommendations, {})).response?.recommendations ?? [];
    await onceStale(service, stepsOf(me.id), async () => (await list())[0]?.status === FAILED);
    expect(refunded).toHaveLength(1);
  });
});

describe("the database alone", () => {
  it("lets no second plan come of a recommendation, and none be COMPLETED without one", async () => {
    const me = await somebody();
    const { response } = await me.recommend();
    const recommendationId = response?.recommendationId ?? "";
    await eventually(async () => (await me.status(recommendationId)) === COMPLETED);
    const second = service.sql.query(
      `INSERT INTO plan (plan_id, owner_id, location, travel_date, budget, group_size, details, origin, recommendation_id)
       VALUES (gen_random_uuid(), $1, 'x', '', 0, 1, '', 'TREND', $2)`,
      [me.id, recommendationId],
    );
    await expect(second).rejects.toThrow("plan_recommendation_id_key");
    const without = service.sql.query("UPDATE recommendation SET plan_id = NULL WHERE recommendation_id = $1", [
      recommendationId,
    ]);
    await expect(without).rejects.toThrow("recommendation_completed_has_plan");
  });
});

function refuseOf(reason: "AI_UNAVAILABLE") {
  return refusals({ [reason]: unavailable("Not now.") })[reason]();
}
