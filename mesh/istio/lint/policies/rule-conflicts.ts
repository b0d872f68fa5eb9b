import type { DestinationRule } from "../kinds/destination-rule/schema.ts";
import type { Resource } from "../resources.ts";
import { fullHost } from "../services.ts";
import type { World } from "../world.ts";
import type { Context } from "./context.ts";

type Rule = Resource<DestinationRule>;

/** DestinationRules that nobody finds (M022), that hide one another (M030) or lose a part (M031). */
export function checkRuleConflicts({ world }: Context): void {
  const byHost = new Map<string, Rule[]>();
  for (const rule of world.resources.DestinationRule) {
    checkNamespace(rule, world);
    const { namespace } = rule.object.metadata;
    const key = `${namespace} ${fullHost(rule.spec.host ?? "", namespace)}`;
    byHost.set(key, [...(byHost.get(key) ?? []), rule]);
  }
  for (const rules of byHost.values()) if (rules.length > 1) checkRivals(rules.sort(byPrecedence));
}

function checkNamespace({ spec, place, object }: Rule, world: World): void {
  const { namespace } = object.metadata;
  const service = world.services.find(spec.host ?? "", namespace);
  if (!service || service.external || spec.host?.startsWith("*")) return;
  if (service.namespace === namespace || namespace === world.mesh.rootNamespace) return;
  if (world.workloadsIn(namespace).length > 0 || world.workloads.length === 0) return;
  const message = `only callers in ${namespace} look for rules there, and it has no workloads: callers of ${service.host} do not get the rule`;
  place.in("host").find("M022", message, `move the rule to the namespace ${service.namespace}`);
}

function checkRivals(rules: readonly Rule[]): void {
  const plain = rules.filter(({ spec }) => spec.workloadSelector === undefined);
  const hidden = plain.find(({ spec }) => spec.exportTo?.length === 1 && spec.exportTo[0] === ".");
  const selecting = rules.find(({ spec }) => spec.workloadSelector !== undefined);
  if (hidden && selecting) {
    const message = `istiod merges this rule into ${selecting.object.metadata.name}, which has a selector, and it vanishes for all other workloads`;
    hidden.place.in("exportTo").find("M030", message, "leave exportTo out, or write the namespaces");
  }
  const [first, ...others] = plain;
  if (first) for (const other of others) checkMerge(first, other);
}

function checkMerge(first: Rule, other: Rule): void {
  const { name } = first.object.metadata;
  if (first.spec.trafficPolicy && other.spec.trafficPolicy) {
    const message = `${name} is for the same host, and its trafficPolicy holds as a whole: this one is ignored`;
    other.place.in("trafficPolicy").find("M031", message, "write both in one DestinationRule");
  }
  const known = new Set(first.spec.subsets?.map((subset) => subset.name));
  other.spec.subsets?.forEach((subset, index) => {
    if (!known.has(subset.name)) return;
    const message = `${name} has the subset ${subset.name}, too, and its definition holds`;
    other.place.in("subsets", index).find("M031", message, "rename or remove one of them");
  });
}

/** Files have no age, so the name decides which rule comes first. */
function byPrecedence(a: Rule, b: Rule): number {
  return a.object.metadata.name < b.object.metadata.name ? -1 : 1;
}
