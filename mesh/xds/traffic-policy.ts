import type {
  ClientTls,
  ConnectionPool,
  LoadBalancer,
  OutlierDetection,
  TrafficPolicy,
} from "#mesh/istio/destination-rule.ts";

/** The traffic policy that one cluster has in the end. */
export interface EffectivePolicy {
  connectionPool?: ConnectionPool | undefined;
  outlierDetection?: OutlierDetection | undefined;
  loadBalancer?: LoadBalancer | undefined;
  tls?: ClientTls | undefined;
  proxyProtocol?: TrafficPolicy["proxyProtocol"] | undefined;
  retryBudget?: TrafficPolicy["retryBudget"] | undefined;
}

/**
 * The policy for a port. Settings of a port replace all four blocks: what they do not mention is unset, not inherited, and
 * the proxy protocol and the retry budget are gone.
 */
export function policyForPort(policy: TrafficPolicy | undefined, port: number): EffectivePolicy {
  const forPort = policy?.portLevelSettings?.find((settings) => settings.port?.number === port);
  if (!forPort) return policy ?? {};
  const { connectionPool, outlierDetection, loadBalancer, tls } = forPort;
  return { connectionPool, outlierDetection, loadBalancer, tls };
}

/** The policy of a subset: each block that it has replaces the rule's block as a whole. Its retry budget does not count. */
export function policyForSubset(
  policy: TrafficPolicy | undefined,
  subset: TrafficPolicy | undefined,
  port: number,
): EffectivePolicy {
  const outer = policyForPort(policy, port);
  if (!subset) return outer;
  const inner = policyForPort(subset, port);
  if (!policy) return inner;
  const replacesAll = inner !== subset;
  const pick = <K extends keyof EffectivePolicy>(block: K): EffectivePolicy[K] =>
    replacesAll ? inner[block] : (inner[block] ?? outer[block]);
  return {
    connectionPool: pick("connectionPool"),
    outlierDetection: pick("outlierDetection"),
    loadBalancer: pick("loadBalancer"),
    tls: pick("tls"),
    proxyProtocol: inner.proxyProtocol ?? outer.proxyProtocol,
  };
}
