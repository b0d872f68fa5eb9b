import { authorizationFilters, customAuthorizationFilters } from "./authorization.ts";
import type { Compilation } from "./compilation.ts";
import { corsFilter } from "./cors.ts";
import { faultFilter } from "./fault.ts";
import { extension, type JsonObject, typedStruct } from "./json.ts";
import { jwtFilters } from "./jwt.ts";
import type { Protocol } from "./protocol.ts";

/** Which side of which proxy a listener is: calls of the own workload, calls to it, or calls from outside. */
export type Direction = "outbound" | "inbound" | "gateway";

export interface FilterContext {
  direction: Direction;
  protocol: Protocol;
  compilation: Compilation;
}

/**
 * The HTTP filters of a listener. The order is the order in which a request passes them, and Istio's: who the peer is comes
 * before what it may do, and both before anything that could answer in the workload's place.
 */
const order: readonly ((context: FilterContext) => JsonObject[])[] = [
  // Tells Istio's own filters who is at the other end; policies and statistics use it.
  ({ direction }) => [peerMetadata(direction)],
  // An external authoriser is asked first, so that it sees requests which are refused later.
  ({ direction, compilation }) => (direction === "outbound" ? [] : customAuthorizationFilters(compilation)),
  // Checks tokens, and leaves their claims for the rules behind it.
  ({ direction, compilation }) => (direction === "outbound" ? [] : jwtFilters(compilation)),
  // AUDIT, DENY, then ALLOW.
  ({ direction, compilation }) => (direction === "outbound" ? [] : authorizationFilters(compilation)),
  // Only for ports that are named grpc-web: turns a browser's calls into gRPC.
  ({ protocol }) => (protocol === "GRPC-Web" ? [grpcWeb] : []),
  () => [grpcStats],
  // Tells the other sidecar in the TLS handshake that HTTP comes.
  ({ direction }) => (direction === "inbound" ? [] : [alpn]),
  // Empty: routes carry their own faults and CORS policies, and the filter has to be there for them.
  () => [fault, cors],
  // Sends the request on, so nothing behind it is ever reached.
  ({ direction, compilation }) => [router(direction, compilation)],
];

export function httpFilters(context: FilterContext): JsonObject[] {
  return order.flatMap((build) => build(context));
}

const grpcWeb = extension("envoy.filters.http.grpc_web", "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb");

const grpcStats = extension(
  "envoy.filters.http.grpc_stats",
  "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
  {
    emit_filter_state: true,
    stats_for_all_methods: false,
  },
);

const alpn = extension("istio.alpn", "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig", {
  alpn_override: [
    { alpn_override: ["istio-http/1.0", "istio", "http/1.0"] },
    { upstream_protocol: "HTTP11", alpn_override: ["istio-http/1.1", "istio", "http/1.1"] },
    { upstream_protocol: "HTTP2", alpn_override: ["istio-h2", "istio", "h2"] },
  ],
});

const fault = extension(faultFilter, "envoy.extensions.filters.http.fault.v3.HTTPFault");
const cors = extension(corsFilter, "envoy.extensions.filters.http.cors.v3.Cors");

function router(_direction: Direction, { headers }: Compilation): JsonObject {
  const fields = headers.suppressDebugHeaders ? { suppress_envoy_headers: true } : {};
  return extension("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router", fields);
}

function peerMetadata(direction: Direction): JsonObject {
  const discovery = [{ istio_headers: {} }, { workload_discovery: {} }];
  const propagation = [{ istio_headers: {} }];
  const value =
    direction === "inbound"
      ? { downstream_discovery: discovery, downstream_propagation: propagation }
      : { upstream_discovery: discovery, upstream_propagation: propagation };
  return typedStruct("istio.metadata_exchange", "io.istio.http.peer_metadata.Config", value);
}
