// What must hold once things are quiet, read from the databases alone. Tests and demonstrations ask.
import { type Queryable, tokenViolations } from "./member/invariants.ts";

export type { Queryable };

/** The four databases. */
export interface Databases {
  readonly member: Queryable;
  readonly plan: Queryable;
  readonly follow: Queryable;
  readonly notification: Queryable;
}

interface Recommendation {
  readonly id: string;
  readonly member: string;
  readonly status: string;
}

interface Told {
  readonly event: string;
  readonly recipient: string;
  readonly actor: string;
  readonly kind: string;
}

interface Published {
  readonly event: string;
  readonly name: string;
  readonly time: Date;
  readonly payload: Readonly<Record<string, string>>;
}

/** @returns a sentence for everything that is wrong; nothing when K1 to K6 hold */
export async function violations(databases: Databases): Promise<string[]> {
  return [
    ...(await tokenViolations(databases.member)),
    ...(await wrongRecommendations(databases)),
    ...(await wrongPlans(databases.plan)),
    ...(await wrongNotifications(databases)),
    ...(await leakedPlans(databases)),
    ...(await wrongFollows(databases)),
  ];
}

/** K1: each COMPLETED recommendation has one token spent, each other none; and nothing is under way. */
async function wrongRecommendations({ plan, member }: Databases): Promise<string[]> {
  const recommendations = await rowsOf<Recommendation>(
    plan,
    "SELECT recommendation_id AS id, member_id AS member, status FROM recommendation",
  );
  const spent = await rowsOf<{ ref: string; member: string; tokens: string }>(
    member,
    `SELECT ref_id AS ref, member_id AS member, sum(CASE kind WHEN 'SPEND' THEN amount ELSE -amount END) AS tokens
     FROM token_entry WHERE kind IN ('SPEND', 'REFUND') GROUP BY 1, 2`,
  );
  const tokensOf = new Map(spent.map(({ ref, member: who, tokens }) => [`${ref} ${who}`, Number(tokens)]));
  const known = new Set(recommendations.map(({ id }) => id));
  return [
    ...recommendations.flatMap(({ id, member: who, status }) => {
      if (!["COMPLETED", "FAILED", "REJECTED"].includes(status)) return [`recommendation ${id} is still ${status}`];
      const tokens = tokensOf.get(`${id} ${who}`) ?? 0;
      const wanted = status === "COMPLETED" ? 1 : 0;
      return tokens === wanted ? [] : [`K1: recommendation ${id} is ${status} and cost ${tokens} tokens`];
    }),
    ...spent
      .filter(({ ref }) => !known.has(ref))
      .map(({ ref }) => `K1: a token was spent on ${ref}, which nobody knows`),
  ];
}

/** K1, K3: exactly one plan was made of each COMPLETED recommendation, and of no other; its owner may have deleted it. */
async function wrongPlans(plan: Queryable): Promise<string[]> {
  const rows = await rowsOf<{ id: string; status: string; events: string }>(
    plan,
    `SELECT recommendation_id AS id, status, (
       SELECT count(*) FROM mesh.outbox
       WHERE subject = 'plan.PlanCreated' AND correlation_id = recommendation_id::text AND aggregate_id = plan_id::text
     ) AS events FROM recommendation`,
  );
  const strangers = await rowsOf<{ id: string }>(
    plan,
    `SELECT p.plan_id AS id FROM plan p LEFT JOIN recommendation r ON r.plan_id = p.plan_id AND r.status = 'COMPLETED'
     AND r.member_id = p.owner_id AND r.recommendation_id = p.recommendation_id
     WHERE p.recommendation_id IS NOT NULL AND r.plan_id IS NULL`,
  );
  return [
    ...rows.flatMap(({ id, status, events }) =>
      Number(events) === (status === "COMPLETED" ? 1 : 0)
        ? []
        : [`K3: recommendation ${id} is ${status}, with ${events} plans`],
    ),
    ...strangers.map(({ id }) => `K3: plan ${id} came of no recommendation of its owner`),
  ];
}

/** K4: who is told of what follows from the events alone: followers at the time of a plan, and those who are followed. */
async function wrongNotifications({ plan, follow, notification }: Databases): Promise<string[]> {
  const [plans, follows] = [await publishedBy(plan), await publishedBy(follow)];
  const wanted = new Set<string>();
  for (const { event, name, payload } of follows) {
    if (name === "Followed") wanted.add(`${event} ${payload["followeeId"]} ${payload["followerId"]} FOLLOWED`);
  }
  for (const { event, name, time, payload } of plans) {
    if (name !== "PlanCreated") continue;
    const owner = payload["ownerId"] ?? "";
    for (const follower of followersAt(follows, owner, time)) wanted.add(`${event} ${follower} ${owner} PLAN_CREATED`);
  }
  const told = await rowsOf<Told>(
    notification,
    "SELECT event_id AS event, recipient_id AS recipient, actor_id AS actor, kind FROM notification",
  );
  const found = told.map(({ event, recipient, actor, kind }) => `${event} ${recipient} ${actor} ${kind}`);
  return [
    ...[...wanted].filter((each) => !found.includes(each)).map((each) => `K4: nobody was told: ${each}`),
    ...found.filter((each) => !wanted.has(each)).map((each) => `K4: told without a reason: ${each}`),
    ...found.filter((each, index) => found.indexOf(each) !== index).map((each) => `K4: told twice: ${each}`),
  ];
}

function followersAt(follows: readonly Published[], followee: string, time: Date): string[] {
  const following = new Map<string, boolean>();
  for (const step of follows) {
    if (step.payload["followeeId"] !== followee || step.time > time) continue;
    following.set(step.payload["followerId"] ?? "", step.name === "Followed");
  }
  return [...following].filter(([, is]) => is).map(([follower]) => follower);
}

/** K5: no event and no notification says what a plan says, and none that is shown leads to a private plan. */
async function leakedPlans({ plan, notification }: Databases): Promise<string[]> {
  const texts = await rowsOf<{ id: string }>(
    plan,
    `SELECT o.event_id AS id FROM mesh.outbox o
     WHERE EXISTS (SELECT 1 FROM jsonb_object_keys(o.payload::jsonb) AS key
       WHERE key NOT IN ('planId', 'ownerId', 'origin', 'shared', 'recommendationId', 'memberId', 'reason'))`,
  );
  const shown = await rowsOf<{ id: string }>(notification, "SELECT plan_id AS id FROM plan_copy WHERE shared");
  const shared = new Set(
    (await rowsOf<{ id: string }>(plan, "SELECT plan_id AS id FROM plan WHERE share_id IS NOT NULL")).map(
      ({ id }) => id,
    ),
  );
  return [
    ...texts.map(({ id }) => `K5: event ${id} tells more than it should`),
    ...shown.filter(({ id }) => !shared.has(id)).map(({ id }) => `K5: private plan ${id} is shown in notifications`),
  ];
}

/** K6: everybody knows who follows whom as follow does. */
async function wrongFollows({ plan, follow, notification }: Databases): Promise<string[]> {
  const pairs = (database: Queryable, sql: string) => rowsOf<{ pair: string }>(database, sql);
  const pair = "follower_id || ':' || followee_id AS pair";
  const truth = (await pairs(follow, `SELECT ${pair} FROM follow WHERE following`)).map((row) => row.pair).sort();
  const copies = {
    plan: await pairs(plan, `SELECT ${pair} FROM follow_pair WHERE following`),
    notification: await pairs(
      notification,
      `SELECT ${pair} FROM (SELECT DISTINCT ON (follower_id, followee_id) * FROM follow_step
       ORDER BY follower_id, followee_id, version DESC) AS latest WHERE following`,
    ),
  };
  const counts = await rowsOf<{ id: string }>(
    plan,
    `SELECT c.member_id AS id FROM follower_count c WHERE followers <>
     (SELECT count(*) FROM follow_pair p WHERE p.followee_id = c.member_id AND following)`,
  );
  return [
    ...Object.entries(copies).flatMap(([name, rows]) =>
      rows
        .map((row) => row.pair)
        .sort()
        .join() === truth.join()
        ? []
        : [`K6: ${name} knows other follows than follow`],
    ),
    ...counts.map(({ id }) => `K6: the followers of ${id} are counted wrong`),
  ];
}

async function publishedBy(database: Queryable): Promise<Published[]> {
  const rows = await rowsOf<{ event: string; subject: string; time: Date; payload: string }>(
    database,
    "SELECT event_id AS event, subject, time, payload FROM mesh.outbox ORDER BY position",
  );
  return rows.map(({ event, subject, time, payload }) => ({
    event,
    name: subject.slice(subject.indexOf(".") + 1),
    time: new Date(time),
    payload: JSON.parse(payload) as Readonly<Record<string, string>>,
  }));
}

async function rowsOf<Row>(database: Queryable, sql: string): Promise<Row[]> {
  return (await database.query(sql)).rows as Row[];
}
