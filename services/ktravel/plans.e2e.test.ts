// Plans, follows and notifications as `mesh up` runs them: every method by gRPC and by REST, who may not call, an AI behind a ServiceEntry
// whose timeouts and retries are Istio's, and what is told of plans. The demonstrations change the system, one after the other; each
// leaves it as it found it.
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FollowServiceService } from "#gen/proto/ktravel/follow/v1/follow.ts";
import { NotificationKind, NotificationServiceService } from "#gen/proto/ktravel/notification/v1/notification.ts";
import {
  PlanOrigin,
  PlanServiceService,
  RecommendationStatus,
  RecommendationType,
} from "#gen/proto/ktravel/plan/v1/plan.ts";
import type { Rest } from "#mesh/local/rest.ts";
import { Code } from "#mesh/service/codes.ts";
import { type Collector, startCollector } from "#mesh/testing/collector.ts";
import { demonstrate } from "#mesh/testing/demonstrate.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { everyMethod } from "#mesh/testing/every-method.ts";
import type { GrpcCaller } from "#mesh/testing/grpc-caller.ts";
import { grpcCaller } from "#mesh/testing/grpc-caller.ts";
import { reasonOf } from "#mesh/testing/method-case.ts";
import { type RunningSystem, startSystem } from "#mesh/testing/system.ts";
import { everythingTold, leaks } from "#mesh/testing/told.ts";
import { type Databases, violations } from "./invariants.ts";
import { methodCases, type World } from "./method-cases.ts";
import { fillTravel } from "./sample-data.ts";
import { type SignedIn, signIn } from "./sign-in.ts";

/** Has every span of its flow recorded. */
const sampled = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };
/** What plans say here; no log, event or span may. */
const secret = "the old lighthouse keeper's garden";

let collector: Collector;
let system: RunningSystem;
let visitor: Rest;
let grpc: GrpcCaller;
let world: World;
let pools: (Databases & Record<string, pg.Pool>) | undefined;

beforeAll(async () => {
  collector = await startCollector();
  process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url;
  system = await startSystem("ktravel");
  const plain = system.rest();
  visitor = (method, path, body, headers) => plain(method, path, body, { ...sampled, ...headers });
  grpc = system.grpc();
  world = await prepareWorld();
});

afterAll(async () => {
  delete process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  for (const pool of Object.values(pools ?? {})) await pool.end();
  await system?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

let people = 0;

/** Somebody new. */
async function newMember(tokens = 0): Promise<SignedIn> {
  people += 1;
  const member = await signIn(visitor, { gateway: system.gateway, typed: `planner${people}@example.com` });
  if (tokens > 0) await member.api.post("/v1/tokens:charge", { amount: tokens, requestId: randomUUID() });
  return member;
}

interface Plan {
  readonly planId: string;
}

async function write({ api }: SignedIn, { shared = false } = {}): Promise<string> {
  const { planId } = await api.post<Plan>("/v1/plans", { location: "부산", groupSize: 2, details: secret });
  if (shared) await api.post(`/v1/plans/${planId}:share`, {});
  return planId;
}

async function prepareWorld(): Promise<World> {
  const members = await Promise.all(Array.from({ length: 6 }, () => newMember()));
  const [me, reader] = [await newMember(4), await newMember()];
  const [friend, poor, ...others] = members as [SignedIn, SignedIn, ...SignedIn[]];
  const strangers = others.map(({ memberId }) => memberId);
  const shared = { shared: true };
  const take = (list: string[]) => () => list.pop() ?? "";
  const many = (count: number, of: () => Promise<string>) => Promise.all(Array.from({ length: count }, of));
  const followees = [strangers.pop() ?? "", strangers.pop() ?? ""];
  const hearts = await many(3, () => write(friend, shared));
  for (const planId of hearts) await me.api.post(`/v1/plans/${planId}:heart`, {});
  const usedRequestId = randomUUID();
  await me.api.post(`/v1/plans?requestId=${usedRequestId}`, { location: "x", groupSize: 1 });
  const ready = {
    ownPlan: await write(me),
    ownShared: await write(me, shared),
    foreignPlan: await write(friend),
    foreignShared: await write(friend, shared),
    hearted: hearts.pop() ?? "",
    heartedPlan: take(hearts),
    privatePlan: take(await many(4, () => write(me))),
    sharedPlan: take(await many(2, () => write(me, shared))),
    boardPlan: take(await many(2, () => write(friend, shared))),
  };
  await poor.api.post("/v1/follows", { followeeId: me.memberId });
  await friend.api.post("/v1/follows", { followeeId: me.memberId });
  await poor.api.post("/v1/follows", { followeeId: reader.memberId });
  for (const followeeId of [...followees, friend.memberId]) await me.api.post("/v1/follows", { followeeId });
  const { recommendationId } = await recommend(me);
  const isDone = ({ status }: { status: string }) => status === "RECOMMENDATION_STATUS_COMPLETED";
  await me.api.wait<{ status: string }>(`/v1/recommendations/${recommendationId}`, isDone);
  const told = async ({ api }: SignedIn, count: number) => {
    const isAll = ({ notifications }: { notifications: object[] }) => notifications.length === count;
    const list = await api.wait<{ notifications: { notificationId: string }[] }>("/v1/notifications", isAll);
    return list.notifications[0]?.notificationId ?? "";
  };
  await eventually(async () => (await me.rest("GET", `/v1/follows/${friend.memberId}/summary`)).status === 200);
  return {
    ...ready,
    headers: me.headers,
    memberId: me.memberId,
    recommendationId,
    friendId: friend.memberId,
    stranger: take(strangers),
    followee: take(followees),
    notificationId: await told(me, 2),
    // Friend is told of the follow, and of the recommended plan.
    foreignNotification: await told(friend, 2),
    reader: { headers: reader.headers, notificationId: await told(reader, 1) },
    usedRequestId,
    poor: poor.headers,
  };
}

const wish = {
  type: "RECOMMENDATION_TYPE_PERSONALIZED",
  location: "부산",
  travelDate: "2999-05-01",
  budget: "900000",
  groupSize: 2,
  details: secret,
};

/** Again where member was too late to spend the token, which is back a moment later. */
function recommend({ rest }: SignedIn): Promise<{ recommendationId: string; status: string }> {
  const request = { ...wish, requestId: randomUUID() };
  return eventually(async () => {
    const answer = await rest("POST", "/v1/plans:recommend", request);
    expect(answer).toMatchObject({ status: 200 });
    return answer.body as { recommendationId: string; status: string };
  });
}

/** Waits until a recommendation has come to an end. */
function outcome({ api }: SignedIn, recommendationId: string) {
  const final = /COMPLETED|FAILED|REJECTED/;
  return eventually(async () => {
    const path = `/v1/recommendations/${recommendationId}`;
    const found = await api.get<{ status: string; failureReason: string; planId: string }>(path);
    return final.test(found.status) && found;
  });
}

const balanceOf = async ({ api }: SignedIn) => (await api.get<{ balance: string }>("/v1/tokens/balance")).balance;

/** Waits until K1 to K6 hold, read from the databases alone. */
async function untilQuiet(): Promise<void> {
  const pool = async (name: string) =>
    new pg.Pool({ connectionString: await system.databaseUrl(`ktravel_${name}`), max: 1 });
  pools ??= {
    member: await pool("member"),
    plan: await pool("plan"),
    follow: await pool("follow"),
    notification: await pool("notification"),
  };
  const databases = pools;
  await eventually(
    async () => {
      expect(await violations(databases)).toEqual([]);
      return true;
    },
    { withinMs: 120_000, everyMs: 500 },
  );
}

const enums = { ...PlanOrigin, ...RecommendationStatus, ...RecommendationType, ...NotificationKind };

everyMethod({ cases: methodCases, methods: 23, enums, running: () => ({ grpc, rest: visitor, world }) });

describe("every method", () => {
  const all = [PlanServiceService, FollowServiceService, NotificationServiceService].flatMap((definition) =>
    Object.values(definition),
  );

  it("needs a token, at the gateway and at the service itself", async () => {
    const replicas = await system.status();
    for (const method of all) {
      const [, service = ""] = method.path.split(".");
      const replica = replicas.find(({ workload }) => workload === service);
      using straight = grpcCaller(replica?.ports[0]?.listens ?? "", `${service}.ktravel:50051`);
      const answers = [await grpc.call(method, {}), await straight.call(method, {})];
      const codes = answers.map(({ code }) => code);
      expect([method.path, ...codes]).toEqual([method.path, Code.UNAUTHENTICATED, Code.UNAUTHENTICATED]);
    }
    const overRest = methodCases.flatMap(({ rest }) => (rest ? [rest(world)] : []));
    for (const [method, path, body] of overRest) {
      expect([path, (await visitor(method, path, body)).status]).toEqual([path, 401]);
    }
  });
});

describe("a recommendation", () => {
  it("is GENERATING at once and a plan a moment later, paid with one token", async () => {
    const me = await newMember(1);
    const { recommendationId, status } = await recommend(me);
    expect(status).toBe("RECOMMENDATION_STATUS_GENERATING");
    const done = await outcome(me, recommendationId);
    expect(done.status).toBe("RECOMMENDATION_STATUS_COMPLETED");
    expect(await me.api.get(`/v1/plans/${done.planId}`)).toMatchObject({ recommendationId, location: "부산" });
    expect(await balanceOf(me)).toBe("0");
  });

  it("after member was away is refused, and costs nothing", async () => {
    const me = await newMember(1);
    await system.mesh("scale", "ktravel/member", "0");
    // Plan checks tokens with the keys that it has.
    const refused = await me.rest("POST", "/v1/plans:recommend", { ...wish, requestId: randomUUID() });
    expect([refused.status, reasonOf(refused)]).toEqual([503, "MEMBER_UNAVAILABLE"]);
    await system.mesh("scale", "ktravel/member", "1");
    await system.untilReady();
    await untilQuiet();
    expect(await balanceOf(me)).toBe("1");
    const { recommendations } = await me.api.get<{ recommendations: object[] }>("/v1/recommendations");
    expect(recommendations).toMatchObject([
      { status: "RECOMMENDATION_STATUS_FAILED", failureReason: "MEMBER_UNAVAILABLE" },
    ]);
  });
});

describe("an AI behind a ServiceEntry", () => {
  type Answer = (response: ServerResponse) => void;
  let answers: Answer[] = [];
  let asked = 0;
  const ai = createServer((request, response) => {
    asked += 1;
    request.resume().on("end", () => (answers.shift() ?? good)(response));
  });
  const completion = (content: object) =>
    JSON.stringify({ choices: [{ message: { content: JSON.stringify(content) } }] });
  const result = { location: "부산", travel_date: "2999-05-01", budget: 800_000, group_size: 2, details: secret };
  const good: Answer = (response) => response.end(completion(result));
  const broken: Answer = (response) => response.writeHead(500).end();
  /** Never. */
  const slow: Answer = () => {};

  beforeAll(async () => {
    await new Promise<void>((resolve) => ai.listen(0, "127.0.0.1", resolve));
    const file = join(system.folder, "istio", "ktravel", "plan.yaml");
    const { port } = ai.address() as AddressInfo;
    // The AI is here, without TLS, and has eight seconds instead of twenty.
    const here = readFileSync(file, "utf8")
      .replace("resolution: DNS", `resolution: STATIC\n  endpoints: [{ address: 127.0.0.1, ports: { http: ${port} } }]`)
      .replace(
        "tls: { mode: SIMPLE, sni: api.openai.com, subjectAltNames: [api.openai.com] }",
        "tls: { mode: DISABLE }",
      )
      .replace("timeout: 41s", "timeout: 17s")
      .replace("perTryTimeout: 20s", "perTryTimeout: 8s");
    writeFileSync(file, here);
    await system.mesh("apply", "-k", "services/ktravel/overlays/ai");
    await system.untilReady();
    // The edit is in force when the AI has been asked.
    const me = await newMember(1);
    await eventually(
      async () => {
        const { recommendationId } = await recommend(me);
        return (await outcome(me, recommendationId)).status === "RECOMMENDATION_STATUS_COMPLETED" && asked > 0;
      },
      { withinMs: 240_000 },
    );
  });

  afterAll(async () => {
    await system.mesh("apply", "--remove");
    await system.untilReady();
    ai.close().closeAllConnections();
  });

  it.each<[string, Answer[], number, string, string]>([
    ["makes a plan", [], 1, "RECOMMENDATION_STATUS_COMPLETED", ""],
    ["is asked again after a failure, by the sidecar", [broken], 2, "RECOMMENDATION_STATUS_COMPLETED", ""],
    ["is asked again when it is too slow", [slow], 2, "RECOMMENDATION_STATUS_COMPLETED", ""],
    ["is asked no third time", [broken, broken], 2, "RECOMMENDATION_STATUS_FAILED", "AI_UNAVAILABLE"],
    ["may be too slow twice", [slow, slow], 2, "RECOMMENDATION_STATUS_FAILED", "AI_UNAVAILABLE"],
    [
      "may answer nonsense, which is not asked for again",
      [(response) => response.end("Have a nice trip!")],
      1,
      "RECOMMENDATION_STATUS_FAILED",
      "AI_INVALID_RESULT",
    ],
    [
      "may make fields up",
      [(response) => response.end(completion({ ...result, hotel: "Grand" }))],
      1,
      "RECOMMENDATION_STATUS_FAILED",
      "AI_INVALID_RESULT",
    ],
  ])("%s", async (_, script, times, status, failureReason) => {
    const me = await newMember(1);
    answers = [...script];
    asked = 0;
    const { recommendationId } = await recommend(me);
    expect(await outcome(me, recommendationId)).toMatchObject({ status, failureReason });
    expect(asked).toBe(times);
    expect(await balanceOf(me)).toBe(failureReason === "" ? "0" : "1");
  });
});

describe("demonstrations, in short form", () => {
  it.each(["K-1", "K-2", "K-3"])("%s", (id) => demonstrate(system, `ktravel/${id}`));
});

it("fills an empty system with sample data, and leaves a full one alone", async () => {
  const plansOf = async () => {
    const { plans } = (await visitor("GET", "/v1/sharedPlans?pageSize=1000", undefined, world.headers)).body as {
      plans: { details: string }[];
    };
    return plans.filter(({ details }) => details !== secret).map(({ details }) => details);
  };
  const once = await plansOf(); // `mesh up` has filled it.
  expect(once).toHaveLength(3);
  await fillTravel(visitor, system.gateway);
  expect(await plansOf()).toEqual(once);
});

it("says nothing of what plans say, in no log, event or span", async () => {
  await untilQuiet();
  const known = await newMember();
  const marker = await write(known);
  const databases = ["plan", "follow", "notification", "member"].map((name) => `ktravel_${name}`);
  // It looks in the right places: what may be told is there, once the last lines are written.
  const told = await eventually(async () => {
    const spans = { where: "spans", text: collector.received().toString("latin1") };
    const all = [...(await everythingTold(system, databases)), spans];
    const places = leaks(all, { id: marker }).join("\n");
    return /^logs\/ktravel\/plan.*: id/m.test(places) && places.includes("events of ktravel_plan: id") && all;
  });
  expect(leaks(told, { "what plans say": secret, "a token": known.headers["authorization"] ?? "" })).toEqual([]);
  expect(told.find(({ where }) => where === "spans")?.text).toContain("ktravel.plan.v1.PlanService");
});
