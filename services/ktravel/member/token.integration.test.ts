import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TokenEntryKind, TokenServiceService } from "#gen/proto/ktravel/member/v1/token.ts";
import { Code } from "#mesh/service/codes.ts";
import { eventually } from "#mesh/testing/eventually.ts";
import { published, rowsOf, type WithSql } from "#mesh/testing/placed-service.ts";
import { bearerOf } from "#mesh/testing/test-tokens.ts";
import { useServers } from "#mesh/testing/use-servers.ts";
import { logIn, startMember, type TestProvider, testProvider } from "./in-process.ts";
import { tokenViolations } from "./invariants.ts";

const { chargeTokens, getTokenBalance, listTokenEntries, spendToken, refundToken } = TokenServiceService;
const { TOKEN_ENTRY_KIND_CHARGE, TOKEN_ENTRY_KIND_SPEND, TOKEN_ENTRY_KIND_REFUND } = TokenEntryKind;

const servers = useServers();
let provider: TestProvider;
let service: WithSql;
let people = 0;

beforeAll(async () => {
  provider = await testProvider();
  service = await startMember(servers.place("ktravel"), provider);
});
afterAll(async () => {
  expect(await tokenViolations(service.sql)).toEqual([]);
  await service.stop();
  await provider[Symbol.asyncDispose]();
});

/** A member with so many tokens. */
async function memberWith(tokens: bigint, caller = service.caller) {
  people += 1;
  const { accessToken, member } = await logIn(caller, `tokens-${people}@example.com`);
  const options = { metadata: bearerOf(accessToken) };
  const memberId = member?.memberId ?? "";
  const charge = (amount: bigint, requestId: string = randomUUID()) =>
    caller.call(chargeTokens, { amount, requestId }, options);
  if (tokens > 0n) await charge(tokens);
  return {
    memberId,
    charge,
    options,
    spend: (refId: string, amount = 0n) => caller.call(spendToken, { memberId, refId, amount }),
    refund: (refId: string) => caller.call(refundToken, { memberId, refId }),
    balance: async () => (await caller.call(getTokenBalance, {}, options)).response?.balance,
  };
}

describe("a charge", () => {
  it("adds what was paid for, once for each request_id, also when repeated at the same time", async () => {
    const { charge, balance, memberId } = await memberWith(0n);
    expect(await balance()).toBe(0n);
    const requestId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => charge(10n, requestId)));
    expect(new Set(answers.map(({ response }) => response?.entryId)).size).toBe(1);
    expect(answers[0]?.response).toMatchObject({
      memberId,
      kind: TOKEN_ENTRY_KIND_CHARGE,
      amount: 10n,
      refId: requestId,
      balanceAfter: 10n,
    });
    expect(await balance()).toBe(10n);
    const told = (await published(service, "TokenCharged")).filter((event) => JSON.stringify(event).includes(memberId));
    expect(told).toEqual([{ memberId, amount: "10", refId: requestId, balanceAfter: "10" }]);
  });

  it("is remembered by the ledger when the answer is not any more", async () => {
    const { charge, balance } = await memberWith(0n);
    const requestId = randomUUID();
    const first = await charge(3n, requestId);
    await service.sql.query("DELETE FROM mesh.answers WHERE request_id = $1", [requestId]);
    expect((await charge(3n, requestId)).response?.entryId).toBe(first.response?.entryId);
    await service.sql.query("DELETE FROM mesh.answers WHERE request_id = $1", [requestId]);
    expect(await charge(4n, requestId)).toMatchObject({ reason: "REQUEST_ID_REUSED" });
    expect(await balance()).toBe(3n);
  });

  it("of another member with the same request_id is refused, and tells nothing of the first", async () => {
    const [one, two] = [await memberWith(0n), await memberWith(0n)];
    const requestId = randomUUID();
    await one.charge(5n, requestId);
    const stolen = await two.charge(5n, requestId);
    expect(stolen).toMatchObject({ code: Code.INVALID_ARGUMENT, reason: "REQUEST_ID_REUSED", response: undefined });
    expect([await one.balance(), await two.balance()]).toEqual([5n, 0n]);
  });

  it("whose caller went away is finished by a worker, and its request_id stands for no other amount", async () => {
    const { charge, balance, memberId } = await memberWith(0n);
    const requestId = randomUUID();
    const left = (amount: number) =>
      service.sql.query("INSERT INTO charge (request_id, member_id, amount) VALUES ($1, $2, $3)", [
        requestId,
        memberId,
        amount,
      ]);
    await left(1);
    expect(await charge(1_000n, requestId)).toMatchObject({ reason: "REQUEST_ID_REUSED" });
    const worker = await startMember({ ...servers.place("ktravel"), url: service.url }, provider, { staleChargeMs: 0 });
    try {
      await eventually(async () => (await balance()) === 1n);
      expect((await charge(1n, requestId.toUpperCase())).response?.balanceAfter).toBe(1n);
      expect(await charge(1_000n, requestId)).toMatchObject({ reason: "REQUEST_ID_REUSED" });
      expect(await rowsOf(service, "SELECT request_id FROM charge")).toEqual([]);
    } finally {
      await worker.stop();
    }
  });

  it("that is declined charges nothing, and leaves nothing to finish", async () => {
    const { charge, balance } = await memberWith(0n);
    expect(await charge(402n)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "PAYMENT_DECLINED" });
    expect(await balance()).toBe(0n);
    expect(await rowsOf(service, "SELECT request_id FROM charge")).toEqual([]);
  });

  it("waits for the payment provider to come back", async () => {
    const gone = await testProvider();
    await using alone = await startMember(servers.place("ktravel"), gone);
    const { charge, balance } = await memberWith(0n, alone.caller);
    await gone[Symbol.asyncDispose]();
    expect(await charge(5n)).toMatchObject({
      code: Code.UNAVAILABLE,
      reason: "PAYMENT_PROVIDER_UNAVAILABLE",
      retryAfterMs: 3000,
    });
    expect(await balance()).toBe(0n);
  });
});

describe("spending", () => {
  it("takes one token unless more are asked for, once for each reference", async () => {
    const { spend, balance, memberId } = await memberWith(5n);
    const refId = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => spend(refId)));
    expect(new Set(answers.map(({ response }) => response?.entryId)).size).toBe(1);
    const entry = { memberId, kind: TOKEN_ENTRY_KIND_SPEND, amount: 1n, refId, balanceAfter: 4n };
    expect(answers[0]?.response).toMatchObject(entry);
    expect((await spend(randomUUID(), 3n)).response).toMatchObject({ amount: 3n, balanceAfter: 1n });
    expect(await balance()).toBe(1n);
    const told = (await published(service, "TokenSpent")).filter((event) => JSON.stringify(event).includes(refId));
    expect(told).toEqual([{ memberId, amount: "1", refId, balanceAfter: "4" }]);
  });

  it("gives the one token there is to one of fifty", async () => {
    const { spend, balance } = await memberWith(1n);
    const answers = await Promise.all(Array.from({ length: 50 }, () => spend(randomUUID())));
    expect(answers.filter(({ code }) => code === Code.OK)).toHaveLength(1);
    const refused = answers.filter(({ code }) => code !== Code.OK);
    expect(refused.map(({ code, reason }) => `${code} ${reason}`)).toEqual(Array(49).fill("9 INSUFFICIENT_TOKENS"));
    expect(await balance()).toBe(0n);
  });

  it("that was refused stays refused, whatever is charged before it is repeated", async () => {
    const { spend, charge, balance } = await memberWith(0n);
    const refId = randomUUID();
    expect((await spend(refId)).reason).toBe("INSUFFICIENT_TOKENS");
    await charge(5n);
    expect((await spend(refId)).reason).toBe("ALREADY_REFUNDED");
    expect(await balance()).toBe(5n);
  });

  it("is refused for nobody, and for what is another member's", async () => {
    const [one, two] = [await memberWith(2n), await memberWith(2n)];
    const refId = randomUUID();
    expect((await one.spend(refId)).code).toBe(Code.OK);
    expect(await two.spend(refId)).toMatchObject({ code: Code.INVALID_ARGUMENT, reason: "REF_ID_REUSED" });
    expect(await two.refund(refId)).toMatchObject({ code: Code.INVALID_ARGUMENT, reason: "REF_ID_REUSED" });
    const nobody = await service.caller.call(spendToken, { memberId: randomUUID(), refId: randomUUID() });
    expect(nobody).toMatchObject({ code: Code.NOT_FOUND, reason: "MEMBER_NOT_FOUND" });
    expect([await one.balance(), await two.balance()]).toEqual([1n, 2n]);
  });
});

describe("a refund", () => {
  it("gives back what was spent, once, and what it paid for stays unpaid", async () => {
    const { spend, refund, balance, memberId } = await memberWith(5n);
    const refId = randomUUID();
    await spend(refId, 2n);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refund(refId)));
    expect(new Set(answers.map(({ response }) => response?.tokenEntry?.entryId)).size).toBe(1);
    const entry = { memberId, kind: TOKEN_ENTRY_KIND_REFUND, amount: 2n, refId, balanceAfter: 5n };
    expect(answers[0]?.response?.tokenEntry).toMatchObject(entry);
    expect(await spend(refId)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "ALREADY_REFUNDED" });
    expect(await balance()).toBe(5n);
    const told = (await published(service, "TokenRefunded")).filter((event) => JSON.stringify(event).includes(refId));
    expect(told).toEqual([{ memberId, amount: "2", refId, balanceAfter: "5" }]);
  });

  it("of what was not spent comes to nothing, and keeps it from ever being spent", async () => {
    const { spend, refund, balance } = await memberWith(5n);
    const refId = randomUUID();
    expect((await refund(refId)).response).toEqual({ tokenEntry: undefined });
    expect((await refund(refId)).response).toEqual({ tokenEntry: undefined });
    expect(await spend(refId)).toMatchObject({ code: Code.FAILED_PRECONDITION, reason: "ALREADY_REFUNDED" });
    expect(await balance()).toBe(5n);
  });

  it("against its spending, at the same time, nets to nothing", async () => {
    const { spend, refund, balance } = await memberWith(5n);
    for (let round = 0; round < 20; round++) {
      const refId = randomUUID();
      await Promise.all([spend(refId), refund(refId)]);
      await refund(refId);
    }
    expect(await balance()).toBe(5n);
  });
});

describe("the ledger", () => {
  it("is listed to its member alone, newest first", async () => {
    const [{ spend, options }, other] = [await memberWith(3n), await memberWith(1n)];
    const refs = [randomUUID(), randomUUID()];
    for (const refId of refs) await spend(refId);
    const list = (page: object, as = options) => service.caller.call(listTokenEntries, page, as);
    const first = (await list({ pageSize: 2 })).response;
    const { nextPageToken: pageToken = "" } = first ?? {};
    const second = (await list({ pageSize: 2, pageToken })).response;
    expect(first?.tokenEntries.map(({ refId }) => refId)).toEqual(refs.toReversed());
    expect(second?.tokenEntries.map(({ kind }) => kind)).toEqual([TOKEN_ENTRY_KIND_CHARGE]);
    expect(second?.nextPageToken).toBe("");
    expect(await list({ pageToken }, other.options)).toMatchObject({ reason: "INVALID_PAGE_TOKEN" });
    expect((await list({}, other.options)).response?.tokenEntries).toHaveLength(1);
  });

  it("shows when something is wrong", async () => {
    await using sick = await startMember(servers.place("ktravel"), provider);
    const { memberId, spend, refund } = await memberWith(3n, sick.caller);
    const refId = randomUUID();
    await spend(refId);
    await refund(refId);
    expect(await tokenViolations(sick.sql)).toEqual([]);
    await sick.sql.query("UPDATE token_account SET balance = 7");
    await sick.sql.query("INSERT INTO tombstone (ref_id, member_id) VALUES ($1, $2)", [refId, memberId]);
    await sick.sql.query("UPDATE token_entry SET amount = 2 WHERE kind = 'REFUND'");
    const found = (await tokenViolations(sick.sql)).join("\n");
    expect(found).toContain(`K2: member ${memberId} has 7 tokens, the entries sum up to 4`);
    expect(found).toContain(`K1: ${refId} was given back`);
    expect(found).toContain(`K1: ${refId} was never to be spent on`);
    await expect(sick.sql.query("UPDATE token_account SET balance = -1")).rejects.toThrow(/token_account_balance/);
    expect(await rowsOf(sick, "SELECT count(*)::int FROM token_entry")).toEqual([[3]]);
  });
});
