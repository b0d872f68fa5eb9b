import type { OutlierDetection } from "#mesh/istio/destination-rule.ts";
import { type JsonObject, message, optionalDuration } from "./json.ts";
import { percent } from "./percentage.ts";

/**
 * The breaker of a cluster. What is not written keeps Envoy's default: 5 consecutive 5xx, every 10 s, for 30 s, at most 10 % of
 * the hosts.
 */
export function outlierDetectionField(outlier: OutlierDetection): JsonObject {
  const split = outlier.splitExternalLocalOriginErrors === true;
  const local = split ? outlier.consecutiveLocalOriginFailures : undefined;
  return message({
    consecutive_5xx: outlier.consecutive5xxErrors,
    interval: optionalDuration(outlier.interval),
    base_ejection_time: optionalDuration(outlier.baseEjectionTime),
    max_ejection_percent: outlier.maxEjectionPercent || undefined,
    enforcing_consecutive_5xx: enforcing(outlier.consecutive5xxErrors),
    enforcing_success_rate: 0,
    consecutive_gateway_failure: outlier.consecutiveGatewayErrors,
    enforcing_consecutive_gateway_failure: enforcing(outlier.consecutiveGatewayErrors),
    split_external_local_origin_errors: split || undefined,
    consecutive_local_origin_failure: local || undefined,
    enforcing_consecutive_local_origin_failure: local ? 100 : undefined,
    enforcing_local_origin_success_rate: split ? 0 : undefined,
  });
}

/** With a breaker, too few healthy hosts are no reason to send to sick ones, unless a share is written. */
export function panicThreshold({ minHealthPercent = 0 }: OutlierDetection): JsonObject {
  return percent(minHealthPercent);
}

/** A count of 0 switches the rule off. */
function enforcing(count: number | undefined): number | undefined {
  return count === undefined ? undefined : count > 0 ? 100 : 0;
}
