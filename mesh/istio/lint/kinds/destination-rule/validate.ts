import { checkSubsetName } from "../../checks/destination.ts";
import { checkExportTo } from "../../checks/export-to.ts";
import { checkWildcardHost } from "../../checks/hosts.ts";
import { checkLabels } from "../../checks/labels.ts";
import { checkSelector } from "../../checks/selectors.ts";
import type { Place } from "../../place.ts";
import type { DestinationRule } from "./schema.ts";
import { validateTrafficPolicy } from "./traffic-policy.ts";

/** What istiod's webhook says of a DestinationRule. */
export function validate(spec: DestinationRule, place: Place): void {
  checkWildcardHost(spec.host ?? "", spec.host === undefined ? place : place.in("host"));
  if (spec.trafficPolicy) validateTrafficPolicy(spec.trafficPolicy, place.in("trafficPolicy"), { warns: true });
  validateSubsets(spec, place.in("subsets"));
  const selector = spec.workloadSelector;
  checkExportTo(spec.exportTo, place.in("exportTo"), { ownNamespaceOnly: selector !== undefined });
  if (selector) checkSelector(selector.matchLabels ?? {}, place.in("workloadSelector"));
}

function validateSubsets(spec: DestinationRule, place: Place): void {
  const names = new Set<string>();
  spec.subsets?.forEach((subset, index) => {
    const at = place.in(index);
    const { name = "" } = subset;
    if (names.has(name)) at.in("name").refuse(`the subset "${name}" exists twice`, "rename or remove one of them");
    names.add(name);
    checkSubsetName(name, subset.name === undefined ? at : at.in("name"));
    checkLabels(subset.labels, at.in("labels"));
    // Istiod loses the warnings of a subset's policy.
    if (subset.trafficPolicy) validateTrafficPolicy(subset.trafficPolicy, at.in("trafficPolicy"), { warns: false });
  });
}
