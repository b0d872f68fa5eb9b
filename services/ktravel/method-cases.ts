// Every method's success and every refusal of plan, follow and notification, once by gRPC and once by REST; member's are in
// member/method-cases.ts. plans.e2e.test.ts runs them on the whole system.
import { randomUUID } from "node:crypto";
import { FollowServiceService as follow } from "#gen/proto/ktravel/follow/v1/follow.ts";
import { NotificationServiceService as notification } from "#gen/proto/ktravel/notification/v1/notification.ts";
import { Plan, PlanOrigin, PlanServiceService as plan, RecommendationType } from "#gen/proto/ktravel/plan/v1/plan.ts";
import type { MethodDefinition, RequestOf } from "#mesh/service/handler.ts";
import {
  badPages,
  failedPrecondition,
  invalid,
  type MethodCase,
  methodCase,
  notFound,
  type RestRequest,
} from "#mesh/testing/method-case.ts";

/** What the cases find. The caller is a member with tokens. */
export interface World {
  readonly headers: Readonly<Record<string, string>>;
  readonly memberId: string;
  /** The caller's private and shared plans. */
  readonly ownPlan: string;
  readonly ownShared: string;
  /** Another member's. */
  readonly foreignPlan: string;
  readonly foreignShared: string;
  /** Another's shared plan with the caller's heart. */
  readonly hearted: string;
  /** Own private plans, own shared plans, others' shared ones, and the same with the caller's heart; each is given once. */
  privatePlan(): string;
  sharedPlan(): string;
  boardPlan(): string;
  heartedPlan(): string;
  readonly recommendationId: string;
  /** Who follows the caller and is followed, and members who are not followed, or are; each is given once. */
  readonly friendId: string;
  stranger(): string;
  followee(): string;
  readonly notificationId: string;
  readonly foreignNotification: string;
  /** A third member, with one notification. */
  readonly reader: { readonly headers: Readonly<Record<string, string>>; readonly notificationId: string };
  /** A request id that wrote a plan. */
  readonly usedRequestId: string;
  /** The access token of a member without tokens and hearts. */
  readonly poor: Readonly<Record<string, string>>;
}

type More = Omit<MethodCase<World>, "method" | "name" | "request">;

/** A case with the caller's token. */
function mine<M extends MethodDefinition>(
  method: M,
  name: string,
  request: (world: World) => Partial<RequestOf<M>>,
  more: More,
): MethodCase<World> {
  return methodCase(method, name, request, { headers: (world) => world.headers, ...more });
}

const nowhere = "01890000-0000-7000-8000-000000000000";
const long = "가".repeat(101);
const denied = { code: "PERMISSION_DENIED", reason: "NOT_OWNER" } as const;
const OK = { code: "OK" } as const;

const pages = <M extends MethodDefinition>(method: M, path: string): MethodCase<World>[] =>
  badPages<World, M>(method, path).map((each) => ({ ...each, headers: (world: World) => world.headers }));

/** What every method that names a plan refuses. */
function planRefusals<M extends MethodDefinition>(
  method: M,
  rest: (planId: string) => RestRequest,
  { owner = false } = {},
): MethodCase<World>[] {
  const request = (planId: string) => ({ planId }) as unknown as Partial<RequestOf<M>>;
  const cases = [
    mine(method, "knows no such plan", () => request(nowhere), {
      rest: () => rest(nowhere),
      ...notFound("PLAN_NOT_FOUND"),
    }),
    mine(method, "knows no private plan of another", (world) => request(world.foreignPlan), {
      rest: (world) => rest(world.foreignPlan),
      ...notFound("PLAN_NOT_FOUND"),
    }),
    mine(method, "demands a UUID", () => request("7"), { rest: () => rest("7"), ...invalid("plan_id", "INVALID_ID") }),
  ];
  if (!owner) return cases;
  const foreign = mine(method, "leaves another's shared plan alone", (world) => request(world.foreignShared), {
    rest: (world) => rest(world.foreignShared),
    ...denied,
  });
  return [...cases, foreign];
}

const verb = (name: string) => (planId: string) => ["POST", `/v1/plans/${planId}:${name}`, {}] as const;

const writing: MethodCase<World>[] = [
  mine(plan.createPlan, "writes a plan", () => ({ plan: Plan.fromPartial({ location: "서울", groupSize: 3 }) }), {
    rest: () => ["POST", "/v1/plans", { location: "서울", groupSize: 3, shared: true, ownerId: nowhere }],
    ...OK,
    answer: (world) => ({ location: "서울", groupSize: 3, ownerId: world.memberId, shared: false, heartCount: "0" }),
  }),
  mine(plan.createPlan, "demands a plan", () => ({}), invalid("plan", "REQUIRED")),
  mine(
    plan.createPlan,
    "tells all violations at once",
    () => ({
      plan: Plan.fromPartial({
        location: long,
        travelDate: "May",
        budget: -1n,
        groupSize: 101,
        details: "가".repeat(4001),
      }),
      requestId: "no",
    }),
    {
      rest: () => [
        "POST",
        "/v1/plans?requestId=no",
        { location: long, travelDate: "May", budget: -1, groupSize: 101, details: "가".repeat(4001) },
      ],
      code: "INVALID_ARGUMENT",
      reason: "INVALID_REQUEST",
      violations: [
        "plan.location TOO_LONG",
        "plan.travel_date INVALID_FORMAT",
        "plan.budget OUT_OF_RANGE",
        "plan.group_size OUT_OF_RANGE",
        "plan.details TOO_LONG",
        "request_id INVALID_REQUEST_ID",
      ],
    },
  ),
  mine(plan.createPlan, "demands a place and a group", () => ({ plan: Plan.fromPartial({}) }), {
    rest: () => ["POST", "/v1/plans", {}],
    code: "INVALID_ARGUMENT",
    reason: "REQUIRED",
    violations: ["plan.location REQUIRED", "plan.group_size REQUIRED"],
  }),
  mine(
    plan.createPlan,
    "refuses a day that no calendar has",
    () => ({ plan: Plan.fromPartial({ location: "서울", groupSize: 3, travelDate: "2026-02-30" }) }),
    {
      rest: () => ["POST", "/v1/plans", { location: "서울", groupSize: 3, travelDate: "2026-02-30" }],
      ...invalid("plan.travel_date", "INVALID_DATE"),
    },
  ),
  mine(
    plan.createPlan,
    "refuses a request_id with another body",
    (world) => ({ plan: Plan.fromPartial({ location: "x", groupSize: 9 }), requestId: world.usedRequestId }),
    {
      rest: (world) => ["POST", `/v1/plans?requestId=${world.usedRequestId}`, { location: "x", groupSize: 9 }],
      ...invalid("request_id", "REQUEST_ID_REUSED"),
    },
  ),
  mine(plan.getPlan, "returns an own plan", (world) => ({ planId: world.ownPlan }), {
    rest: (world) => ["GET", `/v1/plans/${world.ownPlan}`],
    ...OK,
    answer: (world) => ({ planId: world.ownPlan, shared: false }),
  }),
  mine(plan.getPlan, "returns another's shared plan", (world) => ({ planId: world.foreignShared }), {
    rest: (world) => ["GET", `/v1/plans/${world.foreignShared}`],
    ...OK,
    answer: (world) => ({ planId: world.foreignShared, shared: true }),
  }),
  ...planRefusals(plan.getPlan, (planId) => ["GET", `/v1/plans/${planId}`]),
  mine(plan.listPlans, "lists by origin", () => ({ origin: PlanOrigin.PLAN_ORIGIN_MANUAL, pageSize: 1 }), {
    rest: () => ["GET", "/v1/plans?origin=PLAN_ORIGIN_MANUAL&pageSize=1"],
    ...OK,
    answer: (world) => ({ plans: [{ ownerId: world.memberId, origin: "PLAN_ORIGIN_MANUAL" }] }),
  }),
  mine(plan.listPlans, "knows no such origin", () => ({ origin: 99 as PlanOrigin }), invalid("origin", "INVALID_ENUM")),
  ...pages(plan.listPlans, "/v1/plans"),
  mine(
    plan.updatePlan,
    "changes a plan",
    (world) => ({ plan: Plan.fromPartial({ planId: world.ownPlan, budget: 5n }), updateMask: ["budget"] }),
    {
      rest: (world) => ["PATCH", `/v1/plans/${world.ownPlan}?updateMask=budget`, { budget: "5" }],
      ...OK,
      answer: (world) => ({ planId: world.ownPlan, budget: "5" }),
    },
  ),
  mine(
    plan.updatePlan,
    "leaves another's shared plan alone",
    (world) => ({ plan: Plan.fromPartial({ planId: world.foreignShared, location: "x" }), updateMask: ["location"] }),
    { rest: (world) => ["PATCH", `/v1/plans/${world.foreignShared}`, { location: "x" }], ...denied },
  ),
  mine(
    plan.updatePlan,
    "knows no private plan of another",
    (world) => ({ plan: Plan.fromPartial({ planId: world.foreignPlan, location: "x" }) }),
    {
      rest: (world) => ["PATCH", `/v1/plans/${world.foreignPlan}`, { location: "x" }],
      ...notFound("PLAN_NOT_FOUND"),
    },
  ),
  mine(
    plan.updatePlan,
    "changes no owner",
    (world) => ({ plan: Plan.fromPartial({ planId: world.ownPlan }), updateMask: ["owner_id"] }),
    {
      rest: (world) => ["PATCH", `/v1/plans/${world.ownPlan}?updateMask=ownerId`, {}],
      ...invalid("update_mask", "IMMUTABLE_FIELD"),
    },
  ),
  mine(plan.deletePlan, "deletes a plan", (world) => ({ planId: world.privatePlan() }), {
    rest: (world) => ["DELETE", `/v1/plans/${world.privatePlan()}`],
    ...OK,
  }),
  ...planRefusals(plan.deletePlan, (planId) => ["DELETE", `/v1/plans/${planId}`], { owner: true }),
  mine(plan.sharePlan, "shares a plan", (world) => ({ planId: world.privatePlan() }), {
    rest: (world) => verb("share")(world.privatePlan()),
    ...OK,
    answer: () => ({ shared: true }),
  }),
  mine(plan.sharePlan, "shares none twice", (world) => ({ planId: world.ownShared }), {
    rest: (world) => verb("share")(world.ownShared),
    ...failedPrecondition("ALREADY_SHARED"),
  }),
  ...planRefusals(plan.sharePlan, verb("share"), { owner: true }),
  mine(plan.unsharePlan, "hides a plan", (world) => ({ planId: world.sharedPlan() }), {
    rest: (world) => verb("unshare")(world.sharedPlan()),
    ...OK,
    answer: () => ({ shared: false }),
  }),
  mine(plan.unsharePlan, "hides none that is hidden", (world) => ({ planId: world.ownPlan }), {
    rest: (world) => verb("unshare")(world.ownPlan),
    ...failedPrecondition("NOT_SHARED"),
  }),
  ...planRefusals(plan.unsharePlan, verb("unshare"), { owner: true }),
];

const board: MethodCase<World>[] = [
  mine(
    plan.listSharedPlans,
    "lists by owner",
    (world) => ({ ownerId: world.memberId, location: "부산", pageSize: 1 }),
    {
      rest: (world) => ["GET", `/v1/sharedPlans?ownerId=${world.memberId}&location=%EB%B6%80%EC%82%B0&pageSize=1`],
      ...OK,
      answer: (world) => ({ plans: [{ ownerId: world.memberId, location: "부산", shared: true }] }),
    },
  ),
  mine(plan.listSharedPlans, "demands a UUID", () => ({ ownerId: "kim" }), {
    rest: () => ["GET", "/v1/sharedPlans?ownerId=kim"],
    ...invalid("owner_id", "INVALID_ID"),
  }),
  ...pages(plan.listSharedPlans, "/v1/sharedPlans"),
  mine(plan.heartPlan, "gives a heart", (world) => ({ planId: world.boardPlan() }), {
    rest: (world) => verb("heart")(world.boardPlan()),
    ...OK,
    answer: () => ({ heartedByMe: true, heartCount: "1" }),
  }),
  mine(plan.heartPlan, "gives no second heart", (world) => ({ planId: world.hearted }), {
    rest: (world) => verb("heart")(world.hearted),
    code: "ALREADY_EXISTS",
    reason: "ALREADY_HEARTED",
    details: ["ResourceInfo"],
  }),
  ...planRefusals(plan.heartPlan, verb("heart")),
  mine(plan.unheartPlan, "takes a heart back", (world) => ({ planId: world.heartedPlan() }), {
    rest: (world) => verb("unheart")(world.heartedPlan()),
    ...OK,
    answer: () => ({ heartedByMe: false, heartCount: "0" }),
  }),
  mine(plan.unheartPlan, "takes back no heart that was not given", (world) => ({ planId: world.foreignShared }), {
    rest: (world) => verb("unheart")(world.foreignShared),
    ...notFound("NOT_HEARTED"),
  }),
  ...planRefusals(plan.unheartPlan, verb("unheart")),
  mine(plan.listHeartedPlans, "lists", () => ({ pageSize: 1 }), {
    rest: () => ["GET", "/v1/heartedPlans?pageSize=1"],
    ...OK,
    answer: () => ({ plans: [{ heartedByMe: true }] }),
  }),
  ...pages(plan.listHeartedPlans, "/v1/heartedPlans"),
];

const wish = {
  type: RecommendationType.RECOMMENDATION_TYPE_PERSONALIZED,
  location: "부산",
  travelDate: "2999-05-01",
  budget: 500_000n,
  groupSize: 2,
};
const restWish = { ...wish, type: "RECOMMENDATION_TYPE_PERSONALIZED", budget: "500000" };
const asked = (fields: object = {}) => ({ ...wish, requestId: randomUUID(), ...fields });
const askedByRest =
  (fields: object = {}) =>
  () =>
    ["POST", "/v1/plans:recommend", { ...restWish, requestId: randomUUID(), ...fields }] as const;
const TASTE = { type: RecommendationType.RECOMMENDATION_TYPE_TASTE };

const recommending: MethodCase<World>[] = [
  mine(plan.recommendPlan, "begins a recommendation", () => asked(), {
    rest: askedByRest(),
    ...OK,
    answer: () => ({ status: "RECOMMENDATION_STATUS_GENERATING", location: "부산", planId: "" }),
  }),
  mine(plan.recommendPlan, "demands what it needs", () => ({}), {
    rest: () => ["POST", "/v1/plans:recommend", {}],
    code: "INVALID_ARGUMENT",
    reason: "INVALID_REQUEST",
    violations: [
      "type INVALID_ENUM",
      "location REQUIRED",
      "travel_date REQUIRED",
      "group_size REQUIRED",
      "request_id REQUIRED",
    ],
  }),
  mine(plan.recommendPlan, "refuses a day that is over", () => asked({ travelDate: "2020-05-01" }), {
    rest: askedByRest({ travelDate: "2020-05-01" }),
    ...invalid("travel_date", "DATE_IN_PAST"),
  }),
  mine(plan.recommendPlan, "refuses a day that no calendar has", () => asked({ travelDate: "2999-02-30" }), {
    rest: askedByRest({ travelDate: "2999-02-30" }),
    ...invalid("travel_date", "INVALID_DATE"),
  }),
  mine(plan.recommendPlan, "demands a budget", () => asked({ budget: 0n }), {
    rest: askedByRest({ budget: "0" }),
    ...invalid("budget", "REQUIRED"),
  }),
  mine(plan.recommendPlan, "refuses a language that it does not write", () => asked({ language: "fr" }), {
    rest: askedByRest({ language: "fr" }),
    ...invalid("language", "INVALID_FORMAT"),
  }),
  mine(plan.recommendPlan, "needs hearts for a taste", () => asked(TASTE), {
    headers: (world) => world.poor,
    rest: askedByRest({ type: "RECOMMENDATION_TYPE_TASTE" }),
    ...failedPrecondition("NO_HEARTED_PLANS"),
  }),
  mine(plan.recommendPlan, "needs a token", () => asked(), {
    headers: (world) => world.poor,
    rest: askedByRest(),
    ...failedPrecondition("INSUFFICIENT_TOKENS"),
  }),
  mine(plan.getRecommendation, "returns one", (world) => ({ recommendationId: world.recommendationId }), {
    rest: (world) => ["GET", `/v1/recommendations/${world.recommendationId}`],
    ...OK,
    answer: () => ({ status: "RECOMMENDATION_STATUS_COMPLETED", failureReason: "" }),
  }),
  mine(plan.getRecommendation, "knows none of another", (world) => ({ recommendationId: world.recommendationId }), {
    headers: (world) => world.poor,
    rest: (world) => ["GET", `/v1/recommendations/${world.recommendationId}`],
    ...notFound("RECOMMENDATION_NOT_FOUND"),
  }),
  mine(plan.getRecommendation, "demands a UUID", () => ({}), {
    rest: () => ["GET", "/v1/recommendations/7"],
    ...invalid("recommendation_id", "INVALID_ID"),
  }),
  mine(plan.listRecommendations, "lists", () => ({ pageSize: 1 }), {
    rest: () => ["GET", "/v1/recommendations?pageSize=1"],
    ...OK,
    answer: () => ({ recommendations: [{ location: "부산" }] }),
  }),
  ...pages(plan.listRecommendations, "/v1/recommendations"),
];

const following: MethodCase<World>[] = [
  mine(follow.createFollow, "follows", (world) => ({ followeeId: world.stranger() }), {
    rest: (world) => ["POST", "/v1/follows", { followeeId: world.stranger() }],
    ...OK,
    answer: (world) => ({ followerId: world.memberId }),
  }),
  mine(follow.createFollow, "follows nobody twice", (world) => ({ followeeId: world.friendId }), {
    rest: (world) => ["POST", "/v1/follows", { followeeId: world.friendId }],
    code: "ALREADY_EXISTS",
    reason: "ALREADY_FOLLOWING",
    details: ["ResourceInfo"],
  }),
  mine(follow.createFollow, "does not follow its caller", (world) => ({ followeeId: world.memberId }), {
    rest: (world) => ["POST", "/v1/follows", { followeeId: world.memberId }],
    ...invalid("followee_id", "CANNOT_FOLLOW_SELF"),
  }),
  mine(follow.createFollow, "follows nobody who does not exist", () => ({ followeeId: nowhere }), {
    rest: () => ["POST", "/v1/follows", { followeeId: nowhere }],
    ...notFound("MEMBER_NOT_FOUND"),
  }),
  mine(follow.createFollow, "tells all violations at once", () => ({ followeeId: "kim", requestId: "no" }), {
    rest: () => ["POST", "/v1/follows", { followeeId: "kim", requestId: "no" }],
    code: "INVALID_ARGUMENT",
    reason: "INVALID_REQUEST",
    violations: ["followee_id INVALID_ID", "request_id INVALID_REQUEST_ID"],
  }),
  mine(follow.deleteFollow, "follows no longer", (world) => ({ followeeId: world.followee() }), {
    rest: (world) => ["DELETE", `/v1/follows/${world.followee()}`],
    ...OK,
  }),
  mine(follow.deleteFollow, "ends nothing that is not", () => ({ followeeId: nowhere }), {
    rest: () => ["DELETE", `/v1/follows/${nowhere}`],
    ...notFound("NOT_FOLLOWING"),
  }),
  mine(follow.deleteFollow, "demands a UUID", () => ({ followeeId: "kim" }), {
    rest: () => ["DELETE", "/v1/follows/kim"],
    ...invalid("followee_id", "INVALID_ID"),
  }),
  mine(follow.listFollowing, "lists", () => ({ pageSize: 1 }), {
    rest: () => ["GET", "/v1/follows/following?pageSize=1"],
    ...OK,
    answer: () => ({ members: [{ followerCount: "1" }] }),
  }),
  ...pages(follow.listFollowing, "/v1/follows/following"),
  mine(follow.listFollowers, "lists", () => ({ pageSize: 1 }), {
    rest: () => ["GET", "/v1/follows/followers?pageSize=1"],
    ...OK,
    answer: (world) => ({ members: [{ memberId: world.friendId }] }),
  }),
  ...pages(follow.listFollowers, "/v1/follows/followers"),
  mine(follow.getFollowSummary, "counts", (world) => ({ memberId: world.friendId }), {
    rest: (world) => ["GET", `/v1/follows/${world.friendId}/summary`],
    ...OK,
    answer: (world) => ({ memberId: world.friendId, followerCount: "1", followedByMe: true }),
  }),
  mine(follow.getFollowSummary, "knows no such member", () => ({ memberId: nowhere }), {
    rest: () => ["GET", `/v1/follows/${nowhere}/summary`],
    ...notFound("MEMBER_NOT_FOUND"),
  }),
  mine(follow.getFollowSummary, "demands a UUID", () => ({ memberId: "kim" }), {
    rest: () => ["GET", "/v1/follows/kim/summary"],
    ...invalid("member_id", "INVALID_ID"),
  }),
];

const notifying: MethodCase<World>[] = [
  mine(notification.getNotification, "returns one", (world) => ({ notificationId: world.notificationId }), {
    rest: (world) => ["GET", `/v1/notifications/${world.notificationId}`],
    ...OK,
    answer: (world) => ({ recipientId: world.memberId, kind: "NOTIFICATION_KIND_FOLLOWED", planId: "" }),
  }),
  mine(notification.listNotifications, "lists what is unread", () => ({ unreadOnly: true, pageSize: 1 }), {
    rest: () => ["GET", "/v1/notifications?unreadOnly=true&pageSize=1"],
    ...OK,
    answer: (world) => ({ notifications: [{ recipientId: world.memberId, read: false }] }),
  }),
  ...pages(notification.listNotifications, "/v1/notifications"),
  mine(notification.getUnreadCount, "counts", () => ({}), {
    rest: () => ["GET", "/v1/notifications:unreadCount"],
    ...OK,
    answer: () => ({ count: "2" }),
  }),
  ...[notification.getNotification, notification.markNotificationRead].flatMap((method) => {
    const isRead = method === notification.markNotificationRead;
    const rest = (id: string): RestRequest =>
      isRead ? ["POST", `/v1/notifications/${id}:read`, {}] : ["GET", `/v1/notifications/${id}`];
    const refused = notFound("NOTIFICATION_NOT_FOUND");
    return [
      mine(method, "knows no such one", () => ({ notificationId: nowhere }), { rest: () => rest(nowhere), ...refused }),
      mine(method, "knows none of another", (world) => ({ notificationId: world.foreignNotification }), {
        rest: (world) => rest(world.foreignNotification),
        ...refused,
      }),
      mine(method, "demands a UUID", () => ({ notificationId: "7" }), {
        rest: () => rest("7"),
        ...invalid("notification_id", "INVALID_ID"),
      }),
    ];
  }),
  // Somebody else's, so that the caller's count stays as it is.
  mine(notification.markNotificationRead, "marks one", (world) => ({ notificationId: world.reader.notificationId }), {
    headers: (world) => world.reader.headers,
    rest: (world) => ["POST", `/v1/notifications/${world.reader.notificationId}:read`, {}],
    ...OK,
    answer: () => ({ read: true }),
  }),
];

export const methodCases: readonly MethodCase<World>[] = [
  ...writing,
  ...board,
  ...recommending,
  ...following,
  ...notifying,
];
