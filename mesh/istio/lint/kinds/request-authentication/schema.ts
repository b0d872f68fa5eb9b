import { attachment } from "../../schema/selector.ts";
import { bool, duration, type Infer, list, message, string } from "../../schema/types.ts";

const jwtRule = message(
  {
    issuer: string,
    audiences: list(string),
    jwksUri: string,
    jwks_uri: string,
    jwks: string,
    fromHeaders: list(message({ name: string, prefix: string })),
    fromParams: list(string),
    fromCookies: list(string),
    outputPayloadToHeader: string,
    forwardOriginalToken: bool,
    outputClaimToHeaders: list(message({ header: string, claim: string })),
    spaceDelimitedClaims: list(string),
    timeout: duration,
  },
  { exclusive: ["jwksUri", "jwks_uri", "jwks"] },
);

export const schema = message({ ...attachment, jwtRules: list(jwtRule) });

export type RequestAuthentication = Infer<typeof schema>;
export type JwtRule = Infer<typeof jwtRule>;
