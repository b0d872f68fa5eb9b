import { type CryptoKey, importJWK, type JWK } from "jose";
import type { Context } from "./call.ts";

/** Public keys as a JSON Web Key Set holds them (RFC 7517). */
export interface JwkSet {
  readonly keys: readonly object[];
}

/** The one algorithm that is accepted, whatever a token's header says: ECDSA on P-256 with SHA-256 (RFC 7518, section 3.4). */
export const algorithm = "ES256";

/** How old keys may get before they are fetched again, behind the calls that use them. */
const refreshMs = 60_000;
/** How often, at most, a key that nobody has heard of makes us ask again: tokens of strangers must not become load on the issuer. */
const unknownKeyMs = 5_000;

/**
 * The keys of an issuer, kept. Known ones stay in use while their source is away; without any, nothing is accepted.
 */
export class KeySet {
  readonly #fetch: (context: Context) => Promise<JwkSet>;
  #keys: ReadonlyMap<string, CryptoKey> | undefined;
  #fetchedAt = 0;
  #pending: Promise<void> | undefined;

  constructor(fetch: (context: Context) => Promise<JwkSet>) {
    this.#fetch = fetch;
  }

  /**
   * The key with this id; undefined when the issuer has none.
   *
   * @throws whatever `fetch` throws, when no keys are known at all
   */
  async find(kid: string, context: () => Context): Promise<CryptoKey | undefined> {
    if (!this.#keys) await this.#refresh(context());
    const known = this.#keys?.get(kid);
    const age = Date.now() - this.#fetchedAt;
    if (known && age > refreshMs) void this.#refresh(context()).catch(() => {});
    if (known || age < unknownKeyMs) return known;
    await this.#refresh(context()).catch(() => {});
    return this.#keys?.get(kid);
  }

  /** One fetch at a time, whoever asks. */
  #refresh(context: Context): Promise<void> {
    this.#pending ??= this.#load(context).finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #load(context: Context): Promise<void> {
    if (this.#keys) this.#fetchedAt = Date.now(); // A source that is away is not asked more often.
    const { keys } = await this.#fetch(context);
    const imported = await Promise.all(keys.filter(isUsable).map(importKey));
    this.#keys = new Map(imported);
    this.#fetchedAt = Date.now();
  }
}

/** Only public keys of the one algorithm; a shared secret among them is nothing to check a signature with. */
function isUsable({ kty, crv, kid }: JWK): boolean {
  return kty === "EC" && crv === "P-256" && typeof kid === "string" && kid !== "";
}

async function importKey({ kid, x, y }: JWK): Promise<[string, CryptoKey]> {
  const jwk = { kty: "EC", crv: "P-256", x: String(x), y: String(y) };
  return [String(kid), (await importJWK(jwk, algorithm)) as CryptoKey];
}
