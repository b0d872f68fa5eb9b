import type { Destination, HttpRoute } from "#mesh/istio/virtual-service.ts";
import { type JsonObject, unlessEmpty } from "./json.ts";
import { fraction, wholeFraction } from "./percentage.ts";

/** Where copies of requests go. The answer of a mirror is thrown away; 0 % is no mirror at all. */
export function mirrorPolicies(
  route: HttpRoute,
  clusterOf: (destination: Destination) => string,
): JsonObject[] | undefined {
  const policies: JsonObject[] = [];
  const add = (destination: Destination | undefined, share: JsonObject | undefined): void => {
    if (destination && share) policies.push(policy(clusterOf(destination), share));
  };
  add(route.mirror, mirrorShare(route));
  for (const { destination, percentage } of route.mirrors ?? []) {
    add(destination, percentage ? shareOf(percentage.value ?? 0) : wholeFraction(100));
  }
  return unlessEmpty(policies);
}

function policy(cluster: string, share: JsonObject): JsonObject {
  return {
    cluster,
    runtime_fraction: { default_value: share },
    trace_sampled: false,
    disable_shadow_host_suffix_append: true,
  };
}

function mirrorShare(route: HttpRoute): JsonObject | undefined {
  if (route.mirrorPercentage) return shareOf(route.mirrorPercentage.value ?? 0);
  const percent = route.mirrorPercent ?? route.mirror_percent;
  if (percent === undefined) return wholeFraction(100);
  return percent > 0 ? wholeFraction(percent) : undefined;
}

function shareOf(percent: number): JsonObject | undefined {
  return percent > 0 ? fraction(percent) : undefined;
}
