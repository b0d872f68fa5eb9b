// The demonstrations that are asked of KTravel, whose document has none of its own, for `mesh demo ktravel/...`.
import { randomUUID } from "node:crypto";
import type { DemonstratedSystem, Demonstration } from "#mesh/demo/demonstration.ts";
import { reasonOf } from "#mesh/demo/reasons.ts";
import type { Stage } from "#mesh/demo/stage.ts";
import { violations } from "./invariants.ts";
import { type SignedIn, signIn } from "./sign-in.ts";

const killed: Demonstration = {
  id: "K-1",
  name: "kill",
  shows: "plan and member are killed while recommendations are under way: each ends, and each token is accounted for",
  document: "asks for a Saga with compensating transactions; shows none.",
  async run(stage) {
    for (const victim of ["plan", "member"]) {
      const members = await Promise.all(Array.from({ length: 3 }, () => newMember(stage, 3)));
      const asking = Promise.all(
        members.flatMap((me) => Array.from({ length: 3 }, () => ask(me).catch(() => undefined))),
      );
      await kill(stage, victim);
      const taken = (await asking).filter((answer) => answer?.status === 200).length;
      stage.say(`${taken} of 9 recommendations were taken`);
      await stage.eventually(
        `each of them ended after ${victim} was killed, and the balances say the same`,
        async () => {
          return (await Promise.all(members.map(isSettled))).every(Boolean);
        },
      );
    }
  },
};

const aiDown: Demonstration = {
  id: "K-2",
  name: "ai-down",
  shows: "without its AI a recommendation fails, and the token is back",
  document: "asks for explicit compensating transactions; shows none.",
  async run(stage) {
    const me = await newMember(stage, 1);
    await stage.apply("ai-down");
    const { recommendationId, status } = await recommend(me);
    stage.check("it is taken all the same", status === "RECOMMENDATION_STATUS_GENERATING", status);
    const failed = await stage.eventually("it fails", async () => {
      const found = await find(me, recommendationId);
      return found.status === "RECOMMENDATION_STATUS_FAILED" && found;
    });
    stage.check("because of the AI", failed.failureReason === "AI_UNAVAILABLE", failed.failureReason);
    stage.check("and the token is back", (await balanceOf(me)) === 1);
    const entries = await kindsOf(me);
    stage.check("by a refund", entries.includes("TOKEN_ENTRY_KIND_REFUND"), entries.join(", "));
    await stage.removeOverlays();
    const again = await recommend(me);
    await stage.eventually("the built-in planner makes one", async () => {
      return (await find(me, again.recommendationId)).status === "RECOMMENDATION_STATUS_COMPLETED";
    });
  },
};

const catchUp: Demonstration = {
  id: "K-3",
  name: "catch-up",
  shows: "notification is away while members follow and write plans: afterwards each is told once",
  document: "asks for failure detection and for adding features without touching others; shows none.",
  async run(stage) {
    const [star, fan, stranger] = [await newMember(stage), await newMember(stage), await newMember(stage)];
    await stage.scale("notification", 0);
    const away = await star.rest("GET", "/v1/notifications");
    stage.check("notifications are away", away.status === 503, `${away.status} ${reasonOf(away)}`);
    await fan.api.post("/v1/follows", { followeeId: star.memberId });
    for (let count = 0; count < 5; count += 1) {
      await star.api.post("/v1/plans", { location: "부산", groupSize: 2 });
    }
    await stage.scale("notification", 1);
    await stage.eventually("the follower is told of five plans", async () => (await toldTo(fan)) === 5);
    await stage.eventually("the one who is followed is told of it", async () => (await toldTo(star)) === 1);
    stage.check("nobody else is told", (await toldTo(stranger)) === 0);
  },
};

export const system: DemonstratedSystem = {
  invariants: "K1 to K6",
  async violations(stage) {
    return violations({
      member: await stage.database("member"),
      plan: await stage.database("plan"),
      follow: await stage.database("follow"),
      notification: await stage.database("notification"),
    });
  },
  demonstrations: [killed, aiDown, catchUp],
};

async function newMember(stage: Stage, tokens = 0): Promise<SignedIn> {
  const typed = `demo-${randomUUID()}@example.com`;
  const member = await signIn(stage.rest, { gateway: stage.gateway, typed });
  if (tokens > 0) await member.api.post("/v1/tokens:charge", { amount: tokens, requestId: randomUUID() });
  return member;
}

/** kill -9 of the process of a service. */
async function kill(stage: Stage, service: string): Promise<void> {
  const [replica] = await stage.replicas(service);
  if (!replica?.pid) throw new Error(`${service} has no process to kill`);
  stage.say(`kills ${service} (${replica.pid})`);
  process.kill(replica.pid, "SIGKILL");
}

const wish = {
  type: "RECOMMENDATION_TYPE_PERSONALIZED",
  location: "부산",
  travelDate: "2999-05-01",
  budget: "900000",
  groupSize: 2,
};

function ask({ rest }: SignedIn) {
  return rest("POST", "/v1/plans:recommend", { ...wish, requestId: randomUUID() });
}

function recommend({ api }: SignedIn): Promise<Recommendation> {
  return api.post("/v1/plans:recommend", { ...wish, requestId: randomUUID() });
}

interface Recommendation {
  readonly recommendationId: string;
  readonly status: string;
  readonly failureReason: string;
}

function find({ api }: SignedIn, recommendationId: string): Promise<Recommendation> {
  return api.get(`/v1/recommendations/${recommendationId}`);
}

/** Whether all of a member's recommendations have ended, and what is left of three tokens is what they did not cost. */
async function isSettled(me: SignedIn): Promise<boolean> {
  const { recommendations } = await me.api.get<{ recommendations: Recommendation[] }>("/v1/recommendations");
  const are = (status: string) =>
    recommendations.filter((each) => each.status === `RECOMMENDATION_STATUS_${status}`).length;
  const completed = are("COMPLETED");
  const isOver = completed + are("FAILED") + are("REJECTED") === recommendations.length;
  return isOver && (await balanceOf(me)) === 3 - completed;
}

async function balanceOf({ api }: SignedIn): Promise<number> {
  return Number((await api.get<{ balance: string }>("/v1/tokens/balance")).balance);
}

async function kindsOf({ api }: SignedIn): Promise<string[]> {
  const { tokenEntries } = await api.get<{ tokenEntries: { kind: string }[] }>("/v1/tokens/entries");
  return tokenEntries.map(({ kind }) => kind);
}

async function toldTo({ api }: SignedIn): Promise<number> {
  return (await api.get<{ notifications: object[] }>("/v1/notifications")).notifications.length;
}
