import { createHmac } from "node:crypto";
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { Authenticator, tokenType } from "#mesh/service/authenticator.ts";
import { algorithm } from "#mesh/service/key-set.ts";

/** What signs access tokens. */
export interface Signer {
  readonly issuer: string;
  readonly audience: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** An issuer of access tokens for tests of services that ask for them, without the service that issues them. */
export interface TestTokens extends Signer {
  /** For `serve` and `testService`. */
  readonly authenticator: Authenticator;
  /** A good token's header, as gRPC metadata or for REST: `{ authorization: "Bearer ..." }` */
  bearer(subject: string): Promise<Record<string, string>>;
}

export async function testTokens(): Promise<TestTokens> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm);
  const publicJwk = await exportJWK(publicKey);
  const kid = "test-key";
  const signer: Signer = { issuer: "http://issuer.test", audience: "test", kid, privateKey, publicJwk };
  const { issuer, audience } = signer;
  const authenticator = new Authenticator({ issuer, audience, keys: async () => ({ keys: [{ ...publicJwk, kid }] }) });
  return { ...signer, authenticator, bearer: async (subject) => bearerOf(await signToken(signer, { sub: subject })) };
}

/** A signer that signs as the issuer does whose private key this is. */
export async function signerOf(privateJwk: JWK & { kid: string }, issuer: string, audience: string): Promise<Signer> {
  const { d: _d, ...publicJwk } = privateJwk;
  const privateKey = (await importJWK(privateJwk, algorithm)) as CryptoKey;
  return { issuer, audience, kid: privateJwk.kid, privateKey, publicJwk };
}

export function bearerOf(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

type Claims = Readonly<Record<string, unknown>>;

/** @param header what differs from a good token's header @param claims likewise; undefined leaves one out */
export function signToken(
  { issuer, audience, kid, privateKey }: Signer,
  claims: Claims,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const payload = { iss: issuer, aud: audience, iat: now, exp: now + 900, ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg: algorithm, kid, typ: tokenType, ...header }).sign(privateKey);
}

/** A header that must be refused, and the reason. */
export interface BadToken {
  readonly name: string;
  /** Undefined: no header at all. */
  readonly authorization: string | undefined;
  readonly reason: "TOKEN_MISSING" | "TOKEN_EXPIRED" | "TOKEN_INVALID";
}

/** Every way to be no good token that we know of, for a subject who exists. */
export async function badTokens(signer: Signer, subject: string): Promise<BadToken[]> {
  const sign = (claims: Claims, header = {}) => signToken(signer, { sub: subject, ...claims }, header);
  const stranger = await strangerOf(signer);
  const strange = (header: object) => signToken(stranger, { sub: subject }, { kid: signer.kid, ...header });
  const good = await sign({});
  const [header = "", payload = "", signature = ""] = good.split(".");
  const other = { ...decode(payload), sub: "01890000-0000-7000-8000-000000000000" };
  const spki = await exportSPKI((await importJWK(signer.publicJwk, algorithm, { extractable: true })) as CryptoKey);
  const now = Math.floor(Date.now() / 1000);
  const invalid: Record<string, string> = {
    "a wrong audience": await sign({ aud: "another" }),
    "no audience": await sign({ aud: undefined }),
    "a wrong issuer": await sign({ iss: "http://issuer.example" }),
    "no issuer": await sign({ iss: undefined }),
    "no subject": await sign({ sub: undefined }),
    "no expiry": await sign({ exp: undefined }),
    "a validity that has not begun": await sign({ nbf: now + 3600 }),
    "the type of another kind of token": await sign({}, { typ: "JWT" }),
    "alg none": `${encode({ alg: "none", kid: signer.kid, typ: tokenType })}.${payload}.`,
    "alg none and the good signature": `${encode({ alg: "none", kid: signer.kid, typ: tokenType })}.${payload}.${signature}`,
    "HS256 with the public key as PEM": hs256(signer, payload, spki),
    "HS256 with the public key as JWK": hs256(signer, payload, JSON.stringify(signer.publicJwk)),
    "an unknown kid": await strange({ kid: "nobody" }),
    "no kid": await strange({ kid: undefined }),
    "a stranger's signature under our kid": await strange({}),
    "a stranger's key in the header": await strange({ jwk: stranger.publicJwk, kid: "nobody" }),
    "a stranger's key in the header under our kid": await strange({ jwk: stranger.publicJwk }),
    "a stranger's key set in the header": await strange({ jku: "http://127.0.0.1:9/keys", kid: "nobody" }),
    "a tampered payload": `${header}.${encode(other)}.${signature}`,
    "no signature": `${header}.${payload}.`,
    "a cut signature": good.slice(0, -8),
    "something that is no token": "a.b.c",
  };
  return [
    { name: "no token", authorization: undefined, reason: "TOKEN_MISSING" },
    { name: "an expired token", ...expired(await sign({ iat: now - 7200, exp: now - 3600 })) },
    ...Object.entries(invalid).map(([name, token]) => ({
      name,
      authorization: `Bearer ${token}`,
      reason: "TOKEN_INVALID" as const,
    })),
  ];
}

function expired(token: string) {
  return { authorization: `Bearer ${token}`, reason: "TOKEN_EXPIRED" as const };
}

async function strangerOf(signer: Signer): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm);
  return { ...signer, privateKey, publicJwk: await exportJWK(publicKey) };
}

function hs256({ kid }: Signer, payload: string, secret: string): string {
  const signed = `${encode({ alg: "HS256", kid, typ: tokenType })}.${payload}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

function decode(part: string): object {
  return JSON.parse(Buffer.from(part, "base64url").toString());
}
