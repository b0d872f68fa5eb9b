import type { Prisma, Recommendation as RecommendationRow } from "#gen/prisma/ktravel/plan/client.ts";
import {
  type Plan as PlanMessage,
  PlanOrigin,
  RecommendationStatus,
  RecommendationType,
} from "#gen/proto/ktravel/plan/v1/plan.ts";
import type { IdempotencyKey } from "#mesh/service/call.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import { present } from "#mesh/service/present.ts";
import { uuidv7 } from "#mesh/service/uuid.ts";
import { type MemberCopies, storeMemberCopy } from "../member-copy.ts";
import type { Plan, PlanText, Recommendation } from "./domain.ts";
import type { Wish } from "./generator.ts";

const origin = enumColumn(PlanOrigin, "PLAN_ORIGIN");
const type = enumColumn(RecommendationType, "RECOMMENDATION_TYPE");
const status = enumColumn(RecommendationStatus, "RECOMMENDATION_STATUS");

/** A recommendation with what its saga remembers. */
export interface KeptRecommendation extends Recommendation {
  /** What the request that asked for it said, as a hash; empty without a request id. */
  readonly requestHash: Uint8Array;
}

/** A plan that is about to be stored. */
export interface NewPlan extends PlanText {
  readonly ownerId: string;
  readonly origin: PlanOrigin;
  /** Empty for a plan of origin MANUAL. */
  readonly recommendationId: string;
}

/** Where a plan stands in a list: its own id, or the id of its sharing or of a heart. */
export interface PageKey {
  readonly pageKey: string;
}

export type ListedPlan = PlanMessage & PageKey;

/** The plans, their hearts, the recommendations, and what is known of members. */
export class PlanStore implements MemberCopies {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  /** Makes other transactions with the same name wait until this one ends. */
  async lock(name: string): Promise<void> {
    await this.#db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
  }

  async insertPlan(plan: NewPlan): Promise<Plan> {
    const data = {
      ...plan,
      planId: uuidv7(),
      origin: origin.toColumn(plan.origin),
      recommendationId: plan.recommendationId || null,
    };
    return toPlan(await this.#db.plan.create({ data }));
  }

  /** The plan, which no other transaction can change until this one ends. */
  async findPlanForUpdate(planId: string): Promise<Plan | undefined> {
    await this.#db.$executeRaw`SELECT 1 FROM plan WHERE plan_id = ${planId}::uuid FOR UPDATE`;
    const row = await this.#db.plan.findUnique({ where: { planId } });
    return row ? toPlan(row) : undefined;
  }

  async changePlan(planId: string, text: Partial<PlanText>): Promise<Plan> {
    return this.#updatePlan(planId, text);
  }

  async sharePlan(planId: string): Promise<Plan> {
    const now = new Date();
    return this.#updatePlan(planId, { shareId: uuidv7(now.getTime()), sharedTime: now });
  }

  async unsharePlan(planId: string): Promise<Plan> {
    return this.#updatePlan(planId, { shareId: null, sharedTime: null });
  }

  /** Hearts go with it. */
  async deletePlan(planId: string): Promise<void> {
    await this.#db.plan.delete({ where: { planId } });
  }

  async #updatePlan(planId: string, data: Prisma.PlanUpdateInput): Promise<Plan> {
    const updated = { ...data, version: { increment: 1n }, updateTime: new Date() };
    return toPlan(await this.#db.plan.update({ where: { planId }, data: updated }));
  }

  /** @returns whether the member had given none before */
  async addHeart(planId: string, memberId: string): Promise<boolean> {
    const data = [{ heartId: uuidv7(), planId, memberId }];
    return (await this.#db.heart.createMany({ data, skipDuplicates: true })).count > 0;
  }

  /** @returns whether there was one */
  async removeHeart(planId: string, memberId: string): Promise<boolean> {
    return (await this.#db.heart.deleteMany({ where: { planId, memberId } })).count > 0;
  }

  /** The plan as this member sees it; it may be one that the member must not see. */
  async showPlan(planId: string, memberId: string): Promise<PlanMessage | undefined> {
    const row = await this.#db.plan.findUnique({ where: { planId }, include: seenBy(memberId) });
    return row ? (await this.#named([row]))[0] : undefined;
  }

  /** At most `take` plans of the member older than `before`; UNSPECIFIED means any origin. */
  async pageOwn(memberId: string, filter: PlanOrigin, page: PageOf): Promise<ListedPlan[]> {
    const where: Prisma.PlanWhereInput = { ownerId: memberId };
    if (filter !== PlanOrigin.PLAN_ORIGIN_UNSPECIFIED) where.origin = origin.toColumn(filter);
    if (page.before !== undefined) where.planId = { lt: page.before };
    const include = seenBy(memberId);
    const rows = await this.#db.plan.findMany({ where, include, orderBy: { planId: "desc" }, take: page.take });
    return (await this.#named(rows)).map((plan) => ({ ...plan, pageKey: plan.planId }));
  }

  /** At most `take` shared plans, shared before `before`; an empty location and owner mean any. */
  async pageBoard(memberId: string, filter: BoardFilter, page: PageOf): Promise<ListedPlan[]> {
    const where: Prisma.PlanWhereInput = {
      shareId: page.before === undefined ? { not: null } : { not: null, lt: page.before },
    };
    if (filter.location !== "") where.location = filter.location;
    if (filter.ownerId !== "") where.ownerId = filter.ownerId;
    const include = seenBy(memberId);
    const rows = await this.#db.plan.findMany({ where, include, orderBy: { shareId: "desc" }, take: page.take });
    const plans = await this.#named(rows);
    return plans.map((plan, index) => ({ ...plan, pageKey: present(rows[index]?.shareId) }));
  }

  /** At most `take` plans that the member gave a heart before `before`, and may still read. */
  async pageHearted(memberId: string, page: PageOf): Promise<ListedPlan[]> {
    const where: Prisma.HeartWhereInput = { memberId, plan: readableBy(memberId) };
    if (page.before !== undefined) where.heartId = { lt: page.before };
    const include = { plan: { include: seenBy(memberId) } };
    const hearts = await this.#db.heart.findMany({ where, include, orderBy: { heartId: "desc" }, take: page.take });
    const plans = await this.#named(hearts.map(({ plan }) => plan));
    return plans.map((plan, index) => ({ ...plan, pageKey: present(hearts[index]?.heartId) }));
  }

  /** Details of plans that the member likes and may still read, the last heart first. */
  async tasteOf(memberId: string, take: number): Promise<string[]> {
    const hearts = await this.#db.heart.findMany({
      where: { memberId, plan: { AND: [readableBy(memberId), { details: { not: "" } }] } },
      include: { plan: true },
      orderBy: { heartId: "desc" },
      take,
    });
    return hearts.map(({ plan }) => plan.details);
  }

  /** Details of plans that are shared by those with the most followers, those for the same location first. */
  async trends(location: string, { members, take }: { members: number; take: number }): Promise<string[]> {
    const rows = await this.#db.$queryRaw<{ details: string }[]>`
      WITH top AS (
        SELECT member_id, followers FROM follower_count
        WHERE followers > 0
          AND EXISTS (SELECT 1 FROM plan WHERE owner_id = member_id AND share_id IS NOT NULL AND details <> '')
        ORDER BY followers DESC, member_id LIMIT ${members}
      )
      SELECT details FROM plan JOIN top ON owner_id = member_id
      WHERE share_id IS NOT NULL AND details <> ''
      ORDER BY location <> ${location}, followers DESC, share_id DESC LIMIT ${take}`;
    return rows.map(({ details }) => details);
  }

  async insertRecommendation(
    memberId: string,
    wish: Wish,
    key: IdempotencyKey | undefined,
  ): Promise<KeptRecommendation> {
    const row = await this.#db.recommendation.create({
      data: {
        ...wish,
        recommendationId: uuidv7(),
        memberId,
        type: type.toColumn(wish.type),
        requestId: key?.requestId ?? null,
        requestHash: key ? new Uint8Array(key.fingerprint) : null,
      },
    });
    return toRecommendation(row);
  }

  async findRecommendation(recommendationId: string): Promise<KeptRecommendation | undefined> {
    const row = await this.#db.recommendation.findUnique({ where: { recommendationId } });
    return row ? toRecommendation(row) : undefined;
  }

  async findByRequest(memberId: string, requestId: string): Promise<KeptRecommendation | undefined> {
    const row = await this.#db.recommendation.findUnique({ where: { memberId_requestId: { memberId, requestId } } });
    return row ? toRecommendation(row) : undefined;
  }

  /** The recommendation, which no other transaction can change until this one ends. */
  async findRecommendationForUpdate(recommendationId: string): Promise<KeptRecommendation | undefined> {
    await this.#db.$executeRaw`
      SELECT 1 FROM recommendation WHERE recommendation_id = ${recommendationId}::uuid FOR UPDATE`;
    return this.findRecommendation(recommendationId);
  }

  async moveRecommendation(
    recommendationId: string,
    to: RecommendationStatus,
    data: Prisma.RecommendationUpdateInput = {},
  ): Promise<KeptRecommendation> {
    const now = new Date();
    const row = await this.#db.recommendation.update({
      where: { recommendationId },
      data: { stepTime: now, ...data, status: status.toColumn(to), version: { increment: 1n }, updateTime: now },
    });
    return toRecommendation(row);
  }

  /** A recommendation to generate that no worker has had in hand since `olderThan`; now it is the caller's. */
  async claimGeneration(olderThan: Date): Promise<KeptRecommendation | undefined> {
    return this.#claimed(
      await this.#db.$queryRaw<Claimed>`
      UPDATE recommendation SET step_time = now() WHERE recommendation_id = (
        SELECT recommendation_id FROM recommendation
        WHERE status = 'GENERATING' AND step_time < ${olderThan}
        ORDER BY step_time LIMIT 1 FOR UPDATE SKIP LOCKED
      ) RETURNING recommendation_id AS "id"`,
    );
  }

  /** The recommendation whose saga has stood still for longest since before `olderThan`, generating ones aside. */
  async claimUnfinished(olderThan: Date): Promise<KeptRecommendation | undefined> {
    return this.#claimed(
      await this.#db.$queryRaw<Claimed>`
      UPDATE recommendation SET step_time = now() WHERE recommendation_id = (
        SELECT recommendation_id FROM recommendation
        WHERE status IN ('REQUESTED', 'TOKEN_SPENT', 'REFUNDING') AND step_time < ${olderThan}
        ORDER BY step_time LIMIT 1 FOR UPDATE SKIP LOCKED
      ) RETURNING recommendation_id AS "id"`,
    );
  }

  async #claimed([claimed]: Claimed): Promise<KeptRecommendation | undefined> {
    return claimed && this.findRecommendation(claimed.id);
  }

  /** At most `take` recommendations of the member older than `before`. */
  async pageRecommendations(memberId: string, { before, take }: PageOf): Promise<KeptRecommendation[]> {
    const where: Prisma.RecommendationWhereInput = { memberId };
    if (before !== undefined) where.recommendationId = { lt: before };
    const rows = await this.#db.recommendation.findMany({ where, orderBy: { recommendationId: "desc" }, take });
    return rows.map(toRecommendation);
  }

  /** Learns a nickname, unless a newer one is known. */
  async learnMember(memberId: string, nickname: string, version: bigint): Promise<void> {
    await storeMemberCopy(this.#db, memberId, nickname, version);
  }

  /** Learns of a follow or its end, unless something newer is known, and counts again. */
  async learnFollow(
    pair: { followerId: string; followeeId: string; following: boolean },
    version: bigint,
  ): Promise<void> {
    const { followerId, followeeId, following } = pair;
    await this.lock(`followers of ${followeeId}`); // Two at once would each count without the other.
    await this.#db.$executeRaw`
      INSERT INTO follow_pair (follower_id, followee_id, following, version)
      VALUES (${followerId}::uuid, ${followeeId}::uuid, ${following}, ${version})
      ON CONFLICT (followee_id, follower_id) DO UPDATE SET following = excluded.following, version = excluded.version
      WHERE follow_pair.version < excluded.version`;
    await this.#db.$executeRaw`
      INSERT INTO follower_count (member_id, followers)
      SELECT ${followeeId}::uuid, count(*) FROM follow_pair WHERE followee_id = ${followeeId}::uuid AND following
      ON CONFLICT (member_id) DO UPDATE SET followers = excluded.followers`;
  }

  async #named(rows: readonly SeenRow[]): Promise<PlanMessage[]> {
    const ownerIds = [...new Set(rows.map(({ ownerId }) => ownerId))];
    const owners = await this.#db.memberCopy.findMany({ where: { memberId: { in: ownerIds } } });
    const nicknames = new Map(owners.map(({ memberId, nickname }) => [memberId, nickname]));
    return rows.map((row) => {
      const { hearts, _count, shareId, version: _version, ...plan } = row;
      return {
        ...plan,
        ownerNickname: nicknames.get(row.ownerId) ?? "",
        origin: origin.fromColumn(row.origin),
        shared: shareId !== null,
        sharedTime: row.sharedTime ?? undefined,
        recommendationId: row.recommendationId ?? "",
        heartCount: BigInt(_count.hearts),
        heartedByMe: hearts.length > 0,
      };
    });
  }
}

export interface PageOf {
  readonly before: string | undefined;
  readonly take: number;
}

export interface BoardFilter {
  readonly location: string;
  readonly ownerId: string;
}

type Claimed = { id: string }[];

type PlanRow = Prisma.PlanGetPayload<object>;

type SeenRow = Prisma.PlanGetPayload<{ include: ReturnType<typeof seenBy> }>;

/** What a member sees of a plan beside what it says: how many hearts it has, and whether one is the member's. */
function seenBy(memberId: string) {
  return { _count: { select: { hearts: true } }, hearts: { where: { memberId } } } satisfies Prisma.PlanInclude;
}

function readableBy(memberId: string): Prisma.PlanWhereInput {
  return { OR: [{ ownerId: memberId }, { shareId: { not: null } }] };
}

function toPlan({ shareId: _shareId, ...row }: PlanRow): Plan {
  return {
    ...row,
    origin: origin.fromColumn(row.origin),
    sharedTime: row.sharedTime ?? undefined,
    recommendationId: row.recommendationId ?? "",
  };
}

function toRecommendation(row: RecommendationRow): KeptRecommendation {
  const { requestId: _requestId, stepTime: _stepTime, ...kept } = row;
  return {
    ...kept,
    type: type.fromColumn(row.type),
    status: status.fromColumn(row.status),
    planId: row.planId ?? "",
    failureReason: row.failureReason ?? "",
    requestHash: row.requestHash ?? new Uint8Array(),
  };
}
