import { createHash } from "node:crypto";
import type { Context } from "#mesh/service/call.ts";
import { connectHttp, type HttpInit } from "#mesh/service/http.ts";
import { providerFailures, refuse } from "./errors.ts";

/** What a login remembers between its two halves. */
export interface LoginSecrets {
  readonly nonce: string;
  /** PKCE, RFC 7636. */
  readonly verifier: string;
}

/** What begins at the browser. */
export interface Login extends LoginSecrets {
  readonly state: string;
  readonly redirectUri: string;
}

/** What comes back with it. */
export interface Answer extends Login {
  readonly code: string;
}

/** A person as the provider tells of them. */
export interface Profile {
  /** The provider's own id of the person. */
  readonly subject: string;
  /** Empty when the provider tells none. */
  readonly email: string;
}

/** Somewhere to log in. */
export interface IdentityProvider {
  /** Where to send the browser. */
  authorizationUrl(login: Login): string;
  /** @throws refusal CODE_REJECTED, PROVIDER_UNAVAILABLE */
  profile(answer: Answer, context: Context): Promise<Profile>;
}

export interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A URL that the browser is sent to, with parameters. */
export function withParameters(url: string, parameters: Readonly<Record<string, string>>): string {
  const complete = new URL(url);
  for (const [name, value] of Object.entries(parameters)) complete.searchParams.set(name, value);
  return complete.href;
}

/** The S256 challenge of a PKCE verifier (RFC 7636, section 4.2). */
export function challengeOf(verifier: string): string {
  return createHash("sha256").update(verifier).digest("base64url");
}

/**
 * Asks a provider. Anything but a JSON object is a provider that is broken.
 *
 * @param url `http://host:port/path`: the own sidecar makes TLS of it where the DestinationRule says so
 * @throws refusal CODE_REJECTED for an HTTP status of 400 to 499, PROVIDER_UNAVAILABLE
 */
export async function ask(url: string, init: HttpInit, context: Context): Promise<Readonly<Record<string, unknown>>> {
  const { hostname, port, pathname } = new URL(url);
  const http = connectHttp(`${hostname}:${port || 80}`, providerFailures);
  const { status, body } = await http.fetch(pathname, init, context);
  if (status === 429) throw refuse.PROVIDER_UNAVAILABLE();
  if (status >= 400) throw refuse.CODE_REJECTED();
  const answer = parse(body);
  if (status !== 200 || answer === undefined) throw refuse.PROVIDER_UNAVAILABLE();
  return answer;
}

/** A form, as OAuth sends it: in the body, so that no proxy's trace has it. */
export function form(fields: Readonly<Record<string, string>>): HttpInit {
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
  return { method: "POST", headers, body: new URLSearchParams(fields).toString() };
}

function parse(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
