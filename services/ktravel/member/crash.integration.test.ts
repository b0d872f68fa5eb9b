// Member is killed between two steps, and started again.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AuthServiceService } from "#gen/proto/ktravel/member/v1/auth.ts";
import { TokenServiceService } from "#gen/proto/ktravel/member/v1/token.ts";
import { Code } from "#mesh/service/codes.ts";
import { type ChildService, childService } from "#mesh/testing/child-service.ts";
import { published, type WithSql } from "#mesh/testing/placed-service.ts";
import { bearerOf } from "#mesh/testing/test-tokens.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { logInAtProvider } from "../log-in.ts";
import {
  audience,
  encryptionKey,
  issuer,
  logIn,
  redirectUri,
  startMember,
  subjectKey,
  type TestProvider,
  testProvider,
} from "./in-process.ts";
import { tokenViolations } from "./invariants.ts";

const { chargeTokens, getTokenBalance } = TokenServiceService;
const { startLogin, completeLogin } = AuthServiceService;

const servers = useServers();
let provider: TestProvider;
/** The one that is not killed, on the same database. */
let member: WithSql;
beforeAll(async () => {
  provider = await testProvider();
  member = await startMember(servers.place("ktravel"), provider);
});
afterAll(async () => {
  await member.stop();
  await provider[Symbol.asyncDispose]();
});

function startChild(crashAt: string): Promise<ChildService> {
  const { url, google } = provider;
  return childService(join(import.meta.dirname, "main.ts"), {
    DATABASE_URL: member.url,
    NATS_URL: servers.nats.url,
    TOKEN_ISSUER: issuer,
    TOKEN_AUDIENCE: audience,
    ENCRYPTION_KEY: encryptionKey,
    SUBJECT_KEY: subjectKey,
    REDIRECT_URIS: redirectUri,
    GOOGLE_CLIENT_ID: google.clientId,
    GOOGLE_CLIENT_SECRET: google.clientSecret,
    GOOGLE_ISSUER: google.issuer,
    GOOGLE_AUTHORIZE_URL: google.authorizeUrl,
    GOOGLE_TOKEN_URL: google.tokenUrl,
    GOOGLE_KEYS_URL: google.keysUrl,
    NAVER_CLIENT_ID: "naver-test",
    NAVER_CLIENT_SECRET: "the secret of naver-test",
    NAVER_AUTHORIZE_URL: `${url}/oauth2.0/authorize`,
    NAVER_TOKEN_URL: `${url}/oauth2.0/token`,
    NAVER_PROFILE_URL: `${url}/v1/nid/me`,
    PAYMENT_URL: `${url}/payments`,
    MESH_CRASH_AT: crashAt,
  });
}

it.each(["opened", "paid"])("a charge that was %s when member died is booked once", async (step) => {
  const { accessToken } = await logIn(member.caller, `${step}@example.com`);
  const options = { metadata: bearerOf(accessToken) };
  const request = { amount: 5n, requestId: randomUUID() };
  await using child = await startChild(`charge-tokens/${step}`);
  expect((await child.caller.call(chargeTokens, request, options)).code).not.toBe(Code.OK);
  expect(await child.ended).toBe("SIGKILL");
  const balance = async () => (await member.caller.call(getTokenBalance, {}, options)).response?.balance;
  for (let repeat = 0; repeat < 2; repeat++) {
    expect((await member.caller.call(chargeTokens, request, options)).response?.balanceAfter).toBe(5n);
  }
  expect(await balance()).toBe(5n);
});

it("a login whose member died must be begun again, and makes one member then", async () => {
  const come = async (caller: WithSql["caller"]) => {
    const { response } = await caller.call(startLogin, { provider: "google", redirectUri });
    const back = await logInAtProvider(response?.authorizationUrl ?? "", "unlucky@example.com");
    const { code = "", state = "" } = Object.fromEntries(back.searchParams);
    return { provider: "google", code, state };
  };
  await using child = await startChild("complete-login/state-taken");
  const back = await come(child.caller);
  expect((await child.caller.call(completeLogin, back)).code).not.toBe(Code.OK);
  expect(await child.ended).toBe("SIGKILL");
  expect((await member.caller.call(completeLogin, back)).reason).toBe("STATE_MISMATCH");
  const { response } = await member.caller.call(completeLogin, await come(member.caller));
  expect(response?.newMember).toBe(true);
});

it("and the ledger adds up", async () => {
  expect(await tokenViolations(member.sql)).toEqual([]);
  expect(await published(member, "TokenCharged")).toHaveLength(2);
});
