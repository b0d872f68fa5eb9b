// Member inside a test's process, with the local provider beside it, without proxies between them.
import { PrismaClient } from "#gen/prisma/ktravel/member/client.ts";
import { AuthServiceService, type CompleteLoginResponse } from "#gen/proto/ktravel/member/v1/auth.ts";
import { MemberServiceService, Provider } from "#gen/proto/ktravel/member/v1/member.ts";
import { TokenServiceService } from "#gen/proto/ktravel/member/v1/token.ts";
import { Authenticator } from "#mesh/service/authenticator.ts";
import { implement } from "#mesh/service/handler.ts";
import type { GrpcCaller } from "#mesh/testing/grpc-caller.ts";
import { databaseService, type Place, type WithSql } from "#mesh/testing/placed-service.ts";
import { quietPort } from "#mesh/testing/quiet-port.ts";
import { logInAtProvider } from "../log-in.ts";
import { startProvider } from "../provider/server.ts";
import type { KeyTimes } from "./domain.ts";
import { type GoogleOptions, google } from "./google.ts";
import { housekeeping } from "./housekeeping.ts";
import { KeyRing } from "./key-ring.ts";
import { naver } from "./naver.ts";
import { httpPayments } from "./payments.ts";
import { finishCharges } from "./recovery.ts";
import { authRpc } from "./rpc/auth.ts";
import { memberRpc } from "./rpc/member.ts";
import { tokenRpc } from "./rpc/token.ts";
import { Sealer } from "./sealer.ts";
import { MemberStore } from "./store.ts";

export const redirectUri = "http://ktravel.localhost:8080/login/callback";
export const issuer = "http://member.test";
export const audience = "ktravel";
export const encryptionKey = "an encryption key of a test";
export const subjectKey = "a subject key of a test";

const clients = {
  google: { clientId: "google-test", clientSecret: "the secret of google-test" },
  naver: { clientId: "naver-test", clientSecret: "the secret of naver-test" },
};

/** The local provider, and what member knows of it. */
export interface TestProvider extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly google: GoogleOptions;
}

export async function testProvider(): Promise<TestProvider> {
  const address = { port: await quietPort(), host: "127.0.0.1" };
  const url = `http://${address.host}:${address.port}`;
  const server = await startProvider({ issuer: url, ...clients, redirectUris: [redirectUri] }, address);
  return {
    url,
    google: {
      ...clients.google,
      issuer: url,
      authorizeUrl: `${url}/auth`,
      tokenUrl: `${url}/token`,
      keysUrl: `${url}/jwks`,
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface MemberOptions {
  /** How long keys live. Default: as in earnest */
  readonly times?: KeyTimes;
  /** How old a charge must be to be finished by a worker. Default: as in earnest */
  readonly staleChargeMs?: number;
  /** What differs from the provider's own settings. Default: nothing */
  readonly google?: Partial<GoogleOptions>;
}

export function startMember(place: Place, provider: TestProvider, options: MemberOptions = {}): Promise<WithSql> {
  const { url } = provider;
  const naverUrls = { authorizeUrl: `${url}/oauth2.0/authorize`, tokenUrl: `${url}/oauth2.0/token` };
  const sealer = new Sealer([encryptionKey]);
  return databaseService(
    place,
    { name: "member.ktravel", client: (adapter) => new PrismaClient({ adapter }), store: (db) => new MemberStore(db) },
    (database) => {
      const times = options.times ? { times: options.times } : {};
      const keys = new KeyRing({ database, sealer, issuer, audience, ...times });
      const parts = {
        database,
        keys,
        sealer,
        subjectKey,
        redirectUris: [redirectUri],
        payments: httpPayments(`${url}/payments`),
        providers: {
          google: { provider: Provider.PROVIDER_GOOGLE, logins: google({ ...provider.google, ...options.google }) },
          naver: {
            provider: Provider.PROVIDER_NAVER,
            logins: naver({ ...clients.naver, ...naverUrls, profileUrl: `${url}/v1/nid/me` }),
          },
        },
      };
      const publicKeys = async (context: Parameters<KeyRing["publicKeys"]>[0]) => ({
        keys: await keys.publicKeys(context),
      });
      return {
        services: [
          implement(AuthServiceService, authRpc(parts)),
          implement(MemberServiceService, memberRpc(parts)),
          implement(TokenServiceService, tokenRpc(parts)),
        ],
        authenticator: new Authenticator({ issuer, audience, keys: publicKeys }),
        workers: [housekeeping(parts), finishCharges(parts, options.staleChargeMs)],
      };
    },
  );
}

/** A login from its start to its end. @param typed an e-mail address or a name */
export async function logIn(caller: GrpcCaller, typed: string, provider = "google"): Promise<CompleteLoginResponse> {
  const { startLogin, completeLogin } = AuthServiceService;
  const begun = (await caller.call(startLogin, { provider, redirectUri })).response;
  const back = await logInAtProvider(begun?.authorizationUrl ?? "", typed);
  const code = back.searchParams.get("code") ?? "";
  const state = back.searchParams.get("state") ?? "";
  const { response, reason } = await caller.call(completeLogin, { provider, code, state });
  if (!response) throw new Error(`the login ends with ${reason}`);
  return response;
}
