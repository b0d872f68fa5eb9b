import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { tokenType } from "#mesh/service/authenticator.ts";
import type { Context } from "#mesh/service/call.ts";
import type { Database } from "#mesh/service/database.ts";
import { algorithm } from "#mesh/service/key-set.ts";
import { uuidv7 } from "#mesh/service/uuid.ts";
import { accessTokenSeconds, type KeyLife, type KeyTimes, planKeys } from "./domain.ts";
import type { Sealer } from "./sealer.ts";
import type { MemberStore } from "./store.ts";

/** The public half, as RFC 7518 has it. */
export interface PublicJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
}

/** A key as the database has it. */
export interface StoredKey extends KeyLife {
  /** The private JWK, sealed for its kid. */
  readonly sealed: Uint8Array<ArrayBuffer>;
  readonly publicJwk: PublicJwk;
}

export interface KeyRingOptions {
  readonly database: Database<MemberStore>;
  readonly sealer: Sealer;
  readonly issuer: string;
  readonly audience: string;
  /** Default: a key signs for 30 days, and is published an hour before and after. */
  readonly times?: KeyTimes;
}

const defaultTimes: KeyTimes = { rotateMs: 30 * 24 * 3_600_000, overlapMs: 3_600_000 };
/** How long keys are kept in hand; far less than they are published before they sign. */
const keepMs = 10_000;

/** The keys that access tokens are signed with: in the database, so that all replicas sign with the same one, and sealed. */
export class KeyRing {
  readonly #options: KeyRingOptions;
  readonly #times: KeyTimes;
  #keys: readonly StoredKey[] = [];
  #readAt = 0;

  constructor(options: KeyRingOptions) {
    this.#options = options;
    this.#times = options.times ?? defaultTimes;
  }

  /** Makes sure that there is a key to sign with, for whoever must not fail once something is used up. */
  async prepare(context: Context): Promise<void> {
    await this.#plan(context);
  }

  /** An access token of this member, for 15 minutes. */
  async sign(memberId: string, context: Context): Promise<string> {
    const key = (await this.#plan(context)).signing;
    if (!key) throw new Error("there is no key to sign with");
    const jwk = JSON.parse(this.#options.sealer.open(key.sealed, purposeOf(key))) as JWK;
    const { issuer, audience } = this.#options;
    return new SignJWT({ sub: memberId })
      .setProtectedHeader({ alg: algorithm, kid: key.kid, typ: tokenType })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${accessTokenSeconds}s`)
      .sign(await importJWK(jwk, algorithm));
  }

  /** What tokens are checked with. */
  async publicKeys(context: Context) {
    const { published } = await this.#plan(context);
    return published.map(({ kid, publicJwk: { kty, crv, x, y } }) => ({
      kty,
      use: "sig",
      alg: algorithm,
      kid,
      crv,
      x,
      y,
    }));
  }

  /** Makes the key that is due, and forgets those that nothing is signed with any more. */
  async rotate(context: Context): Promise<void> {
    const fresh = await generate(this.#options.sealer);
    this.#keys = await this.#options.database.transaction(context, async ({ store }) => {
      await store.lockKeys();
      const keys = await store.keys();
      const { next, expired } = planKeys(keys, new Date(), this.#times);
      if (next) await store.insertKey({ ...fresh, signTime: next });
      await store.deleteKeys(expired.map(({ kid }) => kid));
      return next || expired.length > 0 ? store.keys() : keys;
    });
    this.#readAt = Date.now();
  }

  async #plan(context: Context) {
    if (Date.now() - this.#readAt > keepMs) {
      this.#keys = await this.#options.database.store.keys();
      this.#readAt = Date.now();
    }
    const plan = planKeys(this.#keys, new Date(), this.#times);
    if (plan.signing) return plan;
    await this.rotate(context);
    return planKeys(this.#keys, new Date(), this.#times);
  }
}

async function generate(sealer: Sealer): Promise<Omit<StoredKey, "signTime">> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(privateKey);
  const { kty = "", crv = "", x = "", y = "" } = jwk;
  const kid = uuidv7();
  return { kid, sealed: sealer.seal(JSON.stringify(jwk), purposeOf({ kid })), publicJwk: { kty, crv, x, y } };
}

function purposeOf({ kid }: { kid: string }): string {
  return `signing key ${kid}`;
}
