// Member, the local provider and the gateway as `mesh up` runs them: logins, tokens of both kinds, and what they must be refused.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuthServiceService } from "#gen/proto/ktravel/member/v1/auth.ts";
import { MemberServiceService, Provider } from "#gen/proto/ktravel/member/v1/member.ts";
import { TokenEntryKind, TokenServiceService } from "#gen/proto/ktravel/member/v1/token.ts";
import { patiently } from "#mesh/local/patiently.ts";
import type { Rest } from "#mesh/local/rest.ts";
import { Code } from "#mesh/service/codes.ts";
import { findChromium, noChromium, openBrowser } from "#mesh/testing/browser.ts";
import { type Collector, startCollector } from "#mesh/testing/collector.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { type GrpcCaller, grpcCaller } from "#mesh/testing/grpc-caller.ts";
import { expectByGrpc, expectByRest, reasonOf } from "#mesh/testing/method-case.ts";
import { type RunningSystem, startSystem } from "#mesh/testing/system.ts";
import { type BadToken, badTokens, bearerOf, signerOf, signToken } from "#mesh/testing/test-tokens.ts";
import { everythingTold, leaks } from "#mesh/testing/told.ts";
import { logInAtProvider } from "./log-in.ts";
import { tokenViolations } from "./member/invariants.ts";
import { methodCases, type World } from "./member/method-cases.ts";
import { Sealer } from "./member/sealer.ts";

const redirectUri = "http://ktravel.localhost:8080/login/callback";
const keysHost = "istio-ingressgateway.istio-system.svc.cluster.local";
/** Has every span of its flow recorded. */
const sampled = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };

let collector: Collector;
let system: RunningSystem;
let api: Rest;
let member: pg.Pool;
/** Everything that no log, event or span may tell. */
const secrets: Record<string, string> = {};

beforeAll(async () => {
  collector = await startCollector();
  process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url;
  system = await startSystem("ktravel");
  const plain = system.rest();
  api = (method, path, body, headers) => plain(method, path, body, { ...sampled, ...headers });
  member = new pg.Pool({ connectionString: await system.databaseUrl("ktravel_member"), max: 2 });
  // The gateway has the keys of tokens a moment after member is there.
  const headers = bearerOf((await logIn("first.of.all@example.com")).accessToken);
  await eventually(async () => (await api("GET", "/v1/members/me", undefined, headers)).status === 200);
});
afterAll(async () => {
  delete process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  await member?.end();
  await system?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

interface Session {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly newMember: boolean;
  readonly member: { readonly memberId: string; readonly nickname: string; readonly email: string };
}

/** Goes to the provider and comes back, by plain HTTP. */
async function comeBack(typed: string, provider = "google") {
  const { body } = await api("POST", `/v1/auth/${provider}:start`, { redirectUri });
  const { authorizationUrl } = body as { authorizationUrl: string };
  const back = await logInAtProvider(authorizationUrl, typed, { gateway: system.gateway, headers: sampled });
  const { code = "", state = "" } = Object.fromEntries(back.searchParams);
  secrets[`the code of ${typed} at ${provider}`] = code;
  return { code, state };
}

async function logIn(typed: string, provider = "google"): Promise<Session> {
  const { status, body } = await api("POST", `/v1/auth/${provider}:complete`, await comeBack(typed, provider));
  expect(status).toBe(200);
  const session = body as Session;
  secrets[`the e-mail ${typed}`] = typed;
  secrets[`the access token of ${typed}`] = session.accessToken;
  secrets[`the refresh token of ${typed}`] = session.refreshToken;
  return session;
}

/** A signer with member's own key, as whoever had stolen it would have. */
async function thief() {
  const kept = JSON.parse(readFileSync(join(system.folder, ".mesh", "secrets.json"), "utf8")) as Record<string, string>;
  const sealer = new Sealer([kept["ktravel/member-keys/encryption"] ?? ""]);
  const { rows } = await member.query<{ kid: string; sealed: Buffer }>("SELECT kid, sealed FROM signing_key");
  const [{ kid, sealed } = { kid: "", sealed: Buffer.alloc(0) }] = rows;
  const jwk = JSON.parse(sealer.open(sealed, `signing key ${kid}`));
  return signerOf({ ...jwk, kid }, "http://member.ktravel.svc.cluster.local", "ktravel");
}

describe("a sign-up at the local provider", () => {
  it.each(["google", "naver"])("as at %s makes a member, and the next login finds them", async (provider) => {
    const first = await logIn(`sora@${provider}.example`, provider);
    const again = await logIn(`sora@${provider}.example`, provider);
    expect([first.newMember, again.newMember]).toEqual([true, false]);
    expect(again.member).toMatchObject({ memberId: first.member.memberId, email: `sora@${provider}.example` });
    const { body } = await api("GET", "/v1/members/me", undefined, bearerOf(again.accessToken));
    expect(body).toEqual(again.member);
  });

  it("is refused when the state comes twice, or was never given", async () => {
    const back = await comeBack("twice@example.com");
    expect((await api("POST", "/v1/auth/google:complete", back)).status).toBe(200);
    for (const bad of [back, { ...back, state: "made-up" }]) {
      const answer = await api("POST", "/v1/auth/google:complete", bad);
      expect([answer.status, reasonOf(answer)]).toEqual([401, "STATE_MISMATCH"]);
    }
  });

  it("is refused without PKCE, and sends nobody elsewhere", async () => {
    const { body } = await api("POST", "/v1/auth/google:start", { redirectUri });
    const url = new URL((body as { authorizationUrl: string }).authorizationUrl);
    expect(url.searchParams.get("code_challenge_method")).toBe("S256");
    url.searchParams.delete("code_challenge");
    const back = await logInAtProvider(url.href, "pkce@example.com", { gateway: system.gateway });
    expect([back.searchParams.get("error"), back.searchParams.get("code")]).toEqual(["invalid_request", null]);
    const elsewhere = await api("POST", "/v1/auth/google:start", { redirectUri: `${redirectUri}@evil.example` });
    expect([elsewhere.status, reasonOf(elsewhere)]).toEqual([400, "REDIRECT_URI_NOT_ALLOWED"]);
  });

  it("is all that browsers reach of the provider", async () => {
    const provider = system.rest("provider.ktravel.localhost");
    expect((await provider("GET", "/.well-known/openid-configuration")).status).toBe(200);
    for (const path of ["/token", "/oauth2.0/token", "/v1/nid/me", "/payments", "/me"]) {
      expect([path, (await provider("POST", path, {})).status]).toEqual([path, 403]);
    }
  });
});

const chromium = findChromium();

describe.skipIf(!chromium)(`a sign-up in a browser ${chromium ? "" : noChromium}`, () => {
  it.each(["google", "naver"])(
    "at the login page as at %s, and by a second person after the first",
    async (provider) => {
      await using browser = await openBrowser(chromium ?? "", system.gateway);
      const page = await browser.newPage();
      // Where the shop's own page will be.
      const home = new URL(redirectUri);
      await page.route(
        (url) => url.host === home.host && url.pathname === home.pathname,
        (route) => route.fulfill({ contentType: "text/html", body: "<title>home</title>" }),
      );
      const post = (path: string, body: object) =>
        page.evaluate(
          async ([to, json]) => {
            const headers = { "content-type": "application/json" };
            return (await fetch(to, { method: "POST", headers, body: json })).json() as Promise<
              Record<string, unknown>
            >;
          },
          [path, JSON.stringify(body)] as const,
        );
      for (const email of [`first@browser.${provider}.example`, `second@browser.${provider}.example`]) {
        await page.goto(redirectUri);
        const { authorizationUrl, state } = await post(`/v1/auth/${provider}:start`, { redirectUri });
        await page.goto(String(authorizationUrl));
        await page.getByLabel("E-mail").fill(email);
        await page.getByRole("button", { name: "Log in" }).click();
        await page.waitForURL((url) => url.pathname === home.pathname);
        const back = Object.fromEntries(new URL(page.url()).searchParams);
        expect(back["state"]).toBe(state);
        const session = (await post(`/v1/auth/${provider}:complete`, back)) as unknown as Session;
        expect(session).toMatchObject({ newMember: true, member: { email } });
        const { body } = await api("GET", "/v1/members/me", undefined, bearerOf(session.accessToken));
        expect(body).toEqual(session.member);
      }
    },
  );
});

describe("every method", () => {
  let world: World;
  let grpc: GrpcCaller;
  beforeAll(async () => {
    const [mine, others] = [await logIn("mine@example.com"), await logIn("others@example.com")];
    const rename = (session: Session, nickname: string) =>
      api("PATCH", "/v1/members/me", { nickname }, bearerOf(session.accessToken));
    expect((await rename(mine, "Mina 미나")).status).toBe(200);
    expect((await rename(others, "other_한강%")).status).toBe(200);
    const { memberId, email } = mine.member;
    const headers = bearerOf(mine.accessToken);
    const otherId = others.member.memberId;
    world = { memberId, nickname: "Mina 미나", email, headers, otherId, otherNickname: "other_한강" };
    expect((await rename(others, world.otherNickname)).status).toBe(200);
    grpc = system.grpc();
  });

  it.each(methodCases.map((each) => [`${each.method.path.split(/[/.]/).slice(-2).join(".")} ${each.name}`, each]))(
    "%s",
    async (_, each) => {
      if (typeof each === "string") return;
      await expectByGrpc(grpc, each, world, { ...Provider, ...TokenEntryKind });
      if (each.rest) await expectByRest(api, each, world);
    },
  );

  it("that is not for people is not there for them", async () => {
    const { spendToken, refundToken } = TokenServiceService;
    const request = { memberId: world.memberId, refId: randomUUID() };
    using direct = grpcCaller(new URL(system.gateway).host, "member.ktravel.localhost");
    for (const method of [spendToken, refundToken]) {
      const metadata = world.headers;
      expect((await grpc.call(method, request, { metadata })).code).toBe(Code.UNIMPLEMENTED);
      expect((await direct.call(method, request, { metadata })).code).toBe(Code.PERMISSION_DENIED);
      expect((await direct.call(method, request)).code).toBe(Code.UNAUTHENTICATED);
    }
  });
});

describe("a bad token", () => {
  let bad: readonly BadToken[];
  const { getMember } = MemberServiceService;
  beforeAll(async () => {
    const { member: victim } = await logIn("victim@example.com");
    bad = await badTokens(await thief(), victim.memberId);
  });

  it("is refused at the gateway, by gRPC and REST", async () => {
    const grpc = system.grpc();
    for (const { name, authorization } of bad) {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const byGrpc = await grpc.call(getMember, { memberId: "me" }, { metadata: headers });
      const byRest = await api("GET", "/v1/members/me", undefined, headers);
      expect([name, byGrpc.code, byRest.status]).toEqual([name, Code.UNAUTHENTICATED, 401]);
      expect(byRest.body).toMatchObject({ code: Code.UNAUTHENTICATED });
      expect([name, reasonOf(byRest)]).toEqual([name, authorization === undefined ? "TOKEN_MISSING" : "TOKEN_INVALID"]);
    }
  });

  it("is refused by the service itself, with its own reason", async () => {
    const [replica] = await system.replicas("member");
    using straight = grpcCaller(replica?.ports[0]?.listens ?? "", "member.ktravel:50051");
    for (const { name, authorization, reason } of bad) {
      const metadata: Record<string, string> = authorization === undefined ? {} : { authorization };
      const answer = await straight.call(getMember, { memberId: "me" }, { metadata });
      expect([name, answer.code, answer.reason]).toEqual([name, Code.UNAUTHENTICATED, reason]);
    }
    const metadata = bearerOf(await signToken(await thief(), { sub: randomUUID() }));
    const stranger = await straight.call(getMember, { memberId: "me" }, { metadata });
    expect([stranger.code, stranger.reason]).toEqual([Code.NOT_FOUND, "MEMBER_NOT_FOUND"]);
  });

  it("is told to a page of another host", async () => {
    const answer = await api("GET", "/v1/members/me", undefined, { origin: "http://web.localhost:8080" });
    expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([401, "http://web.localhost:8080"]);
    expect((await api("GET", "/v1/members/me")).headers).not.toHaveProperty("access-control-allow-origin");
  });
});

describe("a refresh token", () => {
  it("that comes twice ends the session", async () => {
    const { refreshToken } = await logIn("refresh@example.com");
    const { body } = await api("POST", "/v1/auth:refresh", { refreshToken });
    const next = body as Session;
    secrets["a second access token"] = next.accessToken;
    secrets["a second refresh token"] = next.refreshToken;
    expect((await api("GET", "/v1/members/me", undefined, bearerOf(next.accessToken))).status).toBe(200);
    for (const token of [refreshToken, next.refreshToken]) {
      const answer = await api("POST", "/v1/auth:refresh", { refreshToken: token });
      expect([answer.status, reasonOf(answer)]).toEqual([401, "REFRESH_TOKEN_INVALID"]);
    }
  });
});

describe("the keys", () => {
  it("and nothing else are served at the gateway's own name", async () => {
    const keys = system.rest(keysHost);
    const { body, status } = await keys("GET", "/v1/auth/jwks");
    expect(status).toBe(200);
    expect(body).toEqual((await api("GET", "/v1/auth/jwks")).body);
    for (const [method, path] of [
      ["GET", "/"],
      ["POST", "/v1/auth/google:start"],
      ["POST", "/v1/auth:refresh"],
      ["GET", "/v1/members"],
      ["GET", "/v1/auth/jwks/"],
    ] as const) {
      const answer = await keys(method, path, method === "POST" ? { redirectUri, refreshToken: "x" } : undefined);
      expect([path, answer.status]).toEqual([path, 404]);
    }
    using grpc = grpcCaller(new URL(system.gateway).host, keysHost);
    const { getJwks, startLogin } = AuthServiceService;
    expect((await grpc.call(getJwks, {})).code).toBe(Code.UNIMPLEMENTED);
    expect((await grpc.call(startLogin, { provider: "google", redirectUri })).code).toBe(Code.UNIMPLEMENTED);
  });
});

describe("without the providers", () => {
  it("logins and payments are refused, and come back with them", async () => {
    const { accessToken } = await logIn("payer@example.com");
    const back = await comeBack("late@example.com");
    const charge = (requestId: string) =>
      api("POST", "/v1/tokens:charge", { amount: 5, requestId }, bearerOf(accessToken));
    await system.mesh("stop", "ktravel/provider");
    const login = await api("POST", "/v1/auth/google:complete", back);
    expect([login.status, reasonOf(login)]).toEqual([503, "PROVIDER_UNAVAILABLE"]);
    const requestId = randomUUID();
    const payment = await charge(requestId);
    expect([payment.status, reasonOf(payment)]).toEqual([503, "PAYMENT_PROVIDER_UNAVAILABLE"]);
    await system.mesh("start", "ktravel/provider");
    const { body } = await eventually(async () => {
      const answer = await charge(requestId);
      return answer.status === 200 && answer;
    });
    expect(body).toMatchObject({ balanceAfter: "5", refId: requestId });
  });
});

describe("a member that is killed", () => {
  it("comes back with the same keys, and the ledger as it was", async () => {
    const { accessToken } = await logIn("survivor@example.com");
    const ask = (path: string) => api("GET", path, undefined, bearerOf(accessToken));
    const charge = { amount: 7, requestId: randomUUID() };
    const charged = await patiently(() => api("POST", "/v1/tokens:charge", charge, bearerOf(accessToken)));
    expect(charged.status).toBe(200);
    await system.kill("member");
    await eventually(async () => (await ask("/v1/tokens/balance")).status === 200);
    expect((await patiently(() => ask("/v1/tokens/balance"))).body).toEqual({ balance: "7" });
    await eventually(async () => {
      expect(await tokenViolations(member)).toEqual([]);
      return true;
    });
  });
});

describe("what is personal or secret", () => {
  it("is in no log, event or span", async () => {
    const { member: known } = await logIn("last.of.all@example.com");
    // It looks in the right places: what may be told is there, once the last lines are written.
    const told = await eventually(async () => {
      const spans = { where: "spans", text: collector.received().toString("latin1") };
      const all = [...(await everythingTold(system, ["ktravel_member"])), spans];
      const places = leaks(all, { id: known.memberId }).join("\n");
      return /^logs\/ktravel\/member.*: id/m.test(places) && places.includes("events of ktravel_member: id") && all;
    });
    expect(Object.keys(secrets).length).toBeGreaterThan(30);
    expect(leaks(told, secrets)).toEqual([]);
    expect(told.find(({ where }) => where === "spans")?.text).toContain("ktravel.member.v1.AuthService");
  });
});
