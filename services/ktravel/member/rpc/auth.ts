import type { AuthServiceService } from "#gen/proto/ktravel/member/v1/auth.ts";
import { MemberRegistered } from "#gen/proto/ktravel/member/v1/events.ts";
import type { Provider } from "#gen/proto/ktravel/member/v1/member.ts";
import { crashPoint } from "#mesh/service/crash-point.ts";
import type { Database } from "#mesh/service/database.ts";
import { event } from "#mesh/service/event.ts";
import type { Handlers } from "#mesh/service/handler.ts";
import type { Transaction } from "#mesh/service/transaction.ts";
import { uuidv7 } from "#mesh/service/uuid.ts";
import { accessTokenSeconds, demandAllowed, firstNickname, judgeRefresh, loginMs, refreshTokenMs } from "../domain.ts";
import { refuse } from "../errors.ts";
import type { IdentityProvider, LoginSecrets, Profile } from "../identity-provider.ts";
import type { KeyRing } from "../key-ring.ts";
import { hashSecret, hashSubject, randomSecret, type Sealer } from "../sealer.ts";
import type { Attempt, Member, MemberStore } from "../store.ts";
import { emailPurpose, toOwn } from "./to-message.ts";

/** A provider by the name that paths have: `google`. */
export type Providers = Readonly<Record<string, { readonly provider: Provider; readonly logins: IdentityProvider }>>;

export interface Parts {
  readonly database: Database<MemberStore>;
  readonly keys: KeyRing;
  readonly sealer: Sealer;
  /** Of the hash by which a person is found again; never changes. */
  readonly subjectKey: string;
  readonly providers: Providers;
  /** Where browsers may be sent back to. */
  readonly redirectUris: readonly string[];
}

const memberRegistered = event("ktravel.member.v1.MemberRegistered", MemberRegistered);
/** What the secrets of a login are sealed as. */
const loginPurpose = "login";

export function authRpc(parts: Parts): Handlers<typeof AuthServiceService> {
  const { database, keys, sealer } = parts;
  return {
    async startLogin({ provider: name, redirectUri }, call) {
      const { provider, logins } = providerNamed(name, parts.providers);
      demandAllowed(redirectUri, parts.redirectUris);
      const [state, nonce, verifier] = [randomSecret(), randomSecret(), randomSecret()];
      const secrets = sealer.seal(JSON.stringify({ nonce, verifier } satisfies LoginSecrets), loginPurpose);
      const expireTime = new Date(Date.now() + loginMs);
      const attempt = { stateHash: hashSecret(state), provider, secrets, redirectUri, expireTime };
      await database.transaction(call, ({ store }) => store.insertAttempt(attempt));
      return { authorizationUrl: logins.authorizationUrl({ state, nonce, verifier, redirectUri }), state };
    },

    async completeLogin({ provider: name, code, state }, call) {
      const { provider, logins } = providerNamed(name, parts.providers);
      const attempt = await database.transaction(call, ({ store }) => store.takeAttempt(hashSecret(state)));
      if (!attempt || attempt.provider !== provider || attempt.expireTime < new Date()) throw refuse.STATE_MISMATCH();
      crashPoint("complete-login/state-taken");
      const answer = { code, state, redirectUri: attempt.redirectUri, ...secretsOf(attempt, sealer) };
      const profile = await logins.profile(answer, call);
      const refreshToken = randomSecret();
      const { member, newMember } = await database.transaction(call, async (tx) => {
        const welcomed = await welcome(tx, { provider, profile }, parts);
        await tx.store.openSession(welcomed.member.memberId, hashSecret(refreshToken), refreshExpiry());
        return welcomed;
      });
      call.correlate(member.memberId);
      const accessToken = await keys.sign(member.memberId, call);
      return { accessToken, refreshToken, expiresIn: accessTokenSeconds, member: toOwn(member, sealer), newMember };
    },

    async refreshSession({ refreshToken }, call) {
      const next = randomSecret();
      await keys.prepare(call);
      const memberId = await database.transaction(call, ({ store }) => rotate(store, refreshToken, next));
      if (memberId === undefined) throw refuse.REFRESH_TOKEN_INVALID();
      call.correlate(memberId);
      return { accessToken: await keys.sign(memberId, call), refreshToken: next, expiresIn: accessTokenSeconds };
    },

    async revokeSession({ refreshToken }, call) {
      await database.transaction(call, async ({ store }) => {
        const token = await store.lockRefreshToken(hashSecret(refreshToken));
        if (token?.memberId === call.subject) await store.revoke(token.sessionId);
      });
      return {};
    },

    async getJwks(_request, call) {
      return { keys: await keys.publicKeys(call) };
    },
  };
}

function providerNamed(name: string, providers: Providers) {
  const found = Object.hasOwn(providers, name) ? providers[name] : undefined;
  if (!found) throw refuse.UNSUPPORTED_PROVIDER();
  return found;
}

function secretsOf({ secrets }: Attempt, sealer: Sealer): LoginSecrets {
  return JSON.parse(sealer.open(secrets, loginPurpose)) as LoginSecrets;
}

function refreshExpiry(): Date {
  return new Date(Date.now() + refreshTokenMs);
}

/** The member that a person is, who becomes one if they are none. */
async function welcome(
  tx: Transaction<MemberStore>,
  { provider, profile }: { provider: Provider; profile: Profile },
  { sealer, subjectKey }: Parts,
): Promise<{ member: Member; newMember: boolean }> {
  const identity = { provider, subjectHash: hashSubject(subjectKey, provider, profile.subject) };
  const known = await tx.store.findByIdentity(identity);
  const member = known ?? (await tx.store.register(uuidv7(), identity, firstNickname()));
  const { memberId, nickname, version } = member;
  const email = profile.email === "" ? null : sealer.seal(profile.email, emailPurpose(memberId));
  await tx.store.setEmail(memberId, email);
  if (!known)
    tx.publish(memberRegistered, { memberId, nickname }, { aggregateId: memberId, aggregateVersion: version });
  return { member: { ...member, email }, newMember: !known };
}

/** Whose session goes on with `next`; undefined when it does not. A token that was used before ends it: two have it, so one stole it. */
async function rotate(store: MemberStore, refreshToken: string, next: string): Promise<string | undefined> {
  const used = hashSecret(refreshToken);
  const token = await store.lockRefreshToken(used);
  const verdict = judgeRefresh(token, new Date());
  if (!token || verdict === "bad") return undefined;
  if (verdict === "stolen") {
    await store.revoke(token.sessionId);
    return undefined;
  }
  await store.rotate(token.sessionId, used, hashSecret(next), refreshExpiry());
  return token.memberId;
}
