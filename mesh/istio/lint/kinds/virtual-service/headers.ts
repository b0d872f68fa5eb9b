import { checkOtherHeader, checkRequestHeader, isAuthority } from "../../checks/header-names.ts";
import { checkHeaderValue } from "../../checks/header-values.ts";
import type { Place } from "../../place.ts";
import type { Headers, HttpRoute } from "./schema.ts";

export function validateHeaders(headers: Headers | undefined, place: Place): void {
  for (const direction of ["request", "response"] as const) {
    const operations = headers?.[direction];
    const checkName = direction === "request" ? checkRequestHeader : checkOtherHeader;
    for (const operation of ["add", "set"] as const) {
      for (const [name, value] of Object.entries(operations?.[operation] ?? {})) {
        const at = place.in(direction, operation, name);
        checkName(name, at);
        checkHeaderValue(value, at);
      }
    }
    operations?.remove?.forEach((name, index) => {
      checkOtherHeader(name, place.in(direction, "remove", index));
    });
  }
}

/** The host can be rewritten once: by rewrite.authority, or by one of the header operations. */
export function validateAuthority(route: HttpRoute, place: Place): void {
  let current = route.rewrite?.authority ?? "";
  for (const operation of ["set", "add"] as const) {
    for (const [name, value] of Object.entries(route.headers?.request?.[operation] ?? {})) {
      if (!isAuthority(name)) continue;
      const at = place.in("headers", "request", operation, name);
      if (current !== "") return at.refuse(`the host is already set to "${current}"`, "keep rewrite.authority alone");
      current = value;
    }
  }
}
