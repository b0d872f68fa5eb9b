import { localityLbSetting } from "./destination-rule.ts";
import {
  anything,
  duration,
  flag,
  type Infer,
  ignored,
  integer,
  list,
  map,
  record,
  text,
  unsupported,
  word,
} from "./shape.ts";
import { retry } from "./virtual-service.ts";

const headerSetting = record({ disabled: flag, enabled: flag, value: text });

export const proxyHeaders = record({
  forwardedClientCert: word(
    "UNDEFINED",
    "SANITIZE",
    "FORWARD_ONLY",
    "APPEND_FORWARD",
    "SANITIZE_SET",
    "ALWAYS_FORWARD_ONLY",
  ),
  setCurrentClientCertDetails: record({ subject: flag, cert: flag, chain: flag, dns: flag, uri: flag }),
  requestId: headerSetting,
  server: headerSetting,
  attemptCount: headerSetting,
  envoyDebugHeaders: headerSetting,
  metadataExchangeHeaders: ignored,
  xForwardedHost: headerSetting,
  xForwardedPort: headerSetting,
  preserveHttp1HeaderCase: flag,
});
export type ProxyHeaders = Infer<typeof proxyHeaders>;

const extAuthzHttp = record({
  service: text,
  port: integer,
  timeout: duration,
  pathPrefix: text,
  failOpen: flag,
  clearRouteCache: unsupported("Istio 1.29 does not pass it on to Envoy"),
  statusOnError: text,
  includeHeadersInCheck: list(text),
  includeRequestHeadersInCheck: list(text),
  includeAdditionalHeadersInCheck: map(text),
  includeRequestBodyInCheck: record({ maxRequestBytes: integer, allowPartialMessage: flag, packAsBytes: flag }),
  headersToUpstreamOnAllow: list(text),
  headersToDownstreamOnDeny: list(text),
  headersToDownstreamOnAllow: list(text),
});
const extAuthzGrpc = record({
  service: text,
  port: integer,
  timeout: duration,
  failOpen: flag,
  clearRouteCache: unsupported("Istio 1.29 does not pass it on to Envoy"),
  statusOnError: text,
  includeRequestBodyInCheck: record({ maxRequestBytes: integer, allowPartialMessage: flag, packAsBytes: flag }),
});
export type ExtAuthzHttp = Infer<typeof extAuthzHttp>;
export type ExtAuthzGrpc = Infer<typeof extAuthzGrpc>;

const service = record({ service: text, port: integer, maxTagLength: integer });

const extensionProvider = record({
  name: text,
  envoyExtAuthzHttp: extAuthzHttp,
  envoyExtAuthzGrpc: extAuthzGrpc,
  envoyFileAccessLog: record({
    path: text,
    logFormat: record({ text, labels: anything }),
    omitEmptyValues: flag,
  }),
  prometheus: anything,
  stackdriver: anything,
  opentelemetry: service,
  zipkin: service,
  datadog: service,
  skywalking: service,
  envoyHttpAls: service,
  envoyTcpAls: service,
  envoyOtelAls: service,
  lightstep: service,
  opencensus: service,
  sds: anything,
});
export type ExtensionProvider = Infer<typeof extensionProvider>;

export const meshConfig = record({
  rootNamespace: text,
  trustDomain: text,
  trustDomainAliases: list(text),
  outboundTrafficPolicy: record({ mode: word("REGISTRY_ONLY", "ALLOW_ANY") }),
  inboundTrafficPolicy: record({ mode: word("PASSTHROUGH", "LOCALHOST") }),
  connectTimeout: duration,
  dnsRefreshRate: duration,
  protocolDetectionTimeout: duration,
  enableAutoMtls: flag,
  accessLogFile: text,
  accessLogFormat: text,
  accessLogEncoding: word("TEXT", "JSON"),
  enableTracing: flag,
  localityLbSetting,
  defaultServiceExportTo: list(text),
  defaultVirtualServiceExportTo: list(text),
  defaultDestinationRuleExportTo: list(text),
  defaultHttpRetryPolicy: retry,
  h2UpgradePolicy: word("DO_NOT_UPGRADE", "UPGRADE"),
  tcpKeepalive: record({ probes: integer, time: duration, interval: duration }),
  proxyListenPort: integer,
  proxyInboundListenPort: integer,
  proxyHttpPort: integer,
  pathNormalization: record({
    normalization: word("DEFAULT", "NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"),
  }),
  extensionProviders: list(extensionProvider),
  defaultProviders: record({ tracing: list(text), metrics: list(text), accessLogging: list(text) }),
  defaultConfig: record({
    proxyHeaders,
    gatewayTopology: record({
      numTrustedProxies: integer,
      forwardClientCertDetails: word(
        "UNDEFINED",
        "SANITIZE",
        "FORWARD_ONLY",
        "APPEND_FORWARD",
        "SANITIZE_SET",
        "ALWAYS_FORWARD_ONLY",
      ),
      proxyProtocol: anything,
    }),
    concurrency: ignored,
    drainDuration: ignored,
    discoveryAddress: ignored,
    holdApplicationUntilProxyStarts: ignored,
    proxyMetadata: ignored,
    proxyStatsMatcher: ignored,
    terminationDrainDuration: ignored,
    tracing: ignored,
  }),
  meshMTLS: record({ minProtocolVersion: text, cipherSuites: list(text), ecdhCurves: ignored }),
  tlsDefaults: record({ minProtocolVersion: text, cipherSuites: list(text), ecdhCurves: ignored }),
  enablePrometheusMerge: ignored,
  disableEnvoyListenerLog: ignored,
  ingressService: ignored,
  ingressSelector: ignored,
  ingressClass: ignored,
  ingressControllerMode: ignored,
  discoverySelectors: unsupported("all namespaces are read"),
  configSources: ignored,
  caCertificates: ignored,
  verifyCertificateAtClient: ignored,
  enableEnvoyAccessLogService: ignored,
  serviceSettings: ignored,
  dnsLookupFamily: ignored,
});
export type MeshConfigFields = Infer<typeof meshConfig>;
