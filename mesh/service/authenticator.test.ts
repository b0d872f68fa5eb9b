import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { GetMemberRequest, MemberServiceService } from "#gen/proto/ktravel/member/v1/member.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import { badTokens, bearerOf, signToken, type TestTokens, testTokens } from "#mesh/testing/test-tokens.ts";
import { Authenticator } from "./authenticator.ts";
import { connect } from "./client.ts";
import { Code } from "./codes.ts";
import { type Handlers, implement } from "./handler.ts";
import type { JwkSet } from "./key-set.ts";
import { refusals, unavailable } from "./refusals.ts";

const alice = "01890a5d-ac96-774b-bcce-b302099a8057";
const { getMember } = MemberServiceService;
const none = refusals({ MEMBER_UNAVAILABLE: unavailable("Member is away.") });

/** A service whose every method asks for a token, and tells who calls. */
function start(authenticator: Authenticator, more: Partial<Handlers<typeof MemberServiceService>> = {}) {
  const who: Handlers<typeof MemberServiceService> = {
    getMember: async (_, { subject }) => ({ memberId: subject, nickname: "", email: "", provider: 0 }) as never,
    updateMember: async (_, { subject }) => ({ memberId: subject, nickname: "", email: "", provider: 0 }) as never,
    listMembers: async () => ({ members: [], nextPageToken: "" }),
    ...more,
  };
  return testService({ name: "member.ktravel", services: [implement(MemberServiceService, who)], authenticator });
}

describe("a method that asks for an access token", () => {
  let tokens: TestTokens;
  let service: TestService;
  beforeAll(async () => {
    tokens = await testTokens();
    service = await start(tokens.authenticator);
  });
  afterAll(() => service.stop());

  it("knows who calls", async () => {
    const metadata = await tokens.bearer(alice);
    const { response } = await service.caller.call(getMember, { memberId: "me" }, { metadata });
    expect(response?.memberId).toBe(alice);
  });

  it("refuses every bad token, before it looks at the request", async () => {
    const bad = await badTokens(tokens, alice);
    expect(bad.length).toBeGreaterThan(20);
    for (const { name, authorization, reason } of bad) {
      const metadata: Record<string, string> = authorization === undefined ? {} : { authorization };
      const { code, reason: found } = await service.caller.call(getMember, { memberId: "" }, { metadata });
      expect([name, code, found]).toEqual([name, Code.UNAUTHENTICATED, reason]);
    }
  });

  it.each(["", "Bearer", "Basic YTpi", "bearer a b"])('takes "%s" for no token', async (authorization) => {
    const { reason } = await service.caller.call(getMember, { memberId: "me" }, { metadata: { authorization } });
    expect(reason).toBe("TOKEN_MISSING");
  });

  it("logs no token", async () => {
    const metadata = await tokens.bearer(alice);
    await service.caller.call(getMember, { memberId: "me" }, { metadata });
    expect(JSON.stringify(service.lines)).not.toMatch(/eyJ|Bearer/);
  });

  it("does not start without an authenticator", async () => {
    const services = [implement(MemberServiceService, {} as Handlers<typeof MemberServiceService>)];
    await expect(testService({ name: "member.ktravel", services })).rejects.toThrow(/has no handler|authenticator/);
    await expect(start(undefined as never)).rejects.toThrow(
      /asks for an access token; give serve\(\) an authenticator/,
    );
  });
});

describe("the keys", () => {
  it("are fetched again for one that is new, and not for each stranger's token", async () => {
    const [first, second] = [await testTokens(), await testTokens()];
    const sets: JwkSet[] = [{ keys: [{ ...first.publicJwk, kid: "first" }] }];
    let fetched = 0;
    const keys = async () => {
      fetched++;
      return sets.at(-1) as JwkSet;
    };
    const { issuer, audience } = first;
    const clock = Date.now;
    let later = 0;
    const now = vi.spyOn(Date, "now").mockImplementation(() => clock() + later);
    try {
      await using service = await start(new Authenticator({ issuer, audience, keys }));
      const as = async (signer: TestTokens, kid: string) => {
        const metadata = bearerOf(await signToken({ ...signer, kid }, { sub: alice }));
        return (await service.caller.call(getMember, { memberId: "me" }, { metadata })).reason;
      };
      expect(await as(first, "first")).toBe("");
      for (let stranger = 0; stranger < 10; stranger++) expect(await as(second, `${stranger}`)).toBe("TOKEN_INVALID");
      expect(fetched).toBe(1);
      sets.push({
        keys: [
          { ...first.publicJwk, kid: "first" },
          { ...second.publicJwk, kid: "second" },
        ],
      });
      later = 5_001;
      expect(await as(second, "second")).toBe("");
      expect(await as(first, "first")).toBe("");
      expect(fetched).toBe(2);
    } finally {
      now.mockRestore();
    }
  });

  it("stay in use while their source is away; without any nothing is accepted", async () => {
    const tokens = await testTokens();
    const { issuer, audience, kid, publicJwk } = tokens;
    let away = true;
    const keys = async (): Promise<JwkSet> => {
      if (away) throw new Error("away");
      return { keys: [{ ...publicJwk, kid }] };
    };
    await using service = await start(new Authenticator({ issuer, audience, keys }));
    const metadata = await tokens.bearer(alice);
    const ask = () => service.caller.call(getMember, { memberId: "me" }, { metadata });
    expect(await ask()).toMatchObject({ code: Code.UNAVAILABLE, reason: "KEYS_UNAVAILABLE", retryAfterMs: 3000 });
    away = false;
    expect((await ask()).code).toBe(Code.OK);
    away = true;
    expect((await ask()).code).toBe(Code.OK);
  });

  it("that are no ECDSA keys are not used", async () => {
    const { issuer, audience, bearer } = await testTokens();
    const keys = async () => ({ keys: [{ kty: "oct", k: "AAAA", kid: "test-key", alg: "HS256" }] });
    await using service = await start(new Authenticator({ issuer, audience, keys }));
    const { reason } = await service.caller.call(getMember, { memberId: "me" }, { metadata: await bearer(alice) });
    expect(reason).toBe("TOKEN_INVALID");
  });
});

describe("a call to another service", () => {
  it.each([
    { passToken: true, code: Code.OK },
    { passToken: false, code: Code.UNAVAILABLE },
  ])("acts for the caller only where it says so: $passToken", async ({ passToken, code }) => {
    const tokens = await testTokens();
    await using callee = await start(tokens.authenticator);
    const failures = { unavailable: none.MEMBER_UNAVAILABLE, refusals: { TOKEN_MISSING: none.MEMBER_UNAVAILABLE } };
    const client = connect(MemberServiceService, callee.target, failures, { passToken });
    await using service = await start(tokens.authenticator, {
      getMember: (_, call) => client.getMember(GetMemberRequest.fromPartial({ memberId: "me" }), call),
    });
    const answer = await service.caller.call(getMember, { memberId: "me" }, { metadata: await tokens.bearer(alice) });
    expect(answer.code).toBe(code);
    if (code === Code.OK) expect(answer.response?.memberId).toBe(alice);
  });
});
