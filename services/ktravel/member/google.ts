import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { refuse } from "./errors.ts";
import { ask, type Client, challengeOf, form, type IdentityProvider, withParameters } from "./identity-provider.ts";

export interface GoogleOptions extends Client {
  /** `iss` of its ID tokens. */
  readonly issuer: string;
  /** Where the browser goes. */
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  /** Its JSON Web Key Set. */
  readonly keysUrl: string;
}

/** Google: OpenID Connect, authorization code with PKCE and nonce. https://developers.google.com/identity/openid-connect/openid-connect */
export function google(options: GoogleOptions): IdentityProvider {
  const { clientId, clientSecret, issuer } = options;
  return {
    authorizationUrl: ({ state, nonce, verifier, redirectUri }) =>
      withParameters(options.authorizeUrl, {
        response_type: "code",
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: "openid email",
        state,
        nonce,
        code_challenge: challengeOf(verifier),
        code_challenge_method: "S256",
      }),

    async profile({ code, verifier, nonce, redirectUri }, context) {
      const fields = { grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier };
      const client = { client_id: clientId, client_secret: clientSecret };
      const { id_token: idToken } = await ask(options.tokenUrl, form({ ...fields, ...client }), context);
      const keys = await ask(options.keysUrl, {}, context);
      const claims = await verify(String(idToken), keys, { issuer, audience: clientId, nonce });
      return { subject: claims.subject, email: typeof claims.email === "string" ? claims.email : "" };
    },
  };
}

interface Demands {
  readonly issuer: string;
  readonly audience: string;
  readonly nonce: string;
}

/** The checks of OpenID Connect Core 1.0, section 3.1.3.7. @throws refusal CODE_REJECTED */
async function verify(idToken: string, keys: Readonly<Record<string, unknown>>, demands: Demands) {
  const { issuer, audience, nonce } = demands;
  try {
    const keySet = createLocalJWKSet(keys as unknown as JSONWebKeySet);
    const options = { issuer, audience, algorithms: ["RS256"], requiredClaims: ["sub", "exp", "iat"] };
    const { payload } = await jwtVerify(idToken, keySet, options);
    if (payload.sub && payload["nonce"] === nonce) return { subject: payload.sub, email: payload["email"] };
  } catch {
    // What is wrong with it is in the error with the token's payload, which no log may see.
  }
  throw refuse.CODE_REJECTED();
}
