import { type DemandingRest, demanding } from "#mesh/local/demanding-rest.ts";
import type { Rest } from "#mesh/local/rest.ts";
import { logInAtProvider } from "./log-in.ts";

/** Somebody who is logged in. */
export interface SignedIn {
  readonly memberId: string;
  readonly nickname: string;
  /** The access token's header. */
  readonly headers: Readonly<Record<string, string>>;
  /** REST calls with the access token. */
  readonly rest: Rest;
  /** The same, and they must succeed. */
  readonly api: DemandingRest;
}

export interface SignInOptions {
  /** `http://127.0.0.1:8080` */
  readonly gateway: string;
  /** What a person types at the local provider: an e-mail address or a name. */
  readonly typed: string;
}

const redirectUri = "http://ktravel.localhost:8080/login/callback";

/** Logs in at the local provider, which is the sign-up at the first time. @param ktravel REST calls to ktravel's host of the gateway */
export async function signIn(ktravel: Rest, { gateway, typed }: SignInOptions): Promise<SignedIn> {
  const visitor = demanding(ktravel);
  const begun = await visitor.post<{ authorizationUrl: string }>("/v1/auth/google:start", { redirectUri });
  const back = (await logInAtProvider(begun.authorizationUrl, typed, { gateway })).searchParams;
  const session = await visitor.post<{ accessToken: string; member: { memberId: string; nickname: string } }>(
    "/v1/auth/google:complete",
    { code: back.get("code") ?? "", state: back.get("state") ?? "" },
  );
  const headers = { authorization: `Bearer ${session.accessToken}` };
  const rest: Rest = (method, path, body, more) => ktravel(method, path, body, { ...headers, ...more });
  const api = demanding(rest);
  // The gateway has the keys of tokens a moment after member is there.
  await api.wait("/v1/members/me");
  return { ...session.member, headers, rest, api };
}
