import type { Destination, HttpRoute, RouteDestination } from "#mesh/istio/virtual-service.ts";
import { hashForDestination, hashPolicy } from "./hash-policy.ts";
import { type HeaderOperations, headerFields, headerOperations } from "./headers.ts";
import { durationOf, type JsonObject, message, unlessEmpty } from "./json.ts";
import { mirrorPolicies } from "./mirror.ts";
import { retryPolicy } from "./retry.ts";
import type { RouteContext } from "./route.ts";

export interface ForwardAction {
  action: JsonObject;
  /** What the only destination does to headers; with several it stands at each of them. */
  headers: HeaderOperations[];
}

/** Where a route sends requests, and what happens on the way. */
export function forwardAction(route: HttpRoute, context: RouteContext): ForwardAction {
  const destinations = route.route ?? [];
  const [only] = destinations;
  const single = destinations.length === 1 && only ? only : undefined;
  const operations = single ? headerOperations(single.headers) : undefined;
  const hashes = destinations.filter((one) => single || one.weight).map((one) => hashOf(one, context));
  const authority = route.rewrite?.authority || headerOperations(route.headers).authority || operations?.authority;
  const action = message({
    ...(single ? { cluster: clusterOf(single, context) } : weightedClusters(destinations, context)),
    ...rewriteOf(route),
    ...timeoutOf(route.timeout),
    host_rewrite_literal: authority || undefined,
    append_x_forwarded_host: (route.rewrite && context.appendForwardedHost) || undefined,
    request_mirror_policies: mirrorPolicies(route, (one) => context.clusterOf(one)),
    hash_policy: unlessEmpty(hashes.flatMap((hash) => hash ?? [])),
    retry_policy: retryPolicy(route.retries ?? context.defaultRetry, {
      hashed: single !== undefined && hasHash(single, context),
    }),
  });
  return { action, headers: operations ? [operations] : [] };
}

/** Without a timeout there is none, and a gRPC caller's own deadline counts without a limit. */
export function timeoutOf(timeoutMs: number | undefined): JsonObject {
  const timeout = durationOf(timeoutMs ?? 0);
  return { timeout, max_grpc_timeout: timeout };
}

function clusterOf(destination: RouteDestination, context: RouteContext): string {
  return context.clusterOf(destination.destination ?? {});
}

/** Destinations of weight 0 are left out, even if only one remains. */
function weightedClusters(destinations: RouteDestination[], context: RouteContext): JsonObject {
  const clusters = destinations
    .filter(({ weight }) => weight)
    .map((destination) => {
      const operations = headerOperations(destination.headers);
      return message({
        name: clusterOf(destination, context),
        weight: destination.weight,
        ...headerFields(operations),
        host_rewrite_literal: operations.authority || undefined,
      });
    });
  return { weighted_clusters: clusters.length > 0 ? { clusters } : {} };
}

function rewriteOf({ rewrite }: HttpRoute): JsonObject {
  const regex = rewrite?.uriRegexRewrite;
  if (regex) {
    return { regex_rewrite: { pattern: { regex: regex.match ?? "" }, substitution: regex.rewrite ?? "" } };
  }
  return rewrite?.uri ? { prefix_rewrite: rewrite.uri } : {};
}

function hasHash({ destination }: RouteDestination, context: RouteContext): boolean {
  return destinationHash(destination, context) !== undefined;
}

function hashOf({ destination }: RouteDestination, context: RouteContext): JsonObject | undefined {
  return hashPolicy(destinationHash(destination, context));
}

function destinationHash(destination: Destination = {}, context: RouteContext) {
  const rule = context.destinationRule(destination.host ?? "");
  return rule && hashForDestination(rule, destination);
}
