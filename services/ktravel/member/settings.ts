import { Provider } from "#gen/proto/ktravel/member/v1/member.ts";
import { env } from "#mesh/service/config.ts";
import { google } from "./google.ts";
import { naver } from "./naver.ts";
import type { Providers } from "./rpc/auth.ts";
import { Sealer } from "./sealer.ts";

/** What the environment says of member, besides what it says of every service. */
export interface MemberSettings {
  readonly sealer: Sealer;
  readonly subjectKey: string;
  readonly providers: Providers;
  readonly redirectUris: readonly string[];
  readonly paymentUrl: string;
}

export function readMemberSettings(): MemberSettings {
  const previous = process.env["ENCRYPTION_KEY_PREVIOUS"];
  return {
    sealer: new Sealer([env("ENCRYPTION_KEY"), ...(previous ? [previous] : [])]),
    subjectKey: env("SUBJECT_KEY"),
    providers: {
      google: {
        provider: Provider.PROVIDER_GOOGLE,
        logins: google({
          clientId: env("GOOGLE_CLIENT_ID"),
          clientSecret: env("GOOGLE_CLIENT_SECRET"),
          issuer: env("GOOGLE_ISSUER"),
          authorizeUrl: env("GOOGLE_AUTHORIZE_URL"),
          tokenUrl: env("GOOGLE_TOKEN_URL"),
          keysUrl: env("GOOGLE_KEYS_URL"),
        }),
      },
      naver: {
        provider: Provider.PROVIDER_NAVER,
        logins: naver({
          clientId: env("NAVER_CLIENT_ID"),
          clientSecret: env("NAVER_CLIENT_SECRET"),
          authorizeUrl: env("NAVER_AUTHORIZE_URL"),
          tokenUrl: env("NAVER_TOKEN_URL"),
          profileUrl: env("NAVER_PROFILE_URL"),
        }),
      },
    },
    redirectUris: env("REDIRECT_URIS").split(/\s+/).filter(Boolean),
    paymentUrl: env("PAYMENT_URL"),
  };
}
