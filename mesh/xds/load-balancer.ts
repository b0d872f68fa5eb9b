import type { ConsistentHash, LoadBalancer, LocalityLbSetting } from "#mesh/istio/destination-rule.ts";
import { durationOf, type JsonObject, message } from "./json.ts";
import { percent } from "./percentage.ts";
import type { Service } from "./service.ts";
import type { MeshSettings } from "./settings.ts";
import { nearness } from "./traffic-distribution.ts";

/** The fields of a cluster that say which host a request goes to. */
export function loadBalancerFields(lb: LoadBalancer | undefined): JsonObject {
  if (lb?.consistentHash) return consistentHashFields(lb.consistentHash);
  switch (lb?.simple) {
    case "RANDOM":
      return { lb_policy: "RANDOM" };
    case "ROUND_ROBIN":
      return message({ round_robin_lb_config: slowStart(lb) });
    case "PASSTHROUGH":
      return { lb_policy: "CLUSTER_PROVIDED" };
    default:
      return message({ lb_policy: "LEAST_REQUEST", least_request_lb_config: slowStart(lb) });
  }
}

function consistentHashFields(hash: ConsistentHash): JsonObject {
  if (hash.maglev) {
    const size = hash.maglev.tableSize;
    return message({ lb_policy: "MAGLEV", maglev_lb_config: size ? { table_size: String(size) } : undefined });
  }
  const size = hash.ringHash ? hash.ringHash.minimumRingSize : hash.minimumRingSize || 1024;
  return message({
    lb_policy: "RING_HASH",
    ring_hash_lb_config: size ? { minimum_ring_size: String(size) } : undefined,
  });
}

/** A new host gets its share little by little. */
function slowStart(lb: LoadBalancer | undefined): JsonObject | undefined {
  if (lb?.warmup) {
    const { duration = 0, minimumPercent = 10, aggression = 1 } = lb.warmup;
    return {
      slow_start_config: {
        slow_start_window: durationOf(duration),
        aggression: message({ default_value: aggression || undefined, runtime_key: "(" }),
        min_weight_percent: percent(minimumPercent),
      },
    };
  }
  if (lb?.warmupDurationSecs === undefined) return undefined;
  return { slow_start_config: { slow_start_window: durationOf(lb.warmupDurationSecs) } };
}

export interface LocalitySetting {
  setting: LocalityLbSetting;
  /** Near hosts come first even without a breaker. */
  forced: boolean;
}

/** How much nearness counts; undefined when it does not. A rule's setting replaces that of the mesh. */
export function localitySetting(
  lb: LoadBalancer | undefined,
  service: Service,
  settings: MeshSettings,
): LocalitySetting | undefined {
  const own = lb?.localityLbSetting;
  if (own) return own.enabled === false ? undefined : { setting: own, forced: false };
  if (service.distribution) return { setting: nearness[service.distribution], forced: true };
  const mesh = settings.fields.localityLbSetting ?? {};
  return mesh.enabled === false ? undefined : { setting: mesh, forced: false };
}

/** Whether Envoy weighs localities: with a distribution, or with failover and something that makes hosts fail over. */
export function isLocalityWeighted(locality: LocalitySetting | undefined, hasBreaker: boolean): boolean {
  if (!locality) return false;
  const { distribute, failover, failoverPriority } = locality.setting;
  if (distribute) return true;
  return (locality.forced || hasBreaker) && (failover !== undefined || failoverPriority !== undefined);
}
