import type { Place } from "../place.ts";
import type { connectionPool } from "../schema/connection-pool.ts";
import { millisecond } from "../schema/duration.ts";
import type { Infer } from "../schema/types.ts";
import { checkDuration } from "./durations.ts";
import { checkNotNegative } from "./numbers.ts";

type ConnectionPool = Infer<typeof connectionPool>;

export function checkConnectionPool(pool: ConnectionPool | undefined, place: Place): void {
  if (!pool) return;
  if (!pool.http && !pool.tcp) return place.refuse("the connection pool is empty", "write http or tcp, or remove it");
  if (pool.http) checkHttp(pool.http, place.in("http"));
  if (pool.tcp) checkTcp(pool.tcp, place.in("tcp"));
}

const limits = [
  "http1MaxPendingRequests",
  "http2MaxRequests",
  "maxRequestsPerConnection",
  "maxRetries",
  "maxConcurrentStreams",
] as const;

function checkHttp(http: NonNullable<ConnectionPool["http"]>, place: Place): void {
  for (const limit of limits) checkNotNegative(http[limit], place.in(limit));
  checkDuration(http.idleTimeout, place.in("idleTimeout"));
  if (http.h2UpgradePolicy === "UPGRADE" && http.useClientProtocol) {
    place
      .in("useClientProtocol")
      .refuse("useClientProtocol and h2UpgradePolicy UPGRADE exclude one another", "keep one of them");
  }
}

function checkTcp(tcp: NonNullable<ConnectionPool["tcp"]>, place: Place): void {
  checkNotNegative(tcp.maxConnections, place.in("maxConnections"));
  checkDuration(tcp.connectTimeout, place.in("connectTimeout"));
  checkDuration(tcp.maxConnectionDuration, place.in("maxConnectionDuration"));
  // Zero turns this one off.
  const offBelow = Math.trunc((tcp.idleTimeout ?? 0) / millisecond) === 0;
  if (!offBelow) checkDuration(tcp.idleTimeout, place.in("idleTimeout"));
  checkDuration(tcp.tcpKeepalive?.time, place.in("tcpKeepalive", "time"));
  checkDuration(tcp.tcpKeepalive?.interval, place.in("tcpKeepalive", "interval"));
}
