import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuthServiceService } from "#gen/proto/ktravel/member/v1/auth.ts";
import { MemberServiceService, Provider } from "#gen/proto/ktravel/member/v1/member.ts";
import { rest } from "#mesh/local/rest.ts";
import { Code } from "#mesh/service/codes.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { published, rowsOf, type WithSql } from "#mesh/testing/placed-service.ts";
import { badTokens, bearerOf, signerOf } from "#mesh/testing/test-tokens.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { logInAtProvider } from "../log-in.ts";
import {
  audience,
  encryptionKey,
  issuer,
  logIn,
  redirectUri,
  startMember,
  type TestProvider,
  testProvider,
} from "./in-process.ts";
import { Sealer } from "./sealer.ts";

const { startLogin, completeLogin, refreshSession, revokeSession, getJwks } = AuthServiceService;
const { getMember } = MemberServiceService;

const servers = useServers();
let provider: TestProvider;
let member: WithSql;
beforeAll(async () => {
  provider = await testProvider();
  member = await startMember(servers.place("ktravel"), provider);
});
afterAll(async () => {
  await member.stop();
  await provider[Symbol.asyncDispose]();
});

async function begin(name = "google") {
  const { response } = await member.caller.call(startLogin, { provider: name, redirectUri });
  if (!response) throw new Error("no login begins");
  return { ...response, url: new URL(response.authorizationUrl) };
}

/** Goes to the provider and comes back. */
async function comeBack(name = "google", typed = "back@example.com") {
  const { authorizationUrl } = await begin(name);
  const { searchParams } = await logInAtProvider(authorizationUrl, typed);
  return { provider: name, code: searchParams.get("code") ?? "", state: searchParams.get("state") ?? "" };
}

describe("a login", () => {
  it("begins at Google with PKCE, nonce and state", async () => {
    const { url, state } = await begin();
    expect(`${url.origin}${url.pathname}`).toBe(provider.google.authorizeUrl);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: "code",
      client_id: provider.google.clientId,
      redirect_uri: redirectUri,
      scope: "openid email",
      state,
      code_challenge_method: "S256",
    });
    expect(url.searchParams.get("code_challenge")).toMatch(/^[\w-]{43}$/);
    expect(url.searchParams.get("nonce")).toMatch(/^[\w-]{43}$/);
  });

  it("begins at Naver with state", async () => {
    const { url, state } = await begin("naver");
    expect(url.pathname).toBe("/oauth2.0/authorize");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: "code",
      client_id: "naver-test",
      redirect_uri: redirectUri,
      state,
    });
  });

  it.each(["google", "naver"])("at %s signs up the first time, and finds the member again", async (name) => {
    const first = await logIn(member.caller, `Yuna-${name}@Example.com`, name);
    const again = await logIn(member.caller, `yuna-${name}@example.com`, name);
    expect([first.newMember, again.newMember]).toEqual([true, false]);
    expect(again.member).toMatchObject({ memberId: first.member?.memberId, email: `yuna-${name}@example.com` });
    expect(first.member?.provider).toBe(name === "google" ? Provider.PROVIDER_GOOGLE : Provider.PROVIDER_NAVER);
    expect(first.member?.nickname).toMatch(/^traveler-\w{10}$/);
    const registered = await published(member, "MemberRegistered");
    const { memberId, nickname } = first.member ?? { memberId: "", nickname: "" };
    expect(registered.filter((event) => JSON.stringify(event).includes(memberId))).toEqual([{ memberId, nickname }]);
  });

  it("asks who is there, whoever was there before", async () => {
    const cookies = new Map<string, string>();
    const emails = ["one@family.example", "two@family.example", "one@family.example"];
    const found: (string | undefined)[] = [];
    for (const email of emails) {
      const { authorizationUrl } = await begin();
      const { code = "", state = "" } = Object.fromEntries(
        (await logInAtProvider(authorizationUrl, email, { cookies })).searchParams,
      );
      const { response } = await member.caller.call(completeLogin, { provider: "google", code, state });
      found.push(response?.member?.email);
    }
    expect(found).toEqual(emails);
  });

  it("takes the same person at two providers for two members", async () => {
    const [one, two] = [
      await logIn(member.caller, "two@example.com"),
      await logIn(member.caller, "two@example.com", "naver"),
    ];
    expect(one.member?.memberId).not.toBe(two.member?.memberId);
  });

  it.each(["google", "naver"])("at %s accepts a profile without e-mail", async (name) => {
    const { member: found, newMember } = await logIn(member.caller, `nomail-${name}`, name);
    expect([found?.email, newMember]).toEqual(["", true]);
  });

  it("makes one member of two first logins at the same time", async () => {
    const backs = [await comeBack("google", "twin@example.com"), await comeBack("google", "twin@example.com")];
    const answers = await Promise.all(backs.map((back) => member.caller.call(completeLogin, back)));
    const ids = answers.map(({ response }) => response?.member?.memberId);
    expect(ids[0]).toBeDefined();
    expect(ids[0]).toBe(ids[1]);
    expect(answers.filter(({ response }) => response?.newMember)).toHaveLength(1);
  });

  it.each([
    "https://evil.example/",
    `${redirectUri}.evil.example`,
    `${redirectUri}/../x`,
    `${redirectUri}?next=//evil.example`,
  ])("does not send browsers to %s", async (elsewhere) => {
    const answer = await member.caller.call(startLogin, { provider: "google", redirectUri: elsewhere });
    expect(answer).toMatchObject({ code: Code.INVALID_ARGUMENT, reason: "REDIRECT_URI_NOT_ALLOWED" });
    expect(answer.violations).toEqual(["redirect_uri REDIRECT_URI_NOT_ALLOWED"]);
  });

  it.each(["kakao", "constructor", "__proto__"])("knows no provider %s", async (name) => {
    const start = await member.caller.call(startLogin, { provider: name, redirectUri });
    expect(start).toMatchObject({ code: Code.INVALID_ARGUMENT, reason: "UNSUPPORTED_PROVIDER" });
    const end = await member.caller.call(completeLogin, { provider: name, code: "c", state: "s" });
    expect(end).toMatchObject({ code: Code.INVALID_ARGUMENT, reason: "UNSUPPORTED_PROVIDER" });
  });
});

describe("a state", () => {
  it("works once, also for fifty at the same time", async () => {
    const back = await comeBack("google", "fifty@example.com");
    const answers = await Promise.all(Array.from({ length: 50 }, () => member.caller.call(completeLogin, back)));
    expect(answers.filter(({ code }) => code === Code.OK)).toHaveLength(1);
    const refused = answers.filter(({ code }) => code !== Code.OK);
    expect(refused.map(({ code, reason }) => `${code} ${reason}`)).toEqual(Array(49).fill("16 STATE_MISMATCH"));
  });

  it("that nobody began, or that began at another provider, is refused", async () => {
    const unknown = await member.caller.call(completeLogin, { provider: "google", code: "c", state: "made-up" });
    expect(unknown).toMatchObject({ code: Code.UNAUTHENTICATED, reason: "STATE_MISMATCH" });
    const mixed = await member.caller.call(completeLogin, { ...(await comeBack("naver")), provider: "google" });
    expect(mixed).toMatchObject({ code: Code.UNAUTHENTICATED, reason: "STATE_MISMATCH" });
  });

  it("is good for ten minutes", async () => {
    const back = await comeBack();
    const hash = "encode(state_hash, 'hex') = encode(sha256(convert_to($1, 'UTF8')), 'hex')";
    const left = await rowsOf(
      member,
      `SELECT expire_time - now() BETWEEN '5 min' AND '10 min' FROM login_attempt WHERE ${hash}`,
      [back.state],
    );
    expect(left).toEqual([[true]]);
    await member.sql.query(`UPDATE login_attempt SET expire_time = now() - interval '1 s' WHERE ${hash}`, [back.state]);
    const late = await member.caller.call(completeLogin, back);
    expect(late).toMatchObject({ code: Code.UNAUTHENTICATED, reason: "STATE_MISMATCH" });
  });
});

describe("a code", () => {
  it.each(["google", "naver"])("that %s did not give is rejected, and the state is used up", async (name) => {
    const back = await comeBack(name);
    const forged = await member.caller.call(completeLogin, { ...back, code: "forged" });
    expect(forged).toMatchObject({ code: Code.UNAUTHENTICATED, reason: "CODE_REJECTED" });
    expect((await member.caller.call(completeLogin, back)).reason).toBe("STATE_MISMATCH");
  });

  it("of another login does not fit: PKCE and nonce bind it to its own", async () => {
    const [mine, stolen] = [await comeBack(), await comeBack("google", "victim@example.com")];
    const answer = await member.caller.call(completeLogin, { ...mine, code: stolen.code });
    expect(answer).toMatchObject({ code: Code.UNAUTHENTICATED, reason: "CODE_REJECTED" });
  });

  it.each(["issuer", "keysUrl"] as const)("with an ID token of another %s is rejected", async (setting) => {
    await using other = await testProvider();
    const google = { [setting]: other.google[setting] };
    await using suspicious = await startMember(servers.place("ktravel"), provider, { google });
    await expect(logIn(suspicious.caller, "id-token@example.com")).rejects.toThrow("CODE_REJECTED");
  });

  it("without PKCE is not given by the provider, nor taken", async () => {
    const { url } = await begin();
    url.searchParams.delete("code_challenge");
    url.searchParams.delete("code_challenge_method");
    const back = await logInAtProvider(url.href, "pkce@example.com");
    expect(back.searchParams.get("error")).toBe("invalid_request");
    expect(back.searchParams.has("code")).toBe(false);
    const { code } = await comeBack();
    const { clientId, clientSecret } = provider.google;
    const form = {
      grant_type: "authorization_code",
      code,
      redirect_uri: redirectUri,
      client_id: clientId,
      client_secret: clientSecret,
    };
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await rest(provider.url, new URL(provider.url).host)(
      "POST",
      "/token",
      new URLSearchParams(form).toString(),
      headers,
    );
    expect(answer).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
  });

  it("is not given to a person who cancels, nor for another redirect URI", async () => {
    const { authorizationUrl, url } = await begin();
    expect((await logInAtProvider(authorizationUrl, "")).searchParams.get("error")).toBe("access_denied");
    url.searchParams.set("redirect_uri", "https://evil.example/");
    await expect(logInAtProvider(url.href, "x@example.com")).rejects.toThrow(/answers 400/);
  });

  it.each(["google", "naver"])("cannot be checked while %s is away", async (name) => {
    const gone = await testProvider();
    await using alone = await startMember(servers.place("ktravel"), gone);
    const { response } = await alone.caller.call(startLogin, { provider: name, redirectUri });
    await gone[Symbol.asyncDispose]();
    const answer = await alone.caller.call(completeLogin, { provider: name, code: "c", state: response?.state ?? "" });
    expect(answer).toMatchObject({ code: Code.UNAVAILABLE, reason: "PROVIDER_UNAVAILABLE", retryAfterMs: 3000 });
  });
});

describe("a session", () => {
  const refresh = (refreshToken: string) => member.caller.call(refreshSession, { refreshToken });

  it("has an access token of 15 minutes", async () => {
    const { accessToken, expiresIn, member: who } = await logIn(member.caller, "session@example.com");
    expect(decodeProtectedHeader(accessToken)).toMatchObject({ alg: "ES256", typ: "at+jwt" });
    const { iat = 0, exp, ...claims } = decodeJwt(accessToken);
    expect(claims).toEqual({ iss: issuer, aud: audience, sub: who?.memberId });
    expect([exp, expiresIn]).toEqual([iat + 900, 900]);
    const metadata = bearerOf(accessToken);
    const { response } = await member.caller.call(getMember, { memberId: "me" }, { metadata });
    expect(response?.email).toBe("session@example.com");
  });

  it("goes on with each refresh token once; a used one ends it for all", async () => {
    const { refreshToken: first, member: who } = await logIn(member.caller, "family@example.com");
    const second = (await refresh(first)).response;
    expect(decodeJwt(second?.accessToken ?? "").sub).toBe(who?.memberId);
    const third = (await refresh(second?.refreshToken ?? "")).response;
    expect(third?.refreshToken).toMatch(/^[\w-]{43}$/);
    expect(await refresh(first)).toMatchObject({ code: Code.UNAUTHENTICATED, reason: "REFRESH_TOKEN_INVALID" });
    expect(await refresh(third?.refreshToken ?? "")).toMatchObject({ reason: "REFRESH_TOKEN_INVALID" });
  });

  it("goes on for one of fifty who have the same refresh token, and then for none", async () => {
    const { refreshToken } = await logIn(member.caller, "thief@example.com");
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(refreshToken)));
    const won = answers.filter(({ code }) => code === Code.OK);
    expect(won).toHaveLength(1);
    expect(await refresh(won[0]?.response?.refreshToken ?? "")).toMatchObject({ reason: "REFRESH_TOKEN_INVALID" });
  });

  it("does not go on with an unknown or expired refresh token", async () => {
    expect(await refresh("unknown")).toMatchObject({ code: Code.UNAUTHENTICATED, reason: "REFRESH_TOKEN_INVALID" });
    const { refreshToken } = await logIn(member.caller, "late@example.com");
    const hash = "encode(token_hash, 'hex') = encode(sha256(convert_to($1, 'UTF8')), 'hex')";
    const lives = `SELECT expire_time - now() BETWEEN '13 days 23 h' AND '14 days' FROM refresh_token WHERE ${hash}`;
    expect(await rowsOf(member, lives, [refreshToken])).toEqual([[true]]);
    await member.sql.query(`UPDATE refresh_token SET expire_time = now() WHERE ${hash}`, [refreshToken]);
    expect(await refresh(refreshToken)).toMatchObject({ reason: "REFRESH_TOKEN_INVALID" });
  });

  it("is ended by its member, and by nobody else", async () => {
    const [mine, others] = [
      await logIn(member.caller, "mine@example.com"),
      await logIn(member.caller, "others@example.com"),
    ];
    const metadata = bearerOf(mine.accessToken);
    const logout = (refreshToken: string) => member.caller.call(revokeSession, { refreshToken }, { metadata });
    expect((await logout(others.refreshToken)).code).toBe(Code.OK);
    expect((await refresh(others.refreshToken)).code).toBe(Code.OK);
    expect((await logout(mine.refreshToken)).code).toBe(Code.OK);
    expect((await logout("unknown")).code).toBe(Code.OK);
    expect(await refresh(mine.refreshToken)).toMatchObject({ reason: "REFRESH_TOKEN_INVALID" });
    expect((await member.caller.call(revokeSession, { refreshToken: "x" })).reason).toBe("TOKEN_MISSING");
  });
});

describe("the keys", () => {
  it("are given without their private halves", async () => {
    await logIn(member.caller, "keys@example.com");
    const { response } = await member.caller.call(getJwks, {});
    expect(response?.keys).toHaveLength(1);
    const [key] = response?.keys ?? [];
    expect(key).toMatchObject({ kty: "EC", use: "sig", alg: "ES256", crv: "P-256" });
    expect(Object.keys(key ?? {}).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
  });

  it("are the same at each replica", async () => {
    await using twin = await startMember({ url: member.url }, provider);
    const { accessToken } = await logIn(twin.caller, "replica@example.com");
    const metadata = bearerOf(accessToken);
    expect((await member.caller.call(getMember, { memberId: "me" }, { metadata })).code).toBe(Code.OK);
  });

  it("change: the next one is published before it signs, the last one after", async () => {
    const hour = 3_600_000;
    const times = { rotateMs: 24 * hour, overlapMs: 4 * hour };
    const place = servers.place("ktravel");
    await using first = await startMember(place, provider, { times });
    /** What a replica signs with and publishes that starts when so much time has passed. */
    const later = async (hours: number, keys: number) => {
      await first.sql.query("UPDATE signing_key SET sign_time = sign_time - make_interval(hours => $1)", [hours]);
      await using replica = await startMember({ url: place.url }, provider, { times });
      const kids = async () => (await replica.caller.call(getJwks, {})).response?.keys.map(({ kid }) => kid) ?? [];
      // Its housekeeping makes and forgets keys beside the start.
      await eventually(async () => (await rowsOf(replica, "SELECT kid FROM signing_key")).length === keys);
      const { accessToken } = await logIn(replica.caller, "rotation@example.com");
      return { signs: String(decodeProtectedHeader(accessToken).kid), published: (await kids()).sort() };
    };
    const young = await later(1, 1);
    expect(young.published).toEqual([young.signs]);
    const due = await later(20, 2);
    expect(due.signs).toBe(young.signs);
    expect(due.published).toHaveLength(2);
    const changed = await later(5, 2);
    expect(changed.signs).toBe(due.published[1]);
    expect(changed.published).toEqual(due.published);
    const old = await later(4, 1);
    expect(old).toEqual({ signs: changed.signs, published: [changed.signs] });
  });

  it("refuse every bad token that could be made with what is public, or even with the key itself", async () => {
    const { member: who } = await logIn(member.caller, "target@example.com");
    const [[kid, sealed]] = (await rowsOf(member, "SELECT kid, sealed FROM signing_key")) as [[string, Buffer]];
    const jwk = JSON.parse(new Sealer([encryptionKey]).open(sealed, `signing key ${kid}`));
    const signer = await signerOf({ ...jwk, kid }, issuer, audience);
    for (const { name, authorization, reason } of await badTokens(signer, who?.memberId ?? "")) {
      const metadata: Record<string, string> = authorization === undefined ? {} : { authorization };
      const { code, reason: found } = await member.caller.call(getMember, { memberId: "me" }, { metadata });
      expect([name, code, found]).toEqual([name, Code.UNAUTHENTICATED, reason]);
    }
  });
});

describe("what is personal", () => {
  it("is unreadable in the database, and in no log line or event", async () => {
    const before = member.lines.length;
    const { accessToken, refreshToken } = await logIn(member.caller, "secret.person@example.com");
    const again = await member.caller.call(refreshSession, { refreshToken });
    const tables = [
      "member",
      "login_attempt",
      "session",
      "refresh_token",
      "signing_key",
      "mesh.outbox",
      "mesh.answers",
    ];
    const dump = await Promise.all(tables.map((table) => rowsOf(member, `SELECT t::text FROM ${table} t`)));
    const told = `${JSON.stringify(dump)}${JSON.stringify(member.lines)}`;
    expect(member.lines.length).toBeGreaterThan(before);
    for (const secret of ["secret.person", accessToken, refreshToken, again.response?.refreshToken ?? "?", '"d":']) {
      expect(told).not.toContain(secret);
    }
    const hex = Buffer.from("secret.person").toString("hex");
    expect(told).not.toContain(hex);
  });
});
