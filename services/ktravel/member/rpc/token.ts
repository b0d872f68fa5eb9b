import { TokenEntryKind, type TokenServiceService } from "#gen/proto/ktravel/member/v1/token.ts";
import { crashPoint } from "#mesh/service/crash-point.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import { pageByUuid } from "#mesh/service/pagination.ts";
import { bookCharge, type ChargeParts, openCharge, payCharge } from "../charging.ts";
import { canAfford } from "../domain.ts";
import { refuse } from "../errors.ts";
import { book, lockedAccount } from "../ledger.ts";
import type { Entry, MemberStore } from "../store.ts";
import { toEntry } from "./to-message.ts";

const SPEND = TokenEntryKind.TOKEN_ENTRY_KIND_SPEND;
const REFUND = TokenEntryKind.TOKEN_ENTRY_KIND_REFUND;

export function tokenRpc({ database, payments }: ChargeParts): Handlers<typeof TokenServiceService> {
  return {
    async getTokenBalance(_request, { subject }) {
      const account = await database.store.findAccount(subject);
      return { balance: account?.balance ?? 0n };
    },

    async chargeTokens(request, call) {
      const { amount } = request;
      const requestId = request.requestId.toLowerCase(); // As the database writes it: the provider must know it by one name.
      const { subject } = call;
      call.correlate(requestId);
      const charge = { requestId, memberId: subject, amount };
      const booked = await database.transaction(call, ({ store }) => openCharge(store, charge));
      crashPoint("charge-tokens/opened");
      if (!booked) await payCharge(charge, { database, payments }, call);
      crashPoint("charge-tokens/paid");
      return database.answer(call, async (tx) => toEntry(await bookCharge(tx, charge)));
    },

    async listTokenEntries(request, { subject }) {
      const { rows, nextPageToken } = await pageByUuid(
        request,
        { filter: [subject] },
        (before, size) => database.store.pageEntries(subject, before, size),
        ({ entryId }) => entryId,
      );
      return { tokenEntries: rows.map(toEntry), nextPageToken };
    },

    async spendToken({ memberId, amount, refId }, call) {
      call.correlate(refId);
      const entry = await database.transaction(call, async (tx) => {
        const account = await lockedAccount(tx.store, memberId);
        if (await tx.store.isBuried(refId)) throw refuse.ALREADY_REFUNDED({ refId });
        const first = await ownEntry(tx.store, { kind: SPEND, memberId, refId });
        // What was given back is not spent any more; whoever asks late must not take it for paid.
        if (first && (await tx.store.findEntry(REFUND, refId))) throw refuse.ALREADY_REFUNDED({ refId });
        if (first) return first;
        const change = { kind: SPEND, amount: amount || 1n, refId };
        if (canAfford(account, change)) return book(tx, account, change);
        // A "no" is final for its reference: whoever heard it counts on it, whatever is charged before a repeat comes.
        await tx.store.bury(memberId, refId);
        return undefined;
      });
      if (!entry) throw refuse.INSUFFICIENT_TOKENS({ memberId });
      return toEntry(entry);
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

/** @throws refusal REF_ID_REUSED when it is another member's */
async function ownEntry(
  store: MemberStore,
  { kind, memberId, refId }: { kind: TokenEntryKind; memberId: string; refId: string },
): Promise<Entry | undefined> {
  const entry = await store.findEntry(kind, refId);
  if (entry && entry.memberId !== memberId) throw refuse.REF_ID_REUSED();
  return entry;
}
