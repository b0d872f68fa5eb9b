import { connectionPool } from "./connection-pool.ts";
import { portSelector } from "./destination.ts";
import { bool, double, duration, int32, list, map, message, oneOf, string, uint32, uint64 } from "./types.ts";

const consistentHash = message(
  {
    httpHeaderName: string,
    httpCookie: message({
      name: string,
      path: string,
      ttl: duration,
      attributes: list(message({ name: string, value: string })),
    }),
    useSourceIp: bool,
    httpQueryParameterName: string,
    ringHash: message({ minimumRingSize: uint64 }),
    maglev: message({ tableSize: uint64 }),
    minimumRingSize: uint64,
  },
  { oneOf: ["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"] },
);

export const localityLbSetting = message({
  distribute: list(message({ from: string, to: map(uint32) })),
  failover: list(message({ from: string, to: string })),
  failoverPriority: list(string),
  enabled: bool,
});

export const loadBalancer = message(
  {
    simple: oneOf("UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"),
    consistentHash,
    localityLbSetting,
    warmupDurationSecs: duration,
    warmup: message({ duration, minimumPercent: double, aggression: double }),
  },
  { oneOf: ["simple", "consistentHash"] },
);

export const outlierDetection = message({
  consecutiveErrors: int32,
  splitExternalLocalOriginErrors: bool,
  consecutiveLocalOriginFailures: uint32,
  consecutiveGatewayErrors: uint32,
  consecutive5xxErrors: uint32,
  interval: duration,
  baseEjectionTime: duration,
  maxEjectionPercent: int32,
  minHealthPercent: int32,
});

export const clientTls = message({
  mode: oneOf("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"),
  clientCertificate: string,
  privateKey: string,
  caCertificates: string,
  caCrl: string,
  credentialName: string,
  subjectAltNames: list(string),
  sni: string,
  insecureSkipVerify: bool,
});

/** The four blocks that exist for a whole service and for one of its ports. */
const blocks = { connectionPool, loadBalancer, outlierDetection, tls: clientTls };

export const trafficPolicy = message({
  ...blocks,
  portLevelSettings: list(message({ ...blocks, port: portSelector })),
  tunnel: message({ protocol: string, targetHost: string, targetPort: uint32 }),
  proxyProtocol: message({ version: oneOf("V1", "V2") }),
  retryBudget: message({ percent: double, minRetryConcurrency: uint32 }),
});
