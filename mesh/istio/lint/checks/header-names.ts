import type { Place } from "../place.ts";

/** A token of HTTP; istiod, whose range is from + to the full stop, takes the comma as well. */
const token = /^[!#$%&'*+,\-.^_`|~A-Za-z0-9]+$/;
const pseudo = new Set([":method", ":scheme", ":authority", ":path", ":status"]);
const hint = "write a header's name, in lower case";

/** The header of a match: a name, a pseudo-header, or a claim of a JWT. */
export function checkMatchHeader(name: string, place: Place): void {
  if (name === "") return place.refuse("a header's name is empty", hint);
  if (isJwtClaim(name) || pseudo.has(name) || token.test(name)) return;
  place.refuse(`"${name}" is no header's name`, hint);
}

/** Whether a match on headers is one on a JWT's claim: `@request.auth.claims.sub` or `@request.auth.claims[sub]`. */
export function isJwtClaim(name: string): boolean {
  const prefix = "@request.auth.claims";
  if (!name.toLowerCase().startsWith(prefix)) return false;
  const claim = name.slice(prefix.length);
  return (
    (claim.startsWith(".") && claim.length > 1) || (claim.startsWith("[") && claim.endsWith("]") && claim.length > 2)
  );
}

export function checkCorsHeader(name: string, place: Place): void {
  if (name === "") place.refuse("a header's name is empty", hint);
  else if (name !== "*" && !token.test(name)) place.refuse(`"${name}" is no header's name`, hint);
}

/** Headers that are set by what a JWT says are stricter than HTTP is. */
export function checkStrictHeader(name: string, place: Place): void {
  if (!/^[-_A-Za-z0-9]+$/.test(name))
    place.refuse(`"${name}" is no header's name here`, "write letters, digits, - and _");
}

export function isAuthority(name: string): boolean {
  return /^(:authority|host)$/i.test(name);
}

/** A header that a request gets; `:authority` and `host` are allowed, and rewrite the host. */
export function checkRequestHeader(name: string, place: Place): void {
  if (name === "") place.refuse("a header's name is empty", hint);
  else if (name.startsWith(":") && !isAuthority(name))
    place.refuse(`"${name}" cannot be set`, "rewrite.uri changes the path");
}

/** A header that a request loses, or that a response gets or loses. */
export function checkOtherHeader(name: string, place: Place): void {
  if (name === "") place.refuse("a header's name is empty", hint);
  else if (/^host$/i.test(name)) place.refuse("the Host header cannot be changed here", "remove it from the list");
  else if (name.startsWith(":")) place.refuse(`the pseudo-header "${name}" cannot be changed here`, "remove it");
}
