import { errors, type JWTHeaderParameters, jwtVerify } from "jose";
import type { Context } from "./call.ts";
import { env } from "./config.ts";
import { ServiceError } from "./errors.ts";
import { algorithm, type JwkSet, KeySet } from "./key-set.ts";
import { refusals, unauthenticated, unavailable } from "./refusals.ts";

export interface AuthenticatorOptions {
  /** Who signs: the token's `iss`. */
  readonly issuer: string;
  /** Whom tokens are for: the token's `aud`. */
  readonly audience: string;
  /** Fetches the issuer's public keys; called at the first token, then every minute, and for a key that is not known. */
  keys(context: Context): Promise<JwkSet>;
}

/** Who calls, once the token is checked. */
export interface Caller {
  /** The token's `sub`. */
  readonly subject: string;
  /** The header as it came, to be passed on where the callee acts for the caller. */
  readonly authorization: string;
}

/** What a token that is not accepted is answered with. */
export const tokenRefusals = refusals({
  TOKEN_MISSING: unauthenticated('An access token is needed; log in and send it as "authorization: Bearer ...".'),
  TOKEN_EXPIRED: unauthenticated("The access token has expired; get a new one with the refresh token."),
  TOKEN_INVALID: unauthenticated("The access token is not one that is accepted here; log in again."),
  KEYS_UNAVAILABLE: unavailable("The keys to check access tokens with cannot be had now. Try again in a moment."),
});

/** The media type of access tokens, so that no other signed thing passes for one (RFC 9068, section 2.1). */
export const tokenType = "at+jwt";

/** An authenticator of the issuer and the audience that the environment names: TOKEN_ISSUER, TOKEN_AUDIENCE. */
export function openAuthenticator(keys: AuthenticatorOptions["keys"]): Authenticator {
  return new Authenticator({ issuer: env("TOKEN_ISSUER"), audience: env("TOKEN_AUDIENCE"), keys });
}

/**
 * Checks access tokens: JWTs signed with ES256 by one issuer, for one audience. The key is one of the issuer's own, chosen by `kid`; nothing
 * else that a token's header says about keys or algorithms is believed. The proxies in front check the same; this is so that a service is
 * safe at its own port too.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #keys: KeySet;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#keys = new KeySet((context) => options.keys(context));
  }

  /**
   * @param authorization the header; undefined when there is none
   * @param context of the fetch, when keys must be fetched for it
   * @throws ServiceError UNAUTHENTICATED TOKEN_MISSING, TOKEN_EXPIRED, TOKEN_INVALID; UNAVAILABLE KEYS_UNAVAILABLE
   */
  async authenticate(authorization: string | undefined, context: () => Context): Promise<Caller> {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
    if (authorization === undefined || token === undefined) throw tokenRefusals.TOKEN_MISSING();
    const { issuer, audience } = this.#options;
    const findKey = async ({ kid }: JWTHeaderParameters) => {
      const key = typeof kid === "string" ? await this.#find(kid, context) : undefined;
      if (!key) throw tokenRefusals.TOKEN_INVALID();
      return key;
    };
    const demands = { issuer, audience, algorithms: [algorithm], typ: tokenType, requiredClaims: ["sub", "exp"] };
    const { payload } = await jwtVerify(token, findKey, demands).catch((error: unknown) => {
      throw refusalOf(error);
    });
    if (!payload.sub) throw tokenRefusals.TOKEN_INVALID();
    return { subject: payload.sub, authorization };
  }

  async #find(kid: string, context: () => Context) {
    try {
      return await this.#keys.find(kid, context);
    } catch (cause) {
      throw tokenRefusals.KEYS_UNAVAILABLE({}, { cause });
    }
  }
}

/** What jose says goes no further: its errors hold the token's payload. */
function refusalOf(error: unknown): ServiceError {
  if (error instanceof errors.JWTExpired) return tokenRefusals.TOKEN_EXPIRED();
  if (error instanceof ServiceError) return error;
  return tokenRefusals.TOKEN_INVALID();
}
