import { isIpAddress } from "../../checks/addresses.ts";
import { checkConnectionPool } from "../../checks/connection-pool.ts";
import { checkDuration } from "../../checks/durations.ts";
import { fqdnProblem } from "../../checks/hosts.ts";
import { checkPercent, checkPort } from "../../checks/numbers.ts";
import type { Place } from "../../place.ts";
import { validateLoadBalancer } from "./load-balancer.ts";
import type { TrafficPolicy } from "./schema.ts";
import { validateClientTls } from "./tls.ts";

type PortPolicy = NonNullable<TrafficPolicy["portLevelSettings"]>[number];
export type Blocks = Pick<TrafficPolicy, "connectionPool" | "loadBalancer" | "outlierDetection" | "tls">;

export interface Depth {
  /** Whether istiod passes warnings on from here. */
  warns: boolean;
}

export function validateTrafficPolicy(policy: TrafficPolicy, place: Place, depth: Depth): void {
  const written = Object.values(policy).filter((block) => !Array.isArray(block) || block.length > 0);
  if (written.length === 0) {
    return place.refuse(
      "the traffic policy is empty",
      "write one of its blocks, such as outlierDetection, or remove it",
    );
  }
  if (policy.tunnel && policy.proxyProtocol) {
    return place.in("proxyProtocol").refuse("tunnel and proxyProtocol exclude one another", "keep one of them");
  }
  validateBlocks(policy, place, depth);
  policy.portLevelSettings?.forEach((settings, index) => {
    validatePortPolicy(settings, place.in("portLevelSettings", index));
  });
  validateTunnel(policy.tunnel, place.in("tunnel"));
}

function validateBlocks(blocks: Blocks, place: Place, depth: Depth): void {
  validateOutlierDetection(blocks.outlierDetection, place.in("outlierDetection"), depth);
  checkConnectionPool(blocks.connectionPool, place.in("connectionPool"));
  validateLoadBalancer(blocks, place.in("loadBalancer"), depth);
  validateClientTls(blocks.tls, place.in("tls"));
}

function validatePortPolicy(settings: PortPolicy, place: Place): void {
  if (!settings.port) place.refuse("the settings name no port", "write `port: {number: ...}`");
  const { connectionPool, loadBalancer, outlierDetection, tls } = settings;
  if (!connectionPool && !loadBalancer && !outlierDetection && !tls) {
    return place.refuse("the port's policy is empty", "write one of its blocks, such as connectionPool, or remove it");
  }
  validateBlocks(settings, place, { warns: false });
}

function validateOutlierDetection(outlier: TrafficPolicy["outlierDetection"], place: Place, depth: Depth): void {
  if (!outlier) return;
  checkDuration(outlier.baseEjectionTime, place.in("baseEjectionTime"));
  checkDuration(outlier.interval, place.in("interval"));
  if (outlier.consecutiveErrors && depth.warns) {
    const hint = "write consecutive5xxErrors or consecutiveGatewayErrors";
    place.in("consecutiveErrors").warn("consecutiveErrors is deprecated, and has no effect", hint);
  }
  if (!outlier.splitExternalLocalOriginErrors && (outlier.consecutiveLocalOriginFailures ?? 0) > 0) {
    place
      .in("consecutiveLocalOriginFailures")
      .refuse("failures of the connection are not counted apart", "write splitExternalLocalOriginErrors: true");
  }
  checkPercent(outlier.maxEjectionPercent, place.in("maxEjectionPercent"));
  checkPercent(outlier.minHealthPercent, place.in("minHealthPercent"));
}

function validateTunnel(tunnel: TrafficPolicy["tunnel"], place: Place): void {
  if (!tunnel) return;
  const { protocol, targetHost = "", targetPort = 0 } = tunnel;
  if (protocol && protocol !== "CONNECT" && protocol !== "POST") {
    place.in("protocol").refuse(`"${protocol}" opens no tunnel`, "write CONNECT or POST");
  }
  if (fqdnProblem(targetHost) && !isIpAddress(targetHost)) {
    place
      .in("targetHost")
      .refuse(`"${targetHost}" is neither a host nor an address`, "write a host name or an address");
  }
  checkPort(targetPort, place.in("targetPort"));
}
