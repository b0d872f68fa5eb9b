import { decimal, duration, flag, type Infer, integer, list, map, record, text, traced, word } from "./shape.ts";

const tcpKeepalive = record({ probes: integer, time: duration, interval: duration });
export type TcpKeepalive = Infer<typeof tcpKeepalive>;

export const connectionPool = traced(
  record({
    tcp: record({
      maxConnections: integer,
      connectTimeout: duration,
      tcpKeepalive,
      maxConnectionDuration: duration,
      idleTimeout: duration,
    }),
    http: record({
      http1MaxPendingRequests: integer,
      http2MaxRequests: integer,
      maxRequestsPerConnection: integer,
      maxRetries: integer,
      idleTimeout: duration,
      h2UpgradePolicy: word("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"),
      useClientProtocol: flag,
      maxConcurrentStreams: integer,
    }),
  }),
);
export type ConnectionPool = Infer<typeof connectionPool>;

const outlierDetection = traced(
  record({
    /** Deprecated; Istio reads it and does nothing with it. */
    consecutiveErrors: integer,
    splitExternalLocalOriginErrors: flag,
    consecutiveLocalOriginFailures: integer,
    consecutiveGatewayErrors: integer,
    consecutive5xxErrors: integer,
    interval: duration,
    baseEjectionTime: duration,
    maxEjectionPercent: integer,
    minHealthPercent: integer,
  }),
);
export type OutlierDetection = Infer<typeof outlierDetection>;

export const localityLbSetting = record({
  distribute: list(record({ from: text, to: map(integer) })),
  failover: list(record({ from: text, to: text })),
  failoverPriority: list(text),
  enabled: flag,
});
export type LocalityLbSetting = Infer<typeof localityLbSetting>;

const consistentHash = record({
  httpHeaderName: text,
  httpCookie: record({
    name: text,
    path: text,
    ttl: duration,
    attributes: list(record({ name: text, value: text })),
  }),
  useSourceIp: flag,
  httpQueryParameterName: text,
  ringHash: record({ minimumRingSize: integer }),
  maglev: record({ tableSize: integer }),
  minimumRingSize: integer,
});
export type ConsistentHash = Infer<typeof consistentHash>;

const loadBalancer = traced(
  record({
    simple: word("UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"),
    consistentHash,
    localityLbSetting,
    warmupDurationSecs: duration,
    warmup: record({ duration, minimumPercent: decimal, aggression: decimal }),
  }),
);
export type LoadBalancer = Infer<typeof loadBalancer>;

export const clientTls = traced(
  record({
    mode: word("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"),
    clientCertificate: text,
    privateKey: text,
    caCertificates: text,
    credentialName: text,
    subjectAltNames: list(text),
    sni: text,
    insecureSkipVerify: flag,
    caCrl: text,
  }),
);
export type ClientTls = Infer<typeof clientTls>;

const policyBlocks = { loadBalancer, connectionPool, outlierDetection, tls: clientTls };

const portPolicy = traced(record({ port: record({ number: integer }), ...policyBlocks }));
export type PortPolicy = Infer<typeof portPolicy>;

const trafficPolicy = traced(
  record({
    ...policyBlocks,
    portLevelSettings: list(portPolicy),
    tunnel: record({ protocol: text, targetHost: text, targetPort: integer }),
    proxyProtocol: record({ version: word("V1", "V2") }),
    retryBudget: record({ percent: decimal, minRetryConcurrency: integer }),
  }),
);
export type TrafficPolicy = Infer<typeof trafficPolicy>;

const subset = traced(record({ name: text, labels: map(text), trafficPolicy }));
export type Subset = Infer<typeof subset>;

export const destinationRule = record({
  host: text,
  trafficPolicy,
  subsets: list(subset),
  exportTo: list(text),
  workloadSelector: record({ matchLabels: map(text) }),
});
export type DestinationRule = Infer<typeof destinationRule>;
