import type { DestinationRule } from "#mesh/istio/destination-rule.ts";
import { type Finding, findingAt } from "#mesh/istio/finding.ts";
import { originOf as originOfPart } from "#mesh/istio/shape.ts";
import type { Destination, HttpMatch, HttpRoute, Retry } from "#mesh/istio/virtual-service.ts";
import { corsConfig, corsFilter } from "./cors.ts";
import { faultConfig, faultFilter } from "./fault.ts";
import { headerFields, headerOperations } from "./headers.ts";
import { type JsonObject, message } from "./json.ts";
import { isCatchAll, routeMatch } from "./match.ts";
import { outboundCluster, parseOutboundCluster } from "./names.ts";
import { from, fromObject } from "./origin.ts";
import { labelsMatch, type Proxy } from "./proxy.ts";
import { directResponseAction, isRedirectCode, redirectAction } from "./redirect.ts";
import { retryPolicy } from "./retry.ts";
import { forwardAction, timeoutOf } from "./route-action.ts";
import type { Service } from "./service.ts";
import type { VirtualServiceResource } from "./virtual-services.ts";

/** For whom, and on which port, routes are made. */
export interface RouteContext {
  proxy: Proxy;
  /** The listener's port; on a gateway that of the server. */
  port: number;
  /** `mesh` for sidecars; the Gateways of the server otherwise. */
  gateways: ReadonlySet<string>;
  isTls: boolean;
  defaultRetry: Retry | undefined;
  appendForwardedHost: boolean;
  clusterOf(destination: Destination): string;
  destinationRule(hostname: string): DestinationRule | undefined;
  findings: Finding[];
}

/** The routes of a VirtualService for one proxy on one port; none when no rule of it applies there. */
export function buildRoutes(resource: VirtualServiceResource, context: RouteContext): JsonObject[] {
  const routes: JsonObject[] = [];
  for (const rule of resource.spec.http ?? []) {
    const matches = rule.match && rule.match.length > 0 ? rule.match : [undefined];
    for (const match of matches) {
      if (!appliesTo(match, context)) continue;
      const route = buildRoute(resource, rule, { match, context });
      routes.push(route);
      if (match && isCatchAll(route)) return routes;
    }
    // Istio stops at a rule without matches even where the rule itself does not apply.
    if (matches[0] === undefined) return routes;
  }
  return routes;
}

/** Ports, gateways and sources are decided here, for each proxy, and leave no trace in the route. */
function appliesTo(match: HttpMatch | undefined, { port, gateways, proxy }: RouteContext): boolean {
  if (!match) return true;
  if (match.port && match.port !== port) return false;
  if (match.gateways && match.gateways.length > 0) return match.gateways.some((gateway) => gateways.has(gateway));
  if (!labelsMatch(match.sourceLabels ?? {}, proxy.labels)) return false;
  return !match.sourceNamespace || match.sourceNamespace === proxy.namespace;
}

interface Rule {
  match: HttpMatch | undefined;
  context: RouteContext;
}

function buildRoute(resource: VirtualServiceResource, rule: HttpRoute, { match, context }: Rule): JsonObject {
  const operations = headerOperations(rule.headers);
  const { action, headers } = actionOf(rule, context);
  const name = (rule.name ?? "") + (match?.name ? `.${match.name}` : "");
  const perFilter = message({
    [faultFilter]: rule.fault && faultConfig(rule.fault),
    [corsFilter]: rule.corsPolicy && corsConfig(rule.corsPolicy),
  });
  const route = message({
    name: name || undefined,
    match: routeMatch(match),
    ...action,
    metadata: configMetadata(resource),
    decorator: { operation: operationOf(action, { match, resource, port: context.port }) },
    typed_per_filter_config: Object.keys(perFilter).length > 0 ? perFilter : undefined,
    ...headerFields(operations, ...headers),
    stat_prefix: match?.statPrefix || undefined,
  });
  return from(match ?? rule, route);
}

type Action = { action: JsonObject; headers: ReturnType<typeof headerOperations>[] };

function actionOf(rule: HttpRoute, context: RouteContext): Action {
  if (rule.redirect) {
    const code = rule.redirect.redirectCode ?? 0;
    if (isRedirectCode(code)) return { action: { redirect: redirectAction(rule.redirect, context) }, headers: [] };
    reportRedirectCode(rule.redirect, code, context);
    return { action: {}, headers: [] };
  }
  if (rule.directResponse)
    return { action: { direct_response: directResponseAction(rule.directResponse) }, headers: [] };
  const { action, headers } = forwardAction(rule, context);
  return { action: { route: action }, headers };
}

function reportRedirectCode(redirect: object, code: number, context: RouteContext): void {
  const origin = originOfPart(redirect);
  if (!origin) return;
  const message = `Envoy cannot redirect with ${code}: the route has no action, and Envoy refuses the configuration`;
  const path = [...origin.path, "redirectCode"];
  const hint = "write 301, 302, 303, 307 or 308";
  context.findings.push(findingAt(origin.object.source, path, { problem: "badValue", message, hint }));
}

/** Where in Kubernetes' API the resource behind a route or cluster stands. */
function configMetadata({ namespace, name }: VirtualServiceResource): JsonObject {
  const config = `/apis/networking.istio.io/v1/namespaces/${namespace}/virtual-service/${name}`;
  return { filter_metadata: { istio: { config } } };
}

interface Operation {
  match: HttpMatch | undefined;
  resource: VirtualServiceResource;
  port: number;
}

/** The name that a trace's span gets. */
function operationOf(action: JsonObject, { match, resource, port }: Operation): string {
  const uri = match?.uri;
  const path = uri?.exact ?? uri?.regex ?? `${uri?.prefix ?? "/"}*`;
  const forward = action["route"] as JsonObject | undefined;
  const cluster = parseOutboundCluster(String(forward?.["cluster"] ?? ""));
  return cluster ? `${cluster.host}:${cluster.port}${path}` : `${resource.name}:${port}${path}`;
}

/** The route to a service that no VirtualService is for. */
export function defaultRoute(
  service: Service,
  port: number,
  options: { retry: Retry | undefined; hashPolicy: JsonObject | undefined },
): JsonObject {
  const route = {
    name: "default",
    match: { prefix: "/" },
    route: message({
      cluster: outboundCluster({ port, subset: "", host: service.hostname }),
      ...timeoutOf(undefined),
      retry_policy: retryPolicy(options.retry, { hashed: false }),
      hash_policy: options.hashPolicy && [options.hashPolicy],
    }),
    decorator: { operation: `${service.hostname}:${port}/*` },
  };
  return fromObject(service.origin, ["spec", "ports"], route);
}
