// Follow on a real PostgreSQL, with a member that each test scripts.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FollowServiceService } from "#gen/proto/ktravel/follow/v1/follow.ts";
import { Member, MemberServiceService } from "#gen/proto/ktravel/member/v1/member.ts";
import { Code } from "#mesh/service/codes.ts";
import { implement } from "#mesh/service/handler.ts";
import { notFound, refusals, unavailable } from "#mesh/service/refusals.ts";
import { expectPages } from "#mesh/testing/expect-pages.ts";
import { published, rowsOf, type WithSql } from "#mesh/testing/placed-service.ts";
import { type TestPostgres, testPostgres } from "#mesh/testing/servers.ts";
import { type TestService, testService } from "#mesh/testing/test-service.ts";
import { type TestTokens, testTokens } from "#mesh/testing/test-tokens.ts";
import { startFollow } from "../in-process.ts";

const { createFollow, listFollowing } = FollowServiceService;

/** Member's own ways of saying no. */
const refuse = refusals({
  MEMBER_NOT_FOUND: notFound("ktravel.member/Member", "There is no member {memberId}."),
  STORAGE_UNAVAILABLE: unavailable("Not now."),
});

let onGet: (memberId: string) => Promise<void>;
let asked: string[] = [];

let postgres: TestPostgres;
let tokens: TestTokens;
let member: TestService;
let service: WithSql;

beforeAll(async () => {
  [postgres, tokens] = await Promise.all([testPostgres(), testTokens()]);
  const { authenticator } = tokens;
  const { getMember } = MemberServiceService;
  const stub = implement(
    { getMember },
    {
      async getMember({ memberId }) {
        asked.push(memberId);
        await onGet(memberId);
        return Member.fromPartial({ memberId, nickname: "Sora" });
      },
    },
  );
  member = await testService({ name: "member.ktravel", services: [stub], authenticator });
  service = await startFollow({ url: postgres.freshUrl() }, { authenticator, member: member.target });
});

afterAll(async () => {
  await service?.stop();
  await member?.stop();
  await postgres?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  onGet = async () => {};
  asked = [];
});

async function somebody() {
  const metadata = await tokens.bearer(randomUUID());
  const follow = (followeeId: string, requestId = "") =>
    service.caller.call(createFollow, { followeeId, requestId }, { metadata });
  const list = (page: object) => service.caller.call(listFollowing, page, { metadata });
  return { follow, list };
}

describe("somebody of whom follow has not heard", () => {
  it("is looked up once, with the caller's own token", async () => {
    const [me, other] = [await somebody(), await somebody()];
    const followeeId = randomUUID();
    expect((await me.follow(followeeId)).response?.followeeId).toBe(followeeId);
    expect((await other.follow(followeeId)).code).toBe(Code.OK);
    expect(asked).toEqual([followeeId]);
    const row = { memberId: followeeId, nickname: "Sora", followerCount: 2n };
    expect((await me.list({})).response?.members).toMatchObject([row]);
  });

  it("is waited for when member is late", async () => {
    onGet = () => sleep(900).then(() => {});
    expect((await (await somebody()).follow(randomUUID())).code).toBe(Code.OK);
  });

  it.each<[string, () => Promise<void>, object]>([
    [
      "is broken",
      () => Promise.reject(new Error("bug")),
      { code: Code.UNAVAILABLE, reason: "MEMBER_UNAVAILABLE", retryAfterMs: 3000 },
    ],
    [
      "has no database",
      () => Promise.reject(refuse.STORAGE_UNAVAILABLE()),
      { code: Code.UNAVAILABLE, reason: "MEMBER_UNAVAILABLE", retryAfterMs: 3000 },
    ],
    [
      "knows nobody either",
      () => Promise.reject(refuse.MEMBER_NOT_FOUND({ memberId: "x" })),
      { code: Code.NOT_FOUND, reason: "MEMBER_NOT_FOUND" },
    ],
  ])("is not followed when member %s, and nothing is kept of it", async (_, answer, refused) => {
    const me = await somebody();
    const [followeeId, requestId] = [randomUUID(), randomUUID()];
    onGet = answer;
    expect(await me.follow(followeeId, requestId)).toMatchObject(refused);
    expect(await rowsOf(service, "SELECT 1 FROM follow WHERE followee_id = $1", [followeeId])).toEqual([]);
    onGet = async () => {};
    expect((await me.follow(followeeId, requestId)).code).toBe(Code.OK);
  });
});

describe("a follow", () => {
  it("of a repeated request is one, and told once", async () => {
    const me = await somebody();
    const [followeeId, requestId] = [randomUUID(), randomUUID()];
    const answers = await Promise.all(Array.from({ length: 8 }, () => me.follow(followeeId, requestId)));
    answers.push(await me.follow(followeeId, requestId));
    for (const answer of answers) expect(answer).toMatchObject({ code: Code.OK, response: answers[0]?.response ?? {} });
    const events = (await published(service, "Followed")) as { followeeId: string }[];
    expect(events.filter((event) => event.followeeId === followeeId)).toHaveLength(1);
    expect(await me.follow(randomUUID(), requestId)).toMatchObject({ violations: ["request_id REQUEST_ID_REUSED"] });
  });

  it("is listed, the last one first", async () => {
    const [me, other] = [await somebody(), await somebody()];
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const followeeId = randomUUID();
      await me.follow(followeeId);
      ids.unshift(followeeId);
    }
    const list = (who: typeof me, page: object) => who.list(page);
    await expectPages(list, ({ members }) => members.map(({ memberId }) => memberId), { ids, filter: me, other });
  });
});
