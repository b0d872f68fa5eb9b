import { TokenCharged, TokenRefunded, TokenSpent } from "#gen/proto/ktravel/member/v1/events.ts";
import { TokenEntryKind, type TokenServiceService } from "#gen/proto/ktravel/member/v1/token.ts";
import { requestIdReused } from "#mesh/service/answers.ts";
import { crashPoint } from "#mesh/service/crash-point.ts";
import type { Database } from "#mesh/service/database.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { page } from "#mesh/service/pagination.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { type Account, apply, type Change } from "../domain.ts";
import { refuse } from "../errors.ts";
import type { Payments } from "../payments.ts";
import type { Entry, MemberStore } from "../store.ts";
import { toEntry } from "./to-message.ts";

export interface Parts {
  readonly database: Database<MemberStore>;
  readonly payments: Payments;
}

const tokenCharged = event("ktravel.member.v1.TokenCharged", TokenCharged);
const tokenSpent = event("ktravel.member.v1.TokenSpent", TokenSpent);
const tokenRefunded = event("ktravel.member.v1.TokenRefunded", TokenRefunded);

const CHARGE = TokenEntryKind.TOKEN_ENTRY_KIND_CHARGE;
const SPEND = TokenEntryKind.TOKEN_ENTRY_KIND_SPEND;
const REFUND = TokenEntryKind.TOKEN_ENTRY_KIND_REFUND;

const eventOf = { [CHARGE]: tokenCharged, [SPEND]: tokenSpent, [REFUND]: tokenRefunded } as const;

export function tokenRpc({ database, payments }: Parts): Handlers<typeof TokenServiceService> {
  return {
    async getTokenBalance(_request, { subject }) {
      const account = await database.store.findAccount(subject);
      return { balance: account?.balance ?? 0n };
    },

    async chargeTokens({ amount, requestId }, call) {
      const { subject } = call;
      call.correlate(requestId);
      if (!(await database.store.findAccount(subject))) throw refuse.MEMBER_NOT_FOUND({ memberId: subject });
      await payments.pay({ amount, key: `${subject}/${requestId}` }, call);
      crashPoint("charge-tokens/paid");
      return database.answer(call, async (tx) => {
        const account = await lockedAccount(tx.store, subject);
        const first = await tx.store.findEntry(CHARGE, requestId);
        if (!first) return toEntry(await book(tx, account, { kind: CHARGE, amount, refId: requestId }));
        if (first.memberId !== subject || first.amount !== amount) throw requestIdReused();
        return toEntry(first);
      });
    },

    async listTokenEntries(request, { subject }) {
      const { rows, nextPageToken } = await page(
        request,
        { filter: [subject] },
        (before, size) => database.store.pageEntries(subject, before, size),
        ({ entryId }) => entryId,
      );
      return { tokenEntries: rows.map(toEntry), nextPageToken };
    },

    async spendToken({ memberId, amount, refId }, call) {
      call.correlate(refId);
      return database.transaction(call, async (tx) => {
        const account = await lockedAccount(tx.store, memberId);
        if (await tx.store.isBuried(refId)) throw refuse.ALREADY_REFUNDED({ refId });
        const first = await ownEntry(tx.store, { kind: SPEND, memberId, refId });
        // What was given back is not spent any more; whoever asks late must not take it for paid.
        if (first && (await tx.store.findEntry(REFUND, refId))) throw refuse.ALREADY_REFUNDED({ refId });
        return toEntry(first ?? (await book(tx, account, { kind: SPEND, amount: amount || 1n, refId })));
      });
    },

    async refundToken({ memberId, refId }, call) {
      call.correlate(refId);
      return database.transaction(call, async (tx) => {
        const account = await tx.store.lockAccount(memberId);
        const spent = await ownEntry(tx.store, { kind: SPEND, memberId, refId });
        if (!account || !spent) {
          await tx.store.bury(memberId, refId);
          return { tokenEntry: undefined };
        }
        const first = await tx.store.findEntry(REFUND, refId);
        const entry = first ?? (await book(tx, account, { kind: REFUND, amount: spent.amount, refId }));
        return { tokenEntry: toEntry(entry) };
      });
    },
  };
}

async function lockedAccount(store: MemberStore, memberId: string): Promise<Account> {
  const account = await store.lockAccount(memberId);
  if (!account) throw refuse.MEMBER_NOT_FOUND({ memberId });
  return account;
}

/** @throws refusal REF_ID_REUSED when it is another member's */
async function ownEntry(
  store: MemberStore,
  { kind, memberId, refId }: { kind: TokenEntryKind; memberId: string; refId: string },
): Promise<Entry | undefined> {
  const entry = await store.findEntry(kind, refId);
  if (entry && entry.memberId !== memberId) throw refuse.REF_ID_REUSED();
  return entry;
}

/** Books an entry and tells of it. */
async function book(tx: Transaction<MemberStore>, account: Account, change: Change): Promise<Entry> {
  const after = apply(account, change);
  const entry = await tx.store.book(after, change);
  const { memberId, amount, refId, balanceAfter } = entry;
  const about = { aggregateId: memberId, aggregateVersion: after.version, correlationId: refId };
  tx.publish(eventOf[change.kind as keyof typeof eventOf], { memberId, amount, refId, balanceAfter }, about);
  return entry;
}
