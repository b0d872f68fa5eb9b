import { describe, expect, it } from "vitest";
import { TokenEntryKind } from "#gen/proto/ktravel/member/v1/token.ts";
import { apply, demandAllowed, firstNickname, judgeRefresh, type KeyLife, memberNamed, planKeys } from "./domain.ts";

const now = new Date("2026-01-31T12:00:00Z");
const hour = 3_600_000;
const at = (hours: number) => new Date(now.getTime() + hours * hour);

describe("where browsers may be sent back to", () => {
  const allowed = ["http://ktravel.localhost:8080/login/callback"];

  it("is what is listed, letter for letter", () => {
    expect(() => demandAllowed("http://ktravel.localhost:8080/login/callback", allowed)).not.toThrow();
  });

  it.each([
    "http://ktravel.localhost:8080/login/callback/",
    "http://ktravel.localhost:8080/login/callback#x",
    "http://ktravel.localhost:8080/login/callback?x",
    "HTTP://ktravel.localhost:8080/login/callback",
    "http://ktravel.localhost:8080@evil.example/login/callback",
    "http://ktravel.localhost:8080.evil.example/login/callback",
    "//evil.example",
    "javascript:alert(1)",
    "",
  ])("is not %s", (uri) => {
    expect(() => demandAllowed(uri, allowed)).toThrow(expect.objectContaining({ reason: "REDIRECT_URI_NOT_ALLOWED" }));
  });
});

describe("a member in a request", () => {
  const caller = "01890a5d-ac96-774b-bcce-b302099a8057";

  it("is the caller, or one by id in any case", () => {
    expect(memberNamed("me", caller)).toBe(caller);
    expect(memberNamed(caller.toUpperCase(), caller)).toBe(caller);
  });

  it.each(["", "ME", "7", `${caller}x`, `${caller}\n`])("is not %j", (id) => {
    expect(() => memberNamed(id, caller)).toThrow(expect.objectContaining({ reason: "INVALID_ID" }));
  });
});

it("new members are called something that says nothing of them, and fits the contract", () => {
  const names = Array.from({ length: 100 }, firstNickname);
  expect(new Set(names).size).toBe(100);
  for (const name of names) expect(name).toMatch(/^traveler-[0-9a-f]{10}$/);
});

describe("a refresh token", () => {
  const token = { sessionId: "s", memberId: "m", expireTime: at(1), useTime: null, revokeTime: null };

  it.each([
    ["good", token, "good"],
    ["unknown", undefined, "bad"],
    ["expired", { ...token, expireTime: now }, "bad"],
    ["of a session that was ended", { ...token, revokeTime: at(-1) }, "bad"],
    ["used before", { ...token, useTime: at(-1) }, "stolen"],
    ["used before, and expired since", { ...token, useTime: at(-1), expireTime: at(-1) }, "stolen"],
    ["used before, of a session that was ended", { ...token, useTime: at(-1), revokeTime: at(-1) }, "bad"],
  ])("that is %s", (_, given, verdict) => {
    expect(judgeRefresh(given, now)).toBe(verdict);
  });
});

describe("an account", () => {
  const account = { memberId: "m", balance: 3n, version: 7n };
  const { TOKEN_ENTRY_KIND_CHARGE, TOKEN_ENTRY_KIND_SPEND, TOKEN_ENTRY_KIND_REFUND } = TokenEntryKind;

  it.each([
    [TOKEN_ENTRY_KIND_CHARGE, 2n, 5n],
    [TOKEN_ENTRY_KIND_REFUND, 1n, 4n],
    [TOKEN_ENTRY_KIND_SPEND, 3n, 0n],
  ])("after %i of %i has %i", (kind, amount, balance) => {
    expect(apply(account, { kind, amount, refId: "r" })).toEqual({ memberId: "m", balance, version: 8n });
  });

  it("never owes", () => {
    const change = { kind: TOKEN_ENTRY_KIND_SPEND, amount: 4n, refId: "r" };
    expect(() => apply(account, change)).toThrow(expect.objectContaining({ reason: "INSUFFICIENT_TOKENS" }));
  });
});

describe("signing keys", () => {
  const times = { rotateMs: 24 * hour, overlapMs: 2 * hour };
  const key = (kid: string, hours: number): KeyLife => ({ kid, signTime: at(hours) });
  const plan = (...keys: KeyLife[]) => {
    const { signing, published, expired, next } = planKeys(keys, now, times);
    const kids = (list: readonly KeyLife[]) => list.map(({ kid }) => kid);
    return { signs: signing?.kid, published: kids(published), expired: kids(expired), next };
  };

  it.each<[string, KeyLife[], ReturnType<typeof plan>]>([
    ["the first is made at once", [], { signs: undefined, published: [], expired: [], next: now }],
    ["a young one stays", [key("a", -1)], { signs: "a", published: ["a"], expired: [], next: undefined }],
    ["an old one gets a successor, later", [key("a", -22)], { signs: "a", published: ["a"], expired: [], next: at(2) }],
    [
      "a successor is published before it signs",
      [key("a", -23), key("b", 1)],
      { signs: "a", published: ["b", "a"], expired: [], next: undefined },
    ],
    [
      "and signs when its time has come, the last one being published still",
      [key("a", -25), key("b", -1)],
      { signs: "b", published: ["b", "a"], expired: [], next: undefined },
    ],
    [
      "until nothing is signed with it any more",
      [key("a", -27), key("b", -3)],
      { signs: "b", published: ["b"], expired: ["a"], next: undefined },
    ],
    ["after a long night", [key("a", -900)], { signs: "a", published: ["a"], expired: [], next: at(2) }],
    ["a clock that went back", [key("a", 5)], { signs: undefined, published: ["a"], expired: [], next: now }],
  ])("%s", (_, keys, expected) => {
    expect(plan(...keys)).toEqual(expected);
  });
});
