import { Prisma, type Member as Row } from "#gen/prisma/ktravel/member/client.ts";
import { Provider } from "#gen/proto/ktravel/member/v1/member.ts";
import { TokenEntryKind } from "#gen/proto/ktravel/member/v1/token.ts";
import { enumColumn } from "#mesh/service/enum-column.ts";
import { LostUpdate } from "#mesh/service/errors.ts";
import { uuidv7 } from "#mesh/service/uuid.ts";
import type { Account, Change, Charge, RefreshToken } from "./domain.ts";
import type { StoredKey } from "./key-ring.ts";

const provider = enumColumn(Provider, "PROVIDER");
const kind = enumColumn(TokenEntryKind, "TOKEN_ENTRY_KIND");

type Bytes = Uint8Array<ArrayBuffer>;

export interface Member {
  readonly memberId: string;
  readonly nickname: string;
  /** Sealed. */
  readonly email: Uint8Array | null;
  readonly provider: Provider;
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** A person as a provider knows them. */
export interface Identity {
  readonly provider: Provider;
  readonly subjectHash: Bytes;
}

export interface Attempt {
  readonly stateHash: Bytes;
  readonly provider: Provider;
  /** Sealed. */
  readonly secrets: Bytes;
  readonly redirectUri: string;
  readonly expireTime: Date;
}

export interface Entry extends Change {
  readonly entryId: string;
  readonly memberId: string;
  readonly balanceAfter: bigint;
  readonly createTime: Date;
}

/** Members, their sessions and their tokens. */
export class MemberStore {
  readonly #db: Prisma.TransactionClient;

  constructor(db: Prisma.TransactionClient) {
    this.#db = db;
  }

  async insertAttempt(attempt: Attempt): Promise<void> {
    await this.#db.loginAttempt.create({ data: { ...attempt, provider: provider.toColumn(attempt.provider) } });
  }

  /** The login with this state, which is gone afterwards: whoever comes second finds none. */
  async takeAttempt(stateHash: Bytes): Promise<Attempt | undefined> {
    const [row] = await this.#db.loginAttempt.findMany({ where: { stateHash } });
    const { count } = await this.#db.loginAttempt.deleteMany({ where: { stateHash } });
    return row && count === 1 ? { ...row, provider: provider.fromColumn(row.provider) } : undefined;
  }

  async find(memberId: string): Promise<Member | undefined> {
    const row = await this.#db.member.findUnique({ where: { memberId } });
    return row ? toMember(row) : undefined;
  }

  async findByIdentity(identity: Identity): Promise<Member | undefined> {
    const { subjectHash } = identity;
    const key = { provider: provider.toColumn(identity.provider), subjectHash };
    const row = await this.#db.member.findUnique({ where: { provider_subjectHash: key } });
    return row ? toMember(row) : undefined;
  }

  /** A new member with an empty account. @throws LostUpdate when the person or the nickname came in between */
  async register(memberId: string, identity: Identity, nickname: string): Promise<Member> {
    const { subjectHash } = identity;
    const data = { memberId, nickname, provider: provider.toColumn(identity.provider), subjectHash };
    const { count } = await this.#db.member.createMany({ data, skipDuplicates: true });
    if (count === 0) throw new LostUpdate("the new member");
    await this.#db.tokenAccount.create({ data: { memberId } });
    return toMember(await this.#db.member.findUniqueOrThrow({ where: { memberId } }));
  }

  async setEmail(memberId: string, email: Bytes | null): Promise<void> {
    await this.#db.member.update({ where: { memberId }, data: { email } });
  }

  isNicknameTaken(nickname: string, by: string): Promise<boolean> {
    const others = this.#db.member.findFirst({ where: { nickname, memberId: { not: by } } });
    return others.then((found) => found !== null);
  }

  /** @throws LostUpdate when the member changed, or somebody took the nickname, in between */
  async rename({ memberId, version }: Member, nickname: string): Promise<Member> {
    try {
      const where = { memberId, version };
      const data = { nickname, version: { increment: 1n }, updateTime: new Date() };
      const { count } = await this.#db.member.updateMany({ where, data });
      if (count === 0) throw new LostUpdate("the member");
    } catch (error) {
      if (isDuplicate(error)) throw new LostUpdate("the nickname");
      throw error;
    }
    return toMember(await this.#db.member.findUniqueOrThrow({ where: { memberId } }));
  }

  /** At most `take` members older than `before`; an empty text means any nickname. */
  async page(query: string, before: string | undefined, take: number): Promise<Member[]> {
    const where: Prisma.MemberWhereInput = {};
    if (query !== "") where.nickname = { contains: query.replaceAll(/[\\%_]/g, "\\$&"), mode: "insensitive" };
    if (before !== undefined) where.memberId = { lt: before };
    const rows = await this.#db.member.findMany({ where, orderBy: { memberId: "desc" }, take });
    return rows.map(toMember);
  }

  async openSession(memberId: string, tokenHash: Bytes, expireTime: Date): Promise<void> {
    const sessionId = uuidv7();
    await this.#db.session.create({ data: { sessionId, memberId, expireTime } });
    await this.#db.refreshToken.create({ data: { sessionId, tokenHash, expireTime } });
  }

  /** The token, which no other transaction can use until this one ends. */
  async lockRefreshToken(tokenHash: Bytes): Promise<RefreshToken | undefined> {
    const [row] = await this.#db.$queryRaw<RefreshToken[]>`
      SELECT t.session_id AS "sessionId", s.member_id AS "memberId", t.expire_time AS "expireTime",
        t.use_time AS "useTime", s.revoke_time AS "revokeTime"
      FROM refresh_token t JOIN session s USING (session_id) WHERE t.token_hash = ${tokenHash} FOR UPDATE`;
    return row;
  }

  /** Uses one token up and hands out the next. */
  async rotate(sessionId: string, used: Bytes, tokenHash: Bytes, expireTime: Date): Promise<void> {
    await this.#db.refreshToken.update({ where: { tokenHash: used }, data: { useTime: new Date() } });
    await this.#db.refreshToken.create({ data: { sessionId, tokenHash, expireTime } });
    await this.#db.session.update({ where: { sessionId }, data: { expireTime } });
  }

  async revoke(sessionId: string): Promise<void> {
    await this.#db.session.updateMany({ where: { sessionId, revokeTime: null }, data: { revokeTime: new Date() } });
  }

  /** Forgets logins and sessions that are over. */
  async purge(now: Date): Promise<void> {
    await this.#db.loginAttempt.deleteMany({ where: { expireTime: { lt: now } } });
    await this.#db.session.deleteMany({ where: { expireTime: { lt: now } } });
  }

  async findAccount(memberId: string): Promise<Account | undefined> {
    return (await this.#db.tokenAccount.findUnique({ where: { memberId } })) ?? undefined;
  }

  /** The account, which no other transaction can change until this one ends. */
  async lockAccount(memberId: string): Promise<Account | undefined> {
    await this.#db.$executeRaw`SELECT 1 FROM token_account WHERE member_id = ${memberId}::uuid FOR UPDATE`;
    return this.findAccount(memberId);
  }

  async findEntry(of: TokenEntryKind, refId: string): Promise<Entry | undefined> {
    const row = await this.#db.tokenEntry.findUnique({ where: { kind_refId: { kind: kind.toColumn(of), refId } } });
    return row ? { ...row, kind: of } : undefined;
  }

  /** Makes an entry, and the account what it is after it. */
  async book({ memberId, balance, version }: Account, change: Change): Promise<Entry> {
    await this.#db.tokenAccount.update({ where: { memberId }, data: { balance, version } });
    const data = { ...change, kind: kind.toColumn(change.kind), entryId: uuidv7(), memberId, balanceAfter: balance };
    return { ...(await this.#db.tokenEntry.create({ data })), kind: change.kind };
  }

  /** At most `take` entries of the member, made before `before`. */
  async pageEntries(memberId: string, before: string | undefined, take: number): Promise<Entry[]> {
    const where: Prisma.TokenEntryWhereInput = { memberId };
    if (before !== undefined) where.entryId = { lt: before };
    const rows = await this.#db.tokenEntry.findMany({ where, orderBy: { entryId: "desc" }, take });
    return rows.map((row) => ({ ...row, kind: kind.fromColumn(row.kind) }));
  }

  /** Stores a charge that was asked for, unless there is one with this request id. Returns the one that is there. */
  async openCharge(charge: Charge): Promise<Charge> {
    await this.#db.charge.createMany({ data: [charge], skipDuplicates: true });
    const { requestId } = charge;
    const { memberId, amount } = await this.#db.charge.findUniqueOrThrow({ where: { requestId } });
    return { requestId, memberId, amount };
  }

  /** A charge that nobody has worked on since `olderThan`; now it is the caller's. */
  async claimCharge(olderThan: Date): Promise<Charge | undefined> {
    const [claimed] = await this.#db.$queryRaw<Charge[]>`
      UPDATE charge SET step_time = now() WHERE request_id = (
        SELECT request_id FROM charge WHERE step_time < ${olderThan} ORDER BY step_time LIMIT 1 FOR UPDATE SKIP LOCKED
      ) RETURNING request_id AS "requestId", member_id AS "memberId", amount`;
    return claimed;
  }

  async closeCharge(requestId: string): Promise<void> {
    await this.#db.charge.deleteMany({ where: { requestId } });
  }

  async bury(memberId: string, refId: string): Promise<void> {
    await this.#db.tombstone.createMany({ data: [{ memberId, refId }], skipDuplicates: true });
  }

  async isBuried(refId: string): Promise<boolean> {
    return (await this.#db.tombstone.findUnique({ where: { refId } })) !== null;
  }

  /** Makes other transactions that would change keys wait until this one ends. */
  async lockKeys(): Promise<void> {
    await this.#db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('signing_key', 0))`;
  }

  async keys(): Promise<StoredKey[]> {
    const rows = await this.#db.signingKey.findMany();
    return rows.map(({ publicJwk, ...row }) => ({ ...row, publicJwk: publicJwk as unknown as StoredKey["publicJwk"] }));
  }

  async insertKey({ kid, sealed, publicJwk, signTime }: StoredKey): Promise<void> {
    await this.#db.signingKey.create({ data: { kid, sealed, publicJwk: { ...publicJwk }, signTime } });
  }

  async deleteKeys(kids: readonly string[]): Promise<void> {
    await this.#db.signingKey.deleteMany({ where: { kid: { in: [...kids] } } });
  }
}

function toMember({ subjectHash: _subjectHash, ...row }: Row): Member {
  return { ...row, provider: provider.fromColumn(row.provider) };
}

function isDuplicate(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002";
}
