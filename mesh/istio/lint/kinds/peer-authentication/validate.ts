import { checkSelector } from "../../checks/selectors.ts";
import type { Place } from "../../place.ts";
import type { PeerAuthentication } from "./schema.ts";

/** What istiod's webhook says of a PeerAuthentication. */
export function validate(spec: PeerAuthentication, place: Place): void {
  const labels = spec.selector?.matchLabels ?? {};
  const ports = spec.portLevelMtls && Object.keys(spec.portLevelMtls);
  const at = place.in("portLevelMtls");
  if (ports && ports.length > 0 && Object.keys(labels).length === 0) {
    at.refuse("only a policy with a selector can tell ports apart", "write `selector: {matchLabels: ...}`");
  }
  if (ports?.length === 0) at.refuse("it names no port", "write the number of a port, or remove portLevelMtls");
  for (const port of ports ?? []) {
    if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
      at.in(port).refuse(`"${port}" is no port`, "write the number of the workload's port, from 1 to 65535");
    }
  }
  if (spec.selector) checkSelector(labels, place.in("selector"));
}
