import { checkDestination, checkDestinations } from "../../checks/destination.ts";
import { checkDuration } from "../../checks/durations.ts";
import type { Place } from "../../place.ts";
import { validateCors } from "./cors.ts";
import { validateFault } from "./fault.ts";
import { validateAuthority, validateHeaders } from "./headers.ts";
import { validateMatch } from "./match.ts";
import { validateDirectResponse, validateRedirect, validateRewrite } from "./redirect.ts";
import { validateRetries } from "./retries.ts";
import type { HttpRoute } from "./schema.ts";

export function validateHttpRoute(route: HttpRoute, delegate: boolean, place: Place): void {
  validateActions(route, delegate, place);
  route.match?.forEach((match, index) => {
    validateMatch(match, place.in("match", index));
  });
  validateHeaders(route.headers, place.in("headers"));
  validateCors(route.corsPolicy, place.in("corsPolicy"));
  validateFault(route.fault, place.in("fault"));
  validateMirrors(route, place);
  validateRedirect(route.redirect, place.in("redirect"));
  validateDirectResponse(route.directResponse, place.in("directResponse"));
  validateRetries(route.retries, place.in("retries"));
  validateRewrite(route.rewrite, place.in("rewrite"));
  validateAuthority(route, place);
  checkDestinations(route.route ?? [], place.in("route"));
  route.route?.forEach((to, index) => {
    validateHeaders(to.headers, place.in("route", index, "headers"));
  });
  checkDuration(route.timeout, place.in("timeout"), "leave timeout out: without one there is no limit");
}

function validateActions(route: HttpRoute, delegate: boolean, place: Place): void {
  if (route.delegate && !delegate) return validateRoot(route, place);
  if (route.delegate) {
    place.in("delegate").refuse("a delegate cannot delegate again", "write the routes here, or in the delegate");
  }
  const action = route.redirect ? "redirect" : route.directResponse ? "directResponse" : undefined;
  if (action) refuseBeside(route, action, place);
  else if (!route.route?.length) {
    const hint = "write route, redirect, directResponse or delegate";
    (route.route ? place.in("route") : place).refuse("the route leads nowhere", hint);
  }
  if (route.mirror && route.mirrors?.length) {
    place.in("mirrors").refuse("mirror and mirrors exclude one another", "write every mirror under mirrors");
  }
}

function validateRoot(route: HttpRoute, place: Place): void {
  for (const field of ["redirect", "route"] as const) {
    const set = field === "route" ? route.route?.length : route[field];
    if (set) {
      place.in(field).refuse(`a route that delegates has no ${field}`, `move ${field} into the delegate`);
    }
  }
}

function refuseBeside(route: HttpRoute, action: "redirect" | "directResponse", place: Place): void {
  const others = [
    "route",
    "fault",
    "rewrite",
    ...(action === "redirect" ? (["directResponse"] as const) : []),
  ] as const;
  for (const field of others) {
    const set = field === "route" ? route.route?.length : route[field];
    if (set) place.in(field).refuse(`${action} and ${field} exclude one another`, `keep one of them`);
  }
}

function validateMirrors(route: HttpRoute, place: Place): void {
  checkDestination(route.mirror, place.in("mirror"));
  for (const field of ["mirrorPercent", "mirror_percent"] as const) {
    const percent = route[field];
    if (percent === undefined) continue;
    if (percent > 100) place.in(field).refuse(`${percent} is more than 100 percent`, "write a number from 0 to 100");
    place.in(field).warn(`${field} is deprecated`, `write mirrorPercentage: {value: ${percent}}`);
  }
  checkMirrorShare(route.mirrorPercentage?.value, place.in("mirrorPercentage", "value"));
  route.mirrors?.forEach(({ destination, percentage }, index) => {
    const at = place.in("mirrors", index);
    if (!destination) at.refuse("a mirror needs a destination", "write `destination: {host: ...}`");
    checkDestination(destination, at.in("destination"));
    checkMirrorShare(percentage?.value, at.in("percentage", "value"));
  });
}

function checkMirrorShare(value: number | undefined, place: Place): void {
  if (value !== undefined && (value < 0 || value > 100)) {
    place.refuse(`${value} is no percentage from 0 to 100`, "write a number from 0 to 100");
  }
}
