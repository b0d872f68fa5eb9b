import type { TrafficPolicy } from "../kinds/destination-rule/schema.ts";
import type { Place } from "../place.ts";
import { isHttp2 } from "../services.ts";
import type { Context } from "./context.ts";

/** Limits that do not hold on HTTP/2 (M007), and a retry budget of next to nothing (M037). */
export function checkLimits({ world }: Context): void {
  for (const { spec, place, object } of world.resources.DestinationRule) {
    const services = world.services.matching(spec.host ?? "", object.metadata.namespace);
    const ports = services.flatMap((service) => service.ports);
    const http2 = ports.length > 0 && ports.every(isHttp2);
    check(spec.trafficPolicy, http2, place.in("trafficPolicy"));
    spec.subsets?.forEach(({ trafficPolicy }, index) => {
      check(trafficPolicy, http2, place.in("subsets", index, "trafficPolicy"));
    });
  }
}

function check(policy: TrafficPolicy | undefined, http2: boolean, place: Place): void {
  if (policy?.retryBudget && policy.retryBudget.percent === undefined) {
    const message = "without percent the budget is 0.2 % of the requests, so minRetryConcurrency alone decides";
    place.in("retryBudget").find("M037", message, "write percent: 20");
  }
  const pool = policy?.connectionPool;
  const upgraded = pool?.http?.h2UpgradePolicy === "UPGRADE";
  if (!pool || !(http2 || upgraded) || pool.http?.http2MaxRequests || pool.http?.maxRequestsPerConnection === 1) return;
  const at = place.in("connectionPool");
  const hint = "write http2MaxRequests: the requests that may be on their way";
  if (pool.http?.http1MaxPendingRequests) {
    const message = "requests of HTTP/2 do not queue for a connection, so http1MaxPendingRequests limits nothing";
    at.in("http", "http1MaxPendingRequests").find("M007", message, hint);
  }
  if (pool.tcp?.maxConnections) {
    const message = "one connection of HTTP/2 carries all requests, so maxConnections limits nothing";
    at.in("tcp", "maxConnections").find("M007", message, hint);
  }
}
