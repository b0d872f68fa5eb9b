import { destination } from "../../schema/destination.ts";
import {
  bool,
  bytes,
  double,
  duration,
  type Infer,
  int32,
  list,
  map,
  message,
  oneOf,
  string,
  uint32,
} from "../../schema/types.ts";

const stringMatch = message({ exact: string, prefix: string, regex: string }, { oneOf: ["exact", "prefix", "regex"] });
const percent = message({ value: double });
const headerOperations = message({ set: map(string), add: map(string), remove: list(string) });
const headers = message({ request: headerOperations, response: headerOperations });

const httpMatch = message({
  name: string,
  uri: stringMatch,
  scheme: stringMatch,
  method: stringMatch,
  authority: stringMatch,
  headers: map(stringMatch),
  port: uint32,
  sourceLabels: map(string),
  gateways: list(string),
  queryParams: map(stringMatch),
  ignoreUriCase: bool,
  withoutHeaders: map(stringMatch),
  sourceNamespace: string,
  statPrefix: string,
});

const fault = message({
  delay: message(
    { percent: int32, fixedDelay: duration, exponentialDelay: duration, percentage: percent },
    { oneOf: ["fixedDelay", "exponentialDelay"] },
  ),
  abort: message(
    { httpStatus: int32, grpcStatus: string, http2Error: string, percentage: percent },
    { oneOf: ["httpStatus", "grpcStatus", "http2Error"] },
  ),
});

const corsPolicy = message({
  allowOrigin: list(string),
  allowOrigins: list(stringMatch),
  allowMethods: list(string),
  allowHeaders: list(string),
  exposeHeaders: list(string),
  maxAge: duration,
  allowCredentials: bool,
  unmatchedPreflights: oneOf("UNSPECIFIED", "FORWARD", "IGNORE"),
});

const retries = message({
  attempts: int32,
  perTryTimeout: duration,
  retryOn: string,
  retryRemoteLocalities: bool,
  retryIgnorePreviousHosts: bool,
  backoff: duration,
});

const httpRoute = message({
  name: string,
  match: list(httpMatch),
  route: list(message({ destination, weight: int32, headers })),
  redirect: message(
    {
      uri: string,
      authority: string,
      port: uint32,
      derivePort: oneOf("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"),
      scheme: string,
      redirectCode: uint32,
    },
    { oneOf: ["port", "derivePort"] },
  ),
  directResponse: message({ status: uint32, body: message({ string, bytes }, { oneOf: ["string", "bytes"] }) }),
  delegate: message({ name: string, namespace: string }),
  rewrite: message({ uri: string, authority: string, uriRegexRewrite: message({ match: string, rewrite: string }) }),
  timeout: duration,
  retries,
  fault,
  mirror: destination,
  mirrors: list(message({ destination, percentage: percent })),
  mirrorPercent: uint32,
  mirror_percent: uint32,
  mirrorPercentage: percent,
  corsPolicy,
  headers,
});

const layer4Match = message({
  destinationSubnets: list(string),
  port: uint32,
  sourceSubnet: string,
  sourceLabels: map(string),
  gateways: list(string),
  sourceNamespace: string,
});

const tlsMatch = message({
  sniHosts: list(string),
  destinationSubnets: list(string),
  port: uint32,
  sourceLabels: map(string),
  gateways: list(string),
  sourceNamespace: string,
});

const routeDestinations = list(message({ destination, weight: int32 }));

export const schema = message({
  hosts: list(string),
  gateways: list(string),
  http: list(httpRoute),
  tls: list(message({ match: list(tlsMatch), route: routeDestinations })),
  tcp: list(message({ match: list(layer4Match), route: routeDestinations })),
  exportTo: list(string),
});

export type VirtualService = Infer<typeof schema>;
export type HttpRoute = Infer<typeof httpRoute>;
export type HttpMatch = Infer<typeof httpMatch>;
export type StringMatch = Infer<typeof stringMatch>;
export type Headers = Infer<typeof headers>;
export type Fault = Infer<typeof fault>;
export type CorsPolicy = Infer<typeof corsPolicy>;
export type Retries = Infer<typeof retries>;
export type Destination = Infer<typeof destination>;
export type Layer4Match = Infer<typeof layer4Match>;
export type TlsMatch = Infer<typeof tlsMatch>;
