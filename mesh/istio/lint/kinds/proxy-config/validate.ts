import { checkNotNegative } from "../../checks/numbers.ts";
import { checkSelector } from "../../checks/selectors.ts";
import type { Place } from "../../place.ts";
import type { ProxyConfig } from "./schema.ts";

/** What istiod's webhook says of a ProxyConfig. */
export function validate(spec: ProxyConfig, place: Place): void {
  if (spec.selector) checkSelector(spec.selector.matchLabels ?? {}, place.in("selector"));
  checkNotNegative(spec.concurrency, place.in("concurrency"));
}
