import { refuse } from "./errors.ts";
import { ask, type Client, form, type IdentityProvider, withParameters } from "./identity-provider.ts";

export interface NaverOptions extends Client {
  /** Where the browser goes: `/oauth2.0/authorize` */
  readonly authorizeUrl: string;
  /** `/oauth2.0/token` */
  readonly tokenUrl: string;
  /** `/v1/nid/me` */
  readonly profileUrl: string;
}

/** Naver: OAuth 2.0 authorization code with state. https://developers.naver.com/docs/login/api/api.md */
export function naver({ clientId, clientSecret, authorizeUrl, tokenUrl, profileUrl }: NaverOptions): IdentityProvider {
  return {
    authorizationUrl: ({ state, redirectUri }) =>
      withParameters(authorizeUrl, { response_type: "code", client_id: clientId, redirect_uri: redirectUri, state }),

    async profile({ code, state, redirectUri }, context) {
      const fields = { grant_type: "authorization_code", code, state, redirect_uri: redirectUri };
      const client = { client_id: clientId, client_secret: clientSecret };
      const { access_token: token } = await ask(tokenUrl, form({ ...fields, ...client }), context);
      // Naver tells of a bad code with status 200 and `error` instead of a token.
      if (typeof token !== "string" || token === "") throw refuse.CODE_REJECTED();
      const answer = await ask(profileUrl, { headers: { authorization: `Bearer ${token}` } }, context);
      const { id, email } = (answer["response"] ?? {}) as Readonly<Record<string, unknown>>;
      if (answer["resultcode"] !== "00" || typeof id !== "string" || id === "") throw refuse.CODE_REJECTED();
      return { subject: id, email: typeof email === "string" ? email : "" };
    },
  };
}
