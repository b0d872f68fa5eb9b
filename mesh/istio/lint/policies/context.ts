import type { CallGraph } from "../call-graph.ts";
import type { DestinationRule } from "../kinds/destination-rule/schema.ts";
import type { Resource } from "../resources.ts";
import type { Route } from "../routes.ts";
import type { Service } from "../services.ts";
import type { World } from "../world.ts";

/** What the policies' checks look at. */
export interface Context {
  world: World;
  routes: readonly Route[];
  calls: CallGraph;
  /** The DestinationRules for a service's host, wildcards included. */
  rulesOf(service: Service): readonly Resource<DestinationRule>[];
  /** The routes that lead to a service. */
  routesTo(service: Service): readonly Route[];
}
