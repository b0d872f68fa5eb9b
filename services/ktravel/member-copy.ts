// What plan, follow and notification each keep of members, in a table member_copy of their own: the nickname, by events.
import { MemberRegistered, MemberUpdated } from "#gen/proto/ktravel/member/v1/events.ts";
import { event } from "#mesh/service/event.ts";
import { type Policy, whenever } from "#mesh/service/policy.ts";

const memberRegistered = event("ktravel.member.v1.MemberRegistered", MemberRegistered);
const memberUpdated = event("ktravel.member.v1.MemberUpdated", MemberUpdated);

/** A store that keeps copies of members. */
export interface MemberCopies {
  /** Learns a nickname, unless a newer one is known. */
  learnMember(memberId: string, nickname: string, version: bigint): Promise<void>;
}

/** Whenever a member comes or changes, the copy does. */
export function memberPolicies<Store extends MemberCopies>(): Policy<Store>[] {
  return [
    whenever(memberRegistered, ({ memberId, nickname }, tx) =>
      tx.store.learnMember(memberId, nickname, tx.event.aggregateVersion),
    ),
    whenever(memberUpdated, ({ memberId, nickname }, tx) =>
      tx.store.learnMember(memberId, nickname, tx.event.aggregateVersion),
    ),
  ];
}

/** What is used of a Prisma client. */
interface Db {
  $executeRaw(query: TemplateStringsArray, ...values: unknown[]): PromiseLike<number>;
}

/** Stores a nickname in `member_copy`, unless a newer one is there. */
export async function storeMemberCopy(db: Db, memberId: string, nickname: string, version: bigint): Promise<void> {
  await db.$executeRaw`
    INSERT INTO member_copy (member_id, nickname, version) VALUES (${memberId}::uuid, ${nickname}, ${version})
    ON CONFLICT (member_id) DO UPDATE SET nickname = excluded.nickname, version = excluded.version
    WHERE member_copy.version < excluded.version`;
}
