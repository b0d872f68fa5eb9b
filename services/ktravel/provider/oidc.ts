import { randomBytes } from "node:crypto";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import Provider, { type ClientMetadata, type Configuration, type JWKS } from "oidc-provider";
import type { Accounts } from "./accounts.ts";

export interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface OidcOptions {
  /** Where browsers find it: `http://provider.ktravel.localhost:8080` */
  readonly issuer: string;
  /** Logs in as at Google: OpenID Connect; without PKCE it is refused. */
  readonly google: Client;
  /** Logs in as at Naver: OAuth 2.0 without PKCE. */
  readonly naver: Client;
  readonly redirectUris: readonly string[];
  readonly accounts: Accounts;
}

const minute = 60;
const hour = 60 * minute;

/** An OpenID provider that keeps everything in memory and lets everyone in: for development. */
export async function openProvider(options: OidcOptions): Promise<Provider> {
  const configuration: Configuration = {
    clients: [clientOf(options.google, options), clientOf(options.naver, options)],
    findAccount: (_, accountId) => options.accounts.find(accountId),
    jwks: await freshKeys(),
    cookies: { keys: [randomBytes(32).toString("hex")] },
    pkce: { required: (_, client) => client.clientId === options.google.clientId },
    scopes: ["openid", "email"],
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    // Google's ID tokens hold the e-mail; by the book it would be at the userinfo endpoint alone.
    conformIdTokenClaims: false,
    responseTypes: ["code"],
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: false } },
    ttl: {
      AccessToken: hour,
      AuthorizationCode: minute,
      Grant: hour,
      IdToken: hour,
      Interaction: 10 * minute,
      Session: hour,
    },
    // Nobody is asked whether the shop may know them: to log in is to say yes.
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client?.clientId, accountId: oidc.session?.accountId });
      grant.addOIDCScope("openid email");
      await grant.save();
      return grant;
    },
  };
  return new Provider(options.issuer, configuration);
}

function clientOf({ clientId, clientSecret }: Client, { redirectUris }: OidcOptions): ClientMetadata {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: [...redirectUris],
    grant_types: ["authorization_code"],
    response_types: ["code"],
    token_endpoint_auth_method: "client_secret_post",
  };
}

async function freshKeys(): Promise<JWKS> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const key: JWK = { ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: "provider" };
  return { keys: [key] } as JWKS;
}
