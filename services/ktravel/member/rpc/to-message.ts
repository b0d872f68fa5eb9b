import { type Member as MemberMessage, Provider } from "#gen/proto/ktravel/member/v1/member.ts";
import type { TokenEntry } from "#gen/proto/ktravel/member/v1/token.ts";
import type { Sealer } from "../sealer.ts";
import type { Entry, Member } from "../store.ts";

/** What an e-mail address is sealed as. */
export function emailPurpose(memberId: string): string {
  return `email of ${memberId}`;
}

/** A member as others see them. */
export function toPublic({ memberId, nickname }: Member): MemberMessage {
  const { PROVIDER_UNSPECIFIED: provider } = Provider;
  return { memberId, nickname, email: "", provider, createTime: undefined, updateTime: undefined };
}

/** A member as they see themselves. */
export function toOwn(
  { memberId, nickname, email, provider, createTime, updateTime }: Member,
  sealer: Sealer,
): MemberMessage {
  const shown = email ? sealer.open(email, emailPurpose(memberId)) : "";
  return { memberId, nickname, email: shown, provider, createTime, updateTime };
}

export function toEntry({ entryId, memberId, kind, amount, refId, balanceAfter, createTime }: Entry): TokenEntry {
  return { entryId, memberId, kind, amount, refId, balanceAfter, createTime };
}
