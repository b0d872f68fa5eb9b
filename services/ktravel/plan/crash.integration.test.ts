// Plan is killed after each step of its saga, and started again.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AuthServiceService, Jwk } from "#gen/proto/ktravel/member/v1/auth.ts";
import { TokenEntry, TokenServiceService } from "#gen/proto/ktravel/member/v1/token.ts";
import { PlanServiceService, RecommendationType } from "#gen/proto/ktravel/plan/v1/plan.ts";
import { implement } from "#mesh/service/handler.ts";
import { failedPrecondition, refusals } from "#mesh/service/refusals.ts";
import { type ChildService, childService } from "#mesh/testing/child-service.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import { type TestTokens, testTokens } from "#mesh/testing/test-tokens.ts";
import { useServers } from "#mesh/testing/use-servers.ts";

const { recommendPlan } = PlanServiceService;
const refuse = refusals({ ALREADY_REFUNDED: failedPrecondition("Given back.") });

const servers = useServers();
let tokens: TestTokens;
let member: TestService;
let url: string;
let sql: pg.Pool;

/** What became of each token; one that was never spent and is refused from now on is buried. */
const ledger = new Map<string, "spent" | "refunded" | "buried">();

beforeAll(async () => {
  tokens = await testTokens();
  const { spendToken, refundToken } = TokenServiceService;
  const { getJwks } = AuthServiceService;
  const tokenService = implement(
    { spendToken, refundToken },
    {
      async spendToken({ refId }) {
        const state = ledger.get(refId) ?? "spent";
        if (state !== "spent") throw refuse.ALREADY_REFUNDED();
        ledger.set(refId, state);
        return TokenEntry.fromPartial({ refId });
      },
      async refundToken({ refId }) {
        const state = ledger.get(refId);
        ledger.set(refId, state === "spent" ? "refunded" : (state ?? "buried"));
        return { tokenEntry: undefined };
      },
    },
  );
  const keys = [Jwk.fromJSON({ ...tokens.publicJwk, kid: tokens.kid })];
  const authService = implement({ getJwks }, { getJwks: async () => ({ keys }) });
  member = await testService({ name: "member.ktravel", services: [tokenService, authService] });
  url = servers.postgres.freshUrl();
  sql = new pg.Pool({ connectionString: url, max: 1 });
});

afterAll(async () => {
  await sql?.end();
  await member?.stop();
});

/** @param generator `openai` finds no AI here: all that listens is the member of this test */
function startChild({ crashAt = "", generator = "builtin" } = {}): Promise<ChildService> {
  return childService(join(import.meta.dirname, "main.ts"), {
    DATABASE_URL: url,
    NATS_URL: servers.nats.url,
    NS: "ktravel",
    MESH_OUTBOUND: member.target,
    TOKEN_ISSUER: tokens.issuer,
    TOKEN_AUDIENCE: tokens.audience,
    GENERATOR: generator,
    AI_TARGET: "ai.example:80",
    AI_MODEL: "none",
    MESH_CRASH_AT: crashAt,
  });
}

const steps = [
  { crashAt: "recommend/requested", status: "FAILED", token: "buried" },
  { crashAt: "recommend/spent", status: "FAILED", token: "refunded" },
  { crashAt: "recommend/token-spent", status: "COMPLETED", token: "spent" },
  { crashAt: "recommend/generating", status: "COMPLETED", token: "spent" },
  { crashAt: "recommend/generated", status: "COMPLETED", token: "spent" },
  { crashAt: "recommend/completed", status: "COMPLETED", token: "spent" },
  { crashAt: "recommend/refunding", generator: "openai", status: "FAILED", token: "refunded" },
  { crashAt: "recommend/refund-asked", generator: "openai", status: "FAILED", token: "refunded" },
];

const wish = {
  type: RecommendationType.RECOMMENDATION_TYPE_PERSONALIZED,
  location: "부산",
  travelDate: "2999-05-01",
  budget: 900_000n,
  groupSize: 2,
};

it("ends in a final state wherever it was killed, and a repeated request fits it", { timeout: 600_000 }, async () => {
  const attempts: { memberId: string; requestId: string }[] = [];
  for (const step of steps) {
    const [memberId, requestId] = [randomUUID(), randomUUID()];
    attempts.push({ memberId, requestId });
    await using child = await startChild(step);
    const metadata = await tokens.bearer(memberId);
    await child.caller.call(recommendPlan, { ...wish, requestId }, { metadata, timeoutMs: 120_000 });
    expect(await child.ended).toBe("SIGKILL");
    // So that the next one dies in its own recommendation, and not in what this one left.
    await sql.query("UPDATE recommendation SET step_time = now() + interval '1 hour'");
  }
  await sql.query("UPDATE recommendation SET step_time = now() - interval '1 hour'");

  await using plan = await startChild();
  const stateOf = async (memberId: string) => {
    const text = "SELECT recommendation_id, status, plan_id FROM recommendation WHERE member_id = $1";
    return (await sql.query<Record<string, string>>(text, [memberId])).rows;
  };
  for (const [index, { crashAt, status, token }] of steps.entries()) {
    const { memberId = "", requestId = "" } = attempts[index] ?? {};
    const [found] = await eventually(async () => {
      const rows = await stateOf(memberId);
      return rows.every((row) => row["status"] === status) ? rows : undefined;
    });
    const id = found?.["recommendation_id"] ?? "";
    expect([crashAt, ledger.get(id)]).toEqual([crashAt, token]);
    const plans = await sql.query("SELECT plan_id FROM plan WHERE owner_id = $1", [memberId]);
    expect(plans.rows).toEqual(status === "COMPLETED" ? [{ plan_id: found?.["plan_id"] }] : []);
    if (status !== "COMPLETED") continue;
    const metadata = await tokens.bearer(memberId);
    const again = await plan.caller.call(recommendPlan, { ...wish, requestId }, { metadata });
    expect(again.response?.recommendationId).toBe(id);
    expect(await stateOf(memberId)).toHaveLength(1);
  }
  const events = "SELECT subject, count(*)::int FROM mesh.outbox GROUP BY 1 ORDER BY 1";
  expect((await sql.query({ text: events, rowMode: "array" })).rows).toEqual([
    ["plan.PlanCreated", 4],
    ["plan.PlanRecommended", 4],
    ["plan.RecommendationFailed", 4],
  ]);
});
