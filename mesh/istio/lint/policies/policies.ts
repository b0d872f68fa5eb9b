import { CallGraph } from "../call-graph.ts";
import type { DestinationRule } from "../kinds/destination-rule/schema.ts";
import type { Resource } from "../resources.ts";
import { type Route, readRoutes } from "../routes.ts";
import type { Service } from "../services.ts";
import type { World } from "../world.ts";
import { checkAmplification } from "./amplification.ts";
import { checkAuthentication } from "./authentication.ts";
import { checkAuthorizationRules } from "./authorization-rules.ts";
import { checkBreakers } from "./breakers.ts";
import { checkCatchAlls } from "./catch-alls.ts";
import type { Context } from "./context.ts";
import { checkDelegates } from "./delegates.ts";
import { checkEnvoyFilters } from "./envoy-filters.ts";
import { checkEnvoyRefusals } from "./envoy-refusals.ts";
import { checkFaults } from "./faults.ts";
import { checkHosts } from "./hosts.ts";
import { checkLimits } from "./limits.ts";
import { checkMatches } from "./matches.ts";
import { checkOriginalDestination } from "./original-destination.ts";
import { checkOverrides } from "./overrides.ts";
import { checkPortNames } from "./port-names.ts";
import { checkPrincipals } from "./principals.ts";
import { checkRetries } from "./retries.ts";
import { checkRuleConflicts } from "./rule-conflicts.ts";
import { checkServices } from "./services.ts";
import { checkTimeouts } from "./timeouts.ts";
import { checkUncovered } from "./uncovered.ts";
import { checkWeights } from "./weights.ts";

const checks: readonly ((context: Context) => void)[] = [
  checkAmplification,
  checkAuthentication,
  checkAuthorizationRules,
  checkBreakers,
  checkCatchAlls,
  checkDelegates,
  checkEnvoyFilters,
  checkEnvoyRefusals,
  checkFaults,
  checkHosts,
  checkLimits,
  checkMatches,
  checkOriginalDestination,
  checkOverrides,
  checkPortNames,
  checkPrincipals,
  checkRetries,
  checkRuleConflicts,
  checkServices,
  checkTimeouts,
  checkUncovered,
  checkWeights,
];

/** What policies will do at run time, beyond what Istio's own tools look at (M001 to M037). */
export function checkPolicies(world: World): void {
  const routes = readRoutes(world);
  const rules = indexRules(world);
  const leading = indexRoutes(routes);
  const context: Context = {
    world,
    routes,
    calls: new CallGraph(world),
    rulesOf: (service) => rules.get(service) ?? [],
    routesTo: (service) => leading.get(service) ?? [],
  };
  for (const check of checks) check(context);
}

function indexRules(world: World): Map<Service, Resource<DestinationRule>[]> {
  const rules = new Map<Service, Resource<DestinationRule>[]>();
  for (const rule of world.resources.DestinationRule) {
    for (const service of world.services.matching(rule.spec.host ?? "", rule.object.metadata.namespace)) {
      const list = rules.get(service);
      if (list) list.push(rule);
      else rules.set(service, [rule]);
    }
  }
  return rules;
}

function indexRoutes(routes: readonly Route[]): Map<Service, Route[]> {
  const leading = new Map<Service, Route[]>();
  for (const route of routes) {
    for (const service of new Set(route.services)) {
      const list = leading.get(service);
      if (list) list.push(route);
      else leading.set(service, [route]);
    }
  }
  return leading;
}
