// Every method's success and every refusal of member, once by gRPC and once by REST. ktravel.e2e.test.ts runs them on the whole system.
import { randomUUID } from "node:crypto";
import { AuthServiceService as auth } from "#gen/proto/ktravel/member/v1/auth.ts";
import { Member, MemberServiceService as members } from "#gen/proto/ktravel/member/v1/member.ts";
import { TokenServiceService as tokens } from "#gen/proto/ktravel/member/v1/token.ts";
import {
  badPages,
  failedPrecondition,
  invalid,
  type MethodCase,
  methodCase,
  notFound,
} from "#mesh/testing/method-case.ts";

/** What the cases find: two members. */
export interface World {
  readonly memberId: string;
  readonly nickname: string;
  readonly email: string;
  /** The access token, as a header. */
  readonly headers: Readonly<Record<string, string>>;
  readonly otherId: string;
  readonly otherNickname: string;
}

const redirectUri = "http://ktravel.localhost:8080/login/callback";
const nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
const renamed = (memberId: string, nickname: string) => ({ member: Member.fromPartial({ memberId, nickname }) });
const unauthenticated = (reason: string) => ({ code: "UNAUTHENTICATED", reason }) as const;

const authCases: MethodCase<World>[] = [
  ...["google", "naver"].map((provider) =>
    methodCase<World, typeof auth.startLogin>(
      auth.startLogin,
      `begins at ${provider}`,
      () => ({ provider, redirectUri }),
      {
        rest: () => ["POST", `/v1/auth/${provider}:start`, { redirectUri }],
        code: "OK",
      },
    ),
  ),
  methodCase(auth.startLogin, "knows no other provider", () => ({ provider: "kakao", redirectUri }), {
    rest: () => ["POST", "/v1/auth/kakao:start", { redirectUri }],
    ...invalid("provider", "UNSUPPORTED_PROVIDER"),
  }),
  methodCase(
    auth.startLogin,
    "sends nobody elsewhere",
    () => ({ provider: "google", redirectUri: "https://evil.example" }),
    {
      rest: () => ["POST", "/v1/auth/google:start", { redirectUri: "https://evil.example" }],
      ...invalid("redirect_uri", "REDIRECT_URI_NOT_ALLOWED"),
    },
  ),
  methodCase(auth.startLogin, "needs a redirect URI", () => ({ provider: "google" }), {
    rest: () => ["POST", "/v1/auth/google:start", {}],
    ...invalid("redirect_uri", "REQUIRED"),
  }),
  methodCase(auth.completeLogin, "takes no made-up state", () => ({ provider: "google", code: "c", state: "s" }), {
    rest: () => ["POST", "/v1/auth/google:complete", { code: "c", state: "s" }],
    ...unauthenticated("STATE_MISMATCH"),
  }),
  methodCase(auth.completeLogin, "knows no other provider", () => ({ provider: "kakao", code: "c", state: "s" }), {
    rest: () => ["POST", "/v1/auth/kakao:complete", { code: "c", state: "s" }],
    ...invalid("provider", "UNSUPPORTED_PROVIDER"),
  }),
  methodCase(auth.completeLogin, "needs code and state", () => ({ provider: "google" }), {
    rest: () => ["POST", "/v1/auth/google:complete", {}],
    code: "INVALID_ARGUMENT",
    reason: "REQUIRED",
    violations: ["code REQUIRED", "state REQUIRED"],
  }),
  methodCase(auth.refreshSession, "takes no made-up token", () => ({ refreshToken: "made-up" }), {
    rest: () => ["POST", "/v1/auth:refresh", { refreshToken: "made-up" }],
    ...unauthenticated("REFRESH_TOKEN_INVALID"),
  }),
  methodCase(auth.refreshSession, "needs a token", () => ({}), {
    rest: () => ["POST", "/v1/auth:refresh", {}],
    ...invalid("refresh_token", "REQUIRED"),
  }),
  methodCase(auth.revokeSession, "ends nothing for a made-up token", () => ({ refreshToken: "made-up" }), {
    rest: () => ["POST", "/v1/auth:logout", { refreshToken: "made-up" }],
    code: "OK",
  }),
  methodCase(auth.revokeSession, "needs a token", () => ({}), {
    rest: () => ["POST", "/v1/auth:logout", {}],
    ...invalid("refresh_token", "REQUIRED"),
  }),
  methodCase(auth.getJwks, "gives the keys", () => ({}), {
    rest: () => ["GET", "/v1/auth/jwks"],
    code: "OK",
    answer: () => ({ keys: [{ kty: "EC", use: "sig", alg: "ES256", crv: "P-256" }] }),
  }),
];

const memberCases: MethodCase<World>[] = [
  methodCase(members.getMember, "shows members themselves", () => ({ memberId: "me" }), {
    rest: () => ["GET", "/v1/members/me"],
    code: "OK",
    answer: ({ memberId, nickname, email }) => ({ memberId, nickname, email, provider: "PROVIDER_GOOGLE" }),
  }),
  methodCase(members.getMember, "shows of others only the name", ({ otherId }) => ({ memberId: otherId }), {
    rest: ({ otherId }) => ["GET", `/v1/members/${otherId}`],
    code: "OK",
    answer: ({ otherId, otherNickname }) => ({
      memberId: otherId,
      nickname: otherNickname,
      email: "",
      provider: "PROVIDER_UNSPECIFIED",
    }),
  }),
  methodCase(members.getMember, "knows no stranger", () => ({ memberId: nobody }), {
    rest: () => ["GET", `/v1/members/${nobody}`],
    ...notFound("MEMBER_NOT_FOUND"),
  }),
  methodCase(members.getMember, "takes no id that is none", () => ({ memberId: "7" }), {
    rest: () => ["GET", "/v1/members/7"],
    ...invalid("member_id", "INVALID_ID"),
  }),
  methodCase(members.updateMember, "takes the name one has", ({ nickname }) => renamed("me", nickname), {
    rest: ({ memberId, nickname }) => ["PATCH", `/v1/members/${memberId}`, { nickname }],
    code: "OK",
    answer: ({ memberId, nickname }) => ({ memberId, nickname }),
  }),
  methodCase(members.updateMember, "changes nobody else", ({ otherId }) => renamed(otherId, "hijacked"), {
    rest: ({ otherId }) => ["PATCH", `/v1/members/${otherId}`, { nickname: "hijacked" }],
    code: "PERMISSION_DENIED",
    reason: "NOT_OWNER",
  }),
  methodCase(members.updateMember, "takes nobody's name", ({ otherNickname }) => renamed("me", otherNickname), {
    rest: ({ otherNickname }) => ["PATCH", "/v1/members/me", { nickname: otherNickname }],
    code: "ALREADY_EXISTS",
    reason: "NICKNAME_TAKEN",
    details: ["ResourceInfo"],
  }),
  methodCase(members.updateMember, "needs two characters", () => renamed("me", "a"), {
    rest: () => ["PATCH", "/v1/members/me", { nickname: "a" }],
    ...invalid("member.nickname", "TOO_SHORT"),
  }),
  methodCase(members.updateMember, "takes thirty characters at most", () => renamed("me", "가".repeat(31)), {
    rest: () => ["PATCH", "/v1/members/me", { nickname: "가".repeat(31) }],
    ...invalid("member.nickname", "TOO_LONG"),
  }),
  methodCase(
    members.updateMember,
    "knows no such field",
    () => ({ ...renamed("me", "somebody"), updateMask: ["age"] }),
    {
      rest: () => ["PATCH", "/v1/members/me?updateMask=age", { nickname: "somebody" }],
      ...invalid("update_mask", "INVALID_FIELD_MASK"),
    },
  ),
  methodCase(
    members.updateMember,
    "leaves the e-mail alone",
    () => ({ ...renamed("me", "somebody"), updateMask: ["email"] }),
    {
      rest: () => ["PATCH", "/v1/members/me?updateMask=email", { nickname: "somebody" }],
      ...invalid("update_mask", "IMMUTABLE_FIELD"),
    },
  ),
  methodCase(
    members.listMembers,
    "finds by a part of the name",
    ({ otherNickname }) => ({ query: otherNickname.slice(1).toUpperCase() }),
    {
      rest: ({ otherNickname }) => ["GET", `/v1/members?query=${otherNickname.slice(1).toUpperCase()}`],
      code: "OK",
      answer: ({ otherId, otherNickname }) => ({
        members: [{ memberId: otherId, nickname: otherNickname, email: "" }],
      }),
    },
  ),
  methodCase(members.listMembers, "takes signs of SQL for what they are", () => ({ query: "%" }), {
    rest: () => ["GET", "/v1/members?query=%25"],
    code: "OK",
    answer: () => ({ members: [], nextPageToken: "" }),
  }),
  ...badPages<World, typeof members.listMembers>(members.listMembers, "/v1/members"),
];

const tokenCases: MethodCase<World>[] = [
  methodCase(tokens.chargeTokens, "charges", () => ({ amount: 3n, requestId: randomUUID() }), {
    rest: () => ["POST", "/v1/tokens:charge", { amount: 3, requestId: randomUUID() }],
    code: "OK",
    answer: ({ memberId }) => ({ memberId, kind: "TOKEN_ENTRY_KIND_CHARGE", amount: "3" }),
  }),
  ...[0, 1001].map((amount) =>
    methodCase<World, typeof tokens.chargeTokens>(
      tokens.chargeTokens,
      `does not charge ${amount}`,
      () => ({ amount: BigInt(amount), requestId: randomUUID() }),
      {
        rest: () => ["POST", "/v1/tokens:charge", { amount, requestId: randomUUID() }],
        ...invalid("amount", "OUT_OF_RANGE"),
      },
    ),
  ),
  methodCase(tokens.chargeTokens, "needs a request_id", () => ({ amount: 3n }), {
    rest: () => ["POST", "/v1/tokens:charge", { amount: 3 }],
    ...invalid("request_id", "REQUIRED"),
  }),
  methodCase(tokens.chargeTokens, "needs a good request_id", () => ({ amount: 3n, requestId: "7" }), {
    rest: () => ["POST", "/v1/tokens:charge", { amount: 3, requestId: "7" }],
    ...invalid("request_id", "INVALID_REQUEST_ID"),
  }),
  methodCase(tokens.chargeTokens, "tells of a declined payment", () => ({ amount: 402n, requestId: randomUUID() }), {
    rest: () => ["POST", "/v1/tokens:charge", { amount: 402, requestId: randomUUID() }],
    ...failedPrecondition("PAYMENT_DECLINED"),
  }),
  methodCase(tokens.getTokenBalance, "tells how many there are", () => ({}), {
    rest: () => ["GET", "/v1/tokens/balance"],
    code: "OK",
  }),
  methodCase(tokens.listTokenEntries, "lists what there was", () => ({ pageSize: 1 }), {
    rest: () => ["GET", "/v1/tokens/entries?pageSize=1"],
    code: "OK",
    answer: ({ memberId }) => ({ tokenEntries: [{ memberId }] }),
  }),
  ...badPages<World, typeof tokens.listTokenEntries>(tokens.listTokenEntries, "/v1/tokens/entries"),
];

/** All of them with the member's access token, which public methods do not look at. */
export const methodCases: readonly MethodCase<World>[] = [...authCases, ...memberCases, ...tokenCases].map((each) => ({
  ...each,
  headers: ({ headers }) => headers,
}));
