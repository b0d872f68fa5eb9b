import { isDeepStrictEqual } from "node:util";
import type { Json } from "../envoy-api.ts";
import { edsName, localizeCluster } from "./clusters.ts";
import { gatewayListeners } from "./gateway.ts";
import { inboundListeners } from "./inbound.ts";
import { nameOf, textAt } from "./json.ts";
import { proxyKey, scoped } from "./names.ts";
import { outboundResources } from "./outbound.ts";
import { type Rewriting, rewrite } from "./rewrite.ts";
import { withTelemetry, withWorkloadLabels } from "./telemetry.ts";
import type { Localized, LocalProxy, Place, Replica, SecretNeed, Shortfall } from "./types.ts";

interface Draft {
  readonly listeners: Map<string, Json>;
  readonly clusters: Map<string, Json>;
  readonly routes: Map<string, Json>;
  readonly endpoints: Map<string, Json>;
  readonly secrets: Map<string, SecretNeed>;
  readonly origins: Map<string, Json>;
  readonly shortfalls: Shortfall[];
}

/**
 * Turns what istiod would push to each proxy into what one Envoy on this machine runs for all of them. Pure: the same input gives
 * the same output, in the same order.
 */
export function localize(proxies: readonly LocalProxy[], place: Place): Localized {
  const draft: Draft = {
    listeners: new Map(),
    clusters: new Map(),
    routes: new Map(),
    endpoints: new Map(),
    secrets: new Map(),
    origins: new Map(),
    shortfalls: [],
  };
  const byIp = new Map(proxies.flatMap(({ replica }) => (replica ? [[replica.ip, replica] as const] : [])));
  for (const proxy of proxies) localizeProxy(proxy, { place, byIp }, draft);
  const { listeners, clusters, routes, endpoints } = draft;
  return { ...draft, resources: { listeners, clusters, routes, endpoints } };
}

interface World {
  readonly place: Place;
  readonly byIp: ReadonlyMap<string, Replica>;
}

function localizeProxy(proxy: LocalProxy, { place, byIp }: World, draft: Draft): void {
  const key = proxyKey(proxy);
  const names = new Set(proxy.compiled.clusters.map(nameOf));
  const { secrets, shortfalls } = draft;
  const context: Rewriting = { key, proxy, place, clusters: names, secrets, shortfalls };
  addClusters(context, draft, byIp);
  if (proxy.replica) addSidecar(context, draft);
  else addGateway(context, draft);
}

function addClusters(context: Rewriting, draft: Draft, byIp: ReadonlyMap<string, Replica>): void {
  const { compiled } = context.proxy;
  const endpoints = new Map(
    compiled.endpoints.map((item) => [textAt(item, "cluster_name"), withWorkloadLabels(item, byIp)]),
  );
  for (const source of compiled.clusters) {
    const cluster = localizeCluster(source, context, endpoints);
    if (!cluster) continue;
    draft.clusters.set(nameOf(cluster), cluster);
    draft.origins.set(nameOf(cluster), source);
    if (cluster["type"] === "EDS") addEndpoints(cluster, { context, draft, endpoints });
  }
}

/** Endpoints are the same for most callers: one copy under istiod's name, and one of its own for who sees others. */
function addEndpoints(
  cluster: Json,
  { context, draft, endpoints }: { context: Rewriting; draft: Draft; endpoints: ReadonlyMap<string, Json> },
): void {
  const service = edsName(cluster);
  const assignment = endpoints.get(service) ?? { cluster_name: service };
  const shared = draft.endpoints.get(service);
  if (!shared || isDeepStrictEqual(shared, assignment)) {
    draft.endpoints.set(service, assignment);
    return;
  }
  const own = scoped(context.key, service);
  draft.endpoints.set(own, { ...assignment, cluster_name: own });
  cluster["eds_cluster_config"] = { service_name: own, eds_config: { ads: {}, resource_api_version: "V3" } };
}

function addSidecar(context: Rewriting, draft: Draft): void {
  const outbound = outboundResources(context);
  if (outbound) {
    draft.listeners.set(nameOf(outbound.listener), withTelemetry(outbound.listener, context.proxy, "source"));
    draft.origins.set(nameOf(outbound.listener), outbound.source);
    draft.routes.set(nameOf(outbound.routes), outbound.routes);
  }
  for (const { name, listener, source } of inboundListeners(context)) {
    draft.listeners.set(name, withTelemetry(listener, context.proxy, "destination"));
    draft.origins.set(name, source);
  }
}

function addGateway(context: Rewriting, draft: Draft): void {
  for (const { name, listener, source } of gatewayListeners(context)) {
    draft.listeners.set(name, withTelemetry(listener, context.proxy, "source"));
    draft.origins.set(name, source);
  }
  for (const source of context.proxy.compiled.routes) {
    const name = scoped(context.key, nameOf(source));
    draft.routes.set(name, { ...rewrite(source, context), name });
    draft.origins.set(name, source);
  }
}
