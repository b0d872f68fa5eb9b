import { checkDuration } from "../../checks/durations.ts";
import { checkCorsHeader } from "../../checks/header-names.ts";
import { checkRegex } from "../../checks/regexes.ts";
import type { Place } from "../../place.ts";
import { second } from "../../schema/duration.ts";
import type { CorsPolicy } from "./schema.ts";

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"]);

export function validateCors(policy: CorsPolicy | undefined, place: Place): void {
  policy?.allowOrigins?.forEach((origin, index) => {
    const at = place.in("allowOrigins", index);
    if (!origin.exact && !origin.prefix && !origin.regex) {
      at.refuse("the origin is empty", "write exact, prefix or regex with a value");
    } else if (origin.regex) checkRegex(origin.regex, at.in("regex"));
  });
  policy?.allowMethods?.forEach((method, index) => {
    if (!methods.has(method)) {
      place.in("allowMethods", index).refuse(`"${method}" is no HTTP method`, "write GET, POST, ..., in upper case");
    }
  });
  for (const field of ["allowHeaders", "exposeHeaders"] as const) {
    policy?.[field]?.forEach((name, index) => {
      checkCorsHeader(name, place.in(field, index));
    });
  }
  checkMaxAge(policy?.maxAge, place.in("maxAge"));
}

function checkMaxAge(nanos: number | undefined, place: Place): void {
  checkDuration(nanos, place);
  if (nanos !== undefined && nanos % second > 0) {
    place.refuse("maxAge is counted in whole seconds", "write whole seconds, such as 24h");
  }
}
