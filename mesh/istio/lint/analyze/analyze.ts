import type { World } from "../world.ts";
import { analyzeAnnotations } from "./annotations.ts";
import { analyzeAuthorization } from "./authorization.ts";
import { analyzeClaims } from "./claims.ts";
import { analyzeCredentials } from "./credentials.ts";
import { analyzeDeprecatedFields } from "./deprecated-fields.ts";
import { analyzeDestinationRules } from "./destination-rules.ts";
import { analyzeDestinations } from "./destinations.ts";
import { analyzeEnvoyFilters } from "./envoy-filters.ts";
import { analyzeGatewayApi } from "./gateway-api.ts";
import { analyzeGatewayReferences } from "./gateway-references.ts";
import { analyzeGateways } from "./gateways.ts";
import { analyzeIngressSubsets } from "./ingress-subsets.ts";
import { analyzeMeshHosts } from "./mesh-hosts.ts";
import { analyzeNamespaces } from "./namespaces.ts";
import { analyzeServiceEntries } from "./service-entries.ts";
import { analyzeServices } from "./services.ts";
import { analyzeSidecars } from "./sidecars.ts";
import { analyzeTelemetries } from "./telemetries.ts";
import { analyzeWorkloads } from "./workloads.ts";

const analyzers: readonly ((world: World) => void)[] = [
  analyzeAnnotations,
  analyzeAuthorization,
  analyzeClaims,
  analyzeCredentials,
  analyzeDeprecatedFields,
  analyzeDestinationRules,
  analyzeDestinations,
  analyzeEnvoyFilters,
  analyzeGatewayApi,
  analyzeGatewayReferences,
  analyzeGateways,
  analyzeIngressSubsets,
  analyzeMeshHosts,
  analyzeNamespaces,
  analyzeServiceEntries,
  analyzeServices,
  analyzeSidecars,
  analyzeTelemetries,
  analyzeWorkloads,
];

/** What `istioctl analyze` finds, as far as files alone can tell, under the same codes. */
export function analyze(world: World): void {
  for (const analyzer of analyzers) analyzer(world);
}
