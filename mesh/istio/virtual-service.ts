import {
  decimal,
  duration,
  flag,
  type Infer,
  integer,
  list,
  map,
  record,
  type Shape,
  text,
  traced,
  unsupported,
  word,
} from "./shape.ts";

/** How a text is compared: exactly one of the three, or none for "is present". */
export const stringMatch = record({ exact: text, prefix: text, regex: text }, "exact, prefix or regex with a text");
export type StringMatch = Infer<typeof stringMatch>;

const percent = record({ value: decimal });
const port = record({ number: integer });

export const destination = traced(record({ host: text, subset: text, port }));
export type Destination = Infer<typeof destination>;

const headerOperations = record({ set: map(text), add: map(text), remove: list(text) });
export const headers = record({ request: headerOperations, response: headerOperations });
export type Headers = Infer<typeof headers>;

export const httpMatch = traced(
  record({
    name: text,
    uri: stringMatch,
    scheme: stringMatch,
    method: stringMatch,
    authority: stringMatch,
    headers: map(stringMatch, {}),
    port: integer,
    sourceLabels: map(text),
    gateways: list(text),
    queryParams: map(stringMatch, {}),
    ignoreUriCase: flag,
    withoutHeaders: map(stringMatch, {}),
    sourceNamespace: text,
    statPrefix: text,
  }),
);
export type HttpMatch = Infer<typeof httpMatch>;

export const retry = traced(
  record({
    attempts: integer,
    perTryTimeout: duration,
    retryOn: text,
    retryRemoteLocalities: flag,
    retryIgnorePreviousHosts: flag,
    backoff: duration,
  }),
);
export type Retry = Infer<typeof retry>;

const routeDestination = traced(record({ destination, weight: integer, headers }));
export type RouteDestination = Infer<typeof routeDestination>;

const redirect = traced(
  record({
    uri: text,
    authority: text,
    scheme: text,
    port: integer,
    derivePort: word("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"),
    redirectCode: integer,
  }),
);
export type Redirect = Infer<typeof redirect>;

const rewrite = record({ uri: text, authority: text, uriRegexRewrite: record({ match: text, rewrite: text }) });
export type Rewrite = Infer<typeof rewrite>;

const directResponse = record({ status: integer, body: record({ string: text, bytes: text }) });
export type DirectResponse = Infer<typeof directResponse>;

const fault = record({
  delay: record({
    percentage: percent,
    percent: integer,
    fixedDelay: duration,
    exponentialDelay: unsupported("Istio refuses it"),
  }),
  abort: record({
    percentage: percent,
    httpStatus: integer,
    grpcStatus: text,
    http2Error: unsupported("Istio drops it"),
  }),
});
export type Fault = Infer<typeof fault>;

const cors = record({
  allowOrigin: list(text),
  allowOrigins: list(stringMatch),
  allowMethods: list(text),
  allowHeaders: list(text),
  exposeHeaders: list(text),
  maxAge: duration,
  allowCredentials: flag,
  unmatchedPreflights: word("UNSPECIFIED", "FORWARD", "IGNORE"),
});
export type CorsPolicy = Infer<typeof cors>;

const mirror = record({ destination, percentage: percent });

export const httpRoute = traced(
  record({
    name: text,
    match: list(httpMatch),
    route: list(routeDestination),
    redirect,
    directResponse,
    delegate: record({ name: text, namespace: text }),
    rewrite,
    timeout: duration,
    retries: retry,
    fault,
    mirror: destination,
    mirrors: list(mirror),
    mirrorPercent: integer,
    mirror_percent: integer,
    mirrorPercentage: percent,
    corsPolicy: cors,
    headers,
  }),
);
export type HttpRoute = Infer<typeof httpRoute>;

const l4Match = traced(
  record({
    destinationSubnets: list(text),
    port: integer,
    sourceSubnet: unsupported("Istio ignores it too"),
    sourceLabels: map(text),
    gateways: list(text),
    sourceNamespace: text,
  }),
);
export type L4Match = Infer<typeof l4Match>;

const l4Destination = traced(record({ destination, weight: integer }));
export type L4Destination = Infer<typeof l4Destination>;

const tcpRoute = traced(record({ match: list(l4Match), route: list(l4Destination) }));
export type TcpRoute = Infer<typeof tcpRoute>;

const tlsMatch = traced(
  record({
    sniHosts: list(text),
    destinationSubnets: list(text),
    port: integer,
    sourceLabels: map(text),
    gateways: list(text),
    sourceNamespace: text,
  }),
);
export type TlsMatch = Infer<typeof tlsMatch>;

const tlsRoute = traced(record({ match: list(tlsMatch), route: list(l4Destination) }));
export type TlsRoute = Infer<typeof tlsRoute>;

const virtualServiceFields = record({
  hosts: list(text),
  gateways: list(text),
  http: list(httpRoute),
  tls: list(tlsRoute),
  tcp: list(tcpRoute),
  exportTo: list(text),
});
export type VirtualService = Infer<typeof virtualServiceFields>;

export const virtualService: Shape<VirtualService> = virtualServiceFields;
