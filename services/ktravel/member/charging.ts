// The charge: store what was asked for, have it paid, book it. Each step is one transaction, or one call that the payment provider takes
// once; recovery.ts finishes what was left between two of them.
import { TokenEntryKind } from "#gen/proto/ktravel/member/v1/token.ts";
import { requestIdReused } from "#mesh/service/answers.ts";
import type { Context } from "#mesh/service/call.ts";
import type { Database } from "#mesh/service/database.ts";
import { isRefusal } from "#mesh/service/errors.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import type { Charge } from "./domain.ts";
import { book, lockedAccount } from "./ledger.ts";
import type { Payments } from "./payments.ts";
import type { Entry, MemberStore } from "./store.ts";

export interface ChargeParts {
  readonly database: Database<MemberStore>;
  readonly payments: Payments;
}

const kind = TokenEntryKind.TOKEN_ENTRY_KIND_CHARGE;

/**
 * Step 1: stores what was asked for, so that one request id stands for one amount of one member, whoever hangs up.
 *
 * @returns whether it is booked already
 * @throws refusal MEMBER_NOT_FOUND, REQUEST_ID_REUSED
 */
export async function openCharge(store: MemberStore, charge: Charge): Promise<boolean> {
  await lockedAccount(store, charge.memberId);
  const booked = await store.findEntry(kind, charge.requestId);
  demandSame(charge, booked ?? (await store.openCharge(charge)));
  return booked !== undefined;
}

/** Step 2: has it paid. A charge that is declined is over; its request may be tried again. @throws refusal PAYMENT_DECLINED, PAYMENT_PROVIDER_UNAVAILABLE */
export async function payCharge(charge: Charge, { database, payments }: ChargeParts, context: Context): Promise<void> {
  const { memberId, requestId, amount } = charge;
  try {
    await payments.pay({ amount, key: `${memberId}/${requestId}` }, context);
  } catch (error) {
    if (isRefusal(error, "PAYMENT_DECLINED")) {
      await database.transaction(context, ({ store }) => store.closeCharge(requestId));
    }
    throw error;
  }
}

/** Step 3: books what was paid, once. */
export async function bookCharge(tx: Transaction<MemberStore>, charge: Charge): Promise<Entry> {
  const { memberId, requestId, amount } = charge;
  const account = await lockedAccount(tx.store, memberId);
  const booked = await tx.store.findEntry(kind, requestId);
  if (booked) demandSame(charge, booked);
  await tx.store.closeCharge(requestId);
  return booked ?? book(tx, account, { kind, amount, refId: requestId });
}

function demandSame(asked: Charge, { memberId, amount }: Pick<Charge, "memberId" | "amount">): void {
  if (memberId !== asked.memberId || amount !== asked.amount) throw requestIdReused();
}
