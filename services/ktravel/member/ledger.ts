// The ledger of tokens: a balance is what its entries sum up to.
import { TokenCharged, TokenRefunded, TokenSpent } from "#gen/proto/ktravel/member/v1/events.ts";
import { TokenEntryKind } from "#gen/proto/ktravel/member/v1/token.ts";
import { event } from "#mesh/service/event.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { type Account, apply, type Change } from "./domain.ts";
import { refuse } from "./errors.ts";
import type { Entry, MemberStore } from "./store.ts";

const eventOf = {
  [TokenEntryKind.TOKEN_ENTRY_KIND_CHARGE]: event("ktravel.member.v1.TokenCharged", TokenCharged),
  [TokenEntryKind.TOKEN_ENTRY_KIND_SPEND]: event("ktravel.member.v1.TokenSpent", TokenSpent),
  [TokenEntryKind.TOKEN_ENTRY_KIND_REFUND]: event("ktravel.member.v1.TokenRefunded", TokenRefunded),
} as const;

/** The member's account, which nobody else changes until the transaction ends. @throws refusal MEMBER_NOT_FOUND */
export async function lockedAccount(store: MemberStore, memberId: string): Promise<Account> {
  const account = await store.lockAccount(memberId);
  if (!account) throw refuse.MEMBER_NOT_FOUND({ memberId });
  return account;
}

/** Books an entry and tells of it. */
export async function book(tx: Transaction<MemberStore>, account: Account, change: Change): Promise<Entry> {
  const after = apply(account, change);
  const entry = await tx.store.book(after, change);
  const { memberId, amount, refId, balanceAfter } = entry;
  const about = { aggregateId: memberId, aggregateVersion: after.version, correlationId: refId };
  tx.publish(eventOf[change.kind as keyof typeof eventOf], { memberId, amount, refId, balanceAfter }, about);
  return entry;
}
