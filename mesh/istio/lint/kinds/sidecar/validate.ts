import { checkConnectionPool } from "../../checks/connection-pool.ts";
import { checkDestination } from "../../checks/destination.ts";
import { fqdnProblem, hostHint } from "../../checks/hosts.ts";
import { checkSelector } from "../../checks/selectors.ts";
import type { Place } from "../../place.ts";
import { validateEgress } from "./egress.ts";
import { validateIngress } from "./ingress.ts";
import type { OutboundTrafficPolicy, Sidecar } from "./schema.ts";

/** What istiod's webhook says of a Sidecar. */
export function validate(spec: Sidecar, place: Place): void {
  if (spec.workloadSelector) checkSelector(spec.workloadSelector.labels ?? {}, place.in("workloadSelector"));
  const { ingress, egress, outboundTrafficPolicy, inboundConnectionPool } = spec;
  if (!egress?.length && !ingress?.length && !outboundTrafficPolicy && !inboundConnectionPool) {
    return place.refuse("it is empty", "write egress, ingress, outboundTrafficPolicy or inboundConnectionPool");
  }
  validateIngress(ingress ?? [], place.in("ingress"));
  checkConnectionPool(inboundConnectionPool, place.in("inboundConnectionPool"));
  validateEgress(egress ?? [], place.in("egress"));
  if (outboundTrafficPolicy) validateOutbound(outboundTrafficPolicy, place.in("outboundTrafficPolicy"));
}

function validateOutbound(policy: OutboundTrafficPolicy, place: Place): void {
  const { egressProxy, mode } = policy;
  if (!egressProxy) return;
  const at = place.in("egressProxy");
  // An unwritten mode is the first one, REGISTRY_ONLY.
  if (mode !== "ALLOW_ANY") return at.refuse("an egressProxy needs mode ALLOW_ANY", "write mode: ALLOW_ANY");
  const problem = fqdnProblem(egressProxy.host ?? "");
  if (problem) at.in("host").refuse(problem, hostHint(egressProxy.host ?? ""));
  if (!egressProxy.port) return at.refuse("the egressProxy has no port", "write `port: {number: ...}`");
  checkDestination(egressProxy, at);
}
