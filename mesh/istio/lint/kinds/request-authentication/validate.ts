import { checkDuration } from "../../checks/durations.ts";
import { checkStrictHeader } from "../../checks/header-names.ts";
import { checkAttachment } from "../../checks/selectors.ts";
import { schemeOf } from "../../checks/urls.ts";
import type { Place } from "../../place.ts";
import { jwksProblem } from "./jwks.ts";
import type { JwtRule, RequestAuthentication } from "./schema.ts";

/** What istiod's webhook says of a RequestAuthentication. */
export function validate(spec: RequestAuthentication, place: Place): void {
  checkAttachment(spec, place);
  spec.jwtRules?.forEach((rule, index) => {
    validateRule(rule, place.in("jwtRules", index));
  });
}

function validateRule(rule: JwtRule, place: Place): void {
  refuseEmpty(rule.audiences, "audience", place.in("audiences"));
  const jwksUri = rule.jwksUri ?? rule.jwks_uri ?? "";
  if (!rule.issuer && !jwksUri)
    place.refuse("neither issuer nor jwksUri is written", "write issuer, and jwksUri or jwks");
  if (jwksUri) checkUri(jwksUri, place.in(rule.jwksUri === undefined ? "jwks_uri" : "jwksUri"));
  const problem = rule.jwks ? jwksProblem(rule.jwks) : undefined;
  if (problem) place.in("jwks").refuse(`jwks ${problem}`, 'write a JSON Web Key Set: {"keys": [...]}');
  rule.fromHeaders?.forEach(({ name }, index) => {
    if (!name) place.in("fromHeaders", index).refuse("the header has no name", "write `name:`");
  });
  refuseEmpty(rule.fromParams, "query parameter", place.in("fromParams"));
  refuseEmpty(rule.fromCookies, "cookie", place.in("fromCookies"));
  rule.outputClaimToHeaders?.forEach(({ header, claim }, index) => {
    const at = place.in("outputClaimToHeaders", index);
    if (!header || !claim) at.refuse("both header and claim are required", "write header and claim");
    else checkStrictHeader(header, at.in("header"));
  });
  rule.spaceDelimitedClaims?.forEach((claim, index) => {
    if (claim !== "") return;
    const at = place.in("spaceDelimitedClaims", index);
    at.find("M014", "Kubernetes refuses the object: the name of the claim is empty", "write it, or remove it");
  });
  checkDuration(rule.timeout, place.in("timeout"));
}

function refuseEmpty(values: string[] | undefined, what: string, place: Place): void {
  values?.forEach((value, index) => {
    if (value === "") place.in(index).refuse(`the name of the ${what} is empty`, "write it, or remove it");
  });
}

function checkUri(uri: string, place: Place): void {
  const scheme = schemeOf(uri);
  const hint = "write https://host/path of the key set";
  if (scheme === undefined) place.refuse(`"${uri}" is no URI`, hint);
  else if (scheme !== "http" && scheme !== "https") place.refuse(`keys cannot be fetched from "${uri}"`, hint);
}
