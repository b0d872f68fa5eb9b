import { selects } from "../field.ts";
import type { DestinationRule, TrafficPolicy } from "../kinds/destination-rule/schema.ts";
import type { Place } from "../place.ts";
import type { Resource } from "../resources.ts";
import type { World } from "../world.ts";
import type { Context } from "./context.ts";

type OutlierDetection = NonNullable<TrafficPolicy["outlierDetection"]>;

/** Envoy's share of hosts that may be ejected where none is written. */
const defaultPercent = 10;

/** Breakers that never open (M001), or do more than they say (M024). */
export function checkBreakers({ world }: Context): void {
  for (const rule of world.resources.DestinationRule) {
    const { spec, place } = rule;
    const top = spec.trafficPolicy;
    check(top, place.in("trafficPolicy"), replicasOf(rule, {}, world));
    spec.subsets?.forEach(({ labels = {}, trafficPolicy }, index) => {
      check(trafficPolicy, place.in("subsets", index, "trafficPolicy"), replicasOf(rule, labels, world));
    });
  }
}

function check(policy: TrafficPolicy | undefined, place: Place, replicas: number | undefined): void {
  if (policy?.outlierDetection) checkOutlier(policy.outlierDetection, place.in("outlierDetection"), replicas);
  policy?.portLevelSettings?.forEach(({ outlierDetection }, index) => {
    const at = place.in("portLevelSettings", index, "outlierDetection");
    if (outlierDetection) checkOutlier(outlierDetection, at, replicas);
  });
}

function checkOutlier(outlier: OutlierDetection, place: Place, replicas: number | undefined): void {
  if (countsNothing(outlier)) {
    const message = "every counter is 0, so nothing is ever ejected";
    return place.find("M001", message, "write consecutive5xxErrors or consecutiveGatewayErrors above 0");
  }
  if (outlier.consecutive5xxErrors === undefined && outlier.consecutiveGatewayErrors === undefined)
    warnDefaults(outlier, place);
  const percent = outlier.maxEjectionPercent || defaultPercent;
  if (replicas === undefined || Math.floor((replicas * percent) / 100) >= 1) return;
  const at = outlier.maxEjectionPercent === undefined ? place : place.in("maxEjectionPercent");
  const least = Math.ceil(100 / replicas);
  const message = `${percent} % of ${replicas} ${replicas === 1 ? "replica is" : "replicas are"} less than one, so the breaker counts failures and never opens`;
  at.find("M001", message, `write maxEjectionPercent: ${least} or more, up to 100`);
}

/** An unwritten counter of 5xx is Envoy's default of 5, so it must be 0 in so many words. */
function countsNothing(outlier: OutlierDetection): boolean {
  const { consecutive5xxErrors, consecutiveGatewayErrors = 0, splitExternalLocalOriginErrors } = outlier;
  return consecutive5xxErrors === 0 && consecutiveGatewayErrors === 0 && !splitExternalLocalOriginErrors;
}

function warnDefaults(outlier: OutlierDetection, place: Place): void {
  const panic = outlier.minHealthPercent === undefined ? ", and Envoy's panic mode is off" : "";
  const message = `no counter of answers is written: 5 consecutive 5xx errors eject a host${panic}`;
  place.find("M024", message, "write consecutive5xxErrors and consecutiveGatewayErrors, 0 to turn one off");
}

/** The most replicas behind a rule's host and labels; undefined where the files do not say. */
function replicasOf({ spec, object }: Resource<DestinationRule>, labels: Record<string, string>, world: World) {
  const services = world.services.matching(spec.host ?? "", object.metadata.namespace);
  const counts = services.flatMap((service) => {
    const workloads = world.workloadsOf(service).filter((workload) => selects(labels, workload.labels));
    return workloads.length > 0 ? [workloads.reduce((sum, { replicas }) => sum + replicas, 0)] : [];
  });
  return counts.length > 0 ? Math.max(...counts) : undefined;
}
