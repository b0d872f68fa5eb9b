import { randomBytes } from "node:crypto";
import { TokenEntryKind } from "#gen/proto/ktravel/member/v1/token.ts";
import { refuse } from "./errors.ts";

/** How long a login may take, from the first page to the last. */
export const loginMs = 10 * 60_000;
/** How long an access token is good for. */
export const accessTokenSeconds = 15 * 60;
/** How long a refresh token is good for. */
export const refreshTokenMs = 14 * 24 * 3_600_000;

/** @throws refusal REDIRECT_URI_NOT_ALLOWED unless it is one of the allowed, letter for letter: a prefix could be led elsewhere */
export function demandAllowed(redirectUri: string, allowed: readonly string[]): void {
  if (!allowed.includes(redirectUri)) throw refuse.REDIRECT_URI_NOT_ALLOWED();
}

/** What a new member is called until they choose: nothing that the provider told, because everyone sees it. */
export function firstNickname(): string {
  return `traveler-${randomBytes(5).toString("hex")}`;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The member that a request names, `me` being the caller. @throws refusal INVALID_ID */
export function memberNamed(memberId: string, caller: string): string {
  if (memberId === "me") return caller;
  if (!uuid.test(memberId)) throw refuse.INVALID_ID();
  return memberId.toLowerCase();
}

/** A token that was handed out to go on with a session. */
export interface RefreshToken {
  readonly sessionId: string;
  readonly memberId: string;
  readonly expireTime: Date;
  readonly useTime: Date | null;
  readonly revokeTime: Date | null;
}

/** `stolen`: it was used before, so somebody else has it too. */
export function judgeRefresh(token: RefreshToken | undefined, now: Date): "good" | "bad" | "stolen" {
  if (!token || token.revokeTime) return "bad";
  if (token.useTime) return "stolen";
  return token.expireTime > now ? "good" : "bad";
}

export interface Account {
  readonly memberId: string;
  readonly balance: bigint;
  readonly version: bigint;
}

/** Tokens that a member wants to pay for. */
export interface Charge {
  /** The one of the request; the payment provider takes the money once for it. */
  readonly requestId: string;
  readonly memberId: string;
  readonly amount: bigint;
}

/** An entry about to be made. */
export interface Change {
  readonly kind: TokenEntryKind;
  readonly amount: bigint;
  readonly refId: string;
}

export function canAfford({ balance }: Account, { amount }: Change): boolean {
  return balance >= amount;
}

/** The account after an entry. @throws refusal INSUFFICIENT_TOKENS */
export function apply(account: Account, change: Change): Account {
  const { memberId, balance, version } = account;
  const { kind, amount } = change;
  const spends = kind === TokenEntryKind.TOKEN_ENTRY_KIND_SPEND;
  if (spends && !canAfford(account, change)) throw refuse.INSUFFICIENT_TOKENS({ memberId });
  return { memberId, balance: spends ? balance - amount : balance + amount, version: version + 1n };
}

/** A signing key, as far as its life is concerned. */
export interface KeyLife {
  readonly kid: string;
  /** From when on it signs. */
  readonly signTime: Date;
}

export interface KeyTimes {
  /** How long a key signs. */
  readonly rotateMs: number;
  /** How long before it signs, and after it has signed, a key is published: longer than anyone keeps keys or uses a token. */
  readonly overlapMs: number;
}

export interface KeyPlan<Key> {
  /** The one that signs now; undefined when there is none yet. */
  readonly signing: Key | undefined;
  /** Those that tokens may be signed with, now or soon. */
  readonly published: readonly Key[];
  readonly expired: readonly Key[];
  /** When a key that should be made now begins to sign; undefined when none should be made. */
  readonly next: Date | undefined;
}

/** What each key is at. The newest whose time has come signs; the one before it is still published for a while. */
export function planKeys<Key extends KeyLife>(keys: readonly Key[], now: Date, times: KeyTimes): KeyPlan<Key> {
  const newest = keys.toSorted((a, b) => b.signTime.getTime() - a.signTime.getTime());
  const current = newest.findIndex(({ signTime }) => signTime <= now);
  if (current === -1) return { signing: undefined, published: newest, expired: [], next: now };
  const signing = newest[current];
  const since = now.getTime() - (signing?.signTime.getTime() ?? 0);
  const keep = since <= times.overlapMs ? current + 2 : current + 1;
  const isDue = current === 0 && since >= times.rotateMs - times.overlapMs;
  const next = isDue ? new Date(now.getTime() + times.overlapMs) : undefined;
  return { signing, published: newest.slice(0, keep), expired: newest.slice(keep), next };
}
