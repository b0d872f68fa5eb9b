import type { Compilation } from "../compilation.ts";
import { type JsonObject, objectAt, objectsAt } from "../json.ts";
import { inboundPassthroughCluster } from "../names.ts";
import { patchClusters } from "./clusters.ts";
import { patchListeners } from "./listeners.ts";
import { type Patch, type PatchContext, patchesFor } from "./patches.ts";
import { patchRouteConfiguration, type RouteWork } from "./routes.ts";

interface Patchable {
  listeners: JsonObject[];
  clusters: JsonObject[];
  routes: JsonObject[];
}

interface Resources extends Patchable {
  endpoints: JsonObject[];
}

/** What the patches need to know of the proxy, besides its resources. */
export interface PatchSurroundings {
  /** The hosts of the services behind an inbound cluster. */
  hostsOf: (cluster: string) => readonly string[];
  gatewayPorts?: NonNullable<RouteWork["gatewayPorts"]>;
}

/** Applies the EnvoyFilters of a proxy to what was made for it: the last step of a compilation. */
export function applyEnvoyFilters<R extends Resources>(
  resources: R,
  { mesh, proxy }: Compilation,
  surroundings: PatchSurroundings,
): R {
  const patches = patchesFor(mesh, proxy);
  if (patches.length === 0) return resources;
  const patched =
    proxy.type === "router"
      ? patchSide(resources, patches, { ...surroundings, context: "GATEWAY" })
      : patchSidecar(resources, patches, surroundings);
  return { ...patched, routes: ofListeners(patched), endpoints: ofClusters(patched) };
}

/** Envoy asks for the routes that its listeners name: those of a removed one are told to nobody. */
function ofListeners({ listeners, routes }: Resources): JsonObject[] {
  const chains = listeners.flatMap((listener) => [
    ...objectsAt(listener, "filter_chains"),
    objectAt(listener, "default_filter_chain"),
  ]);
  const filters = chains.flatMap((chain) => objectsAt(chain, "filters"));
  const names = new Set(
    filters.map((filter) => objectAt(objectAt(filter, "typed_config"), "rds")["route_config_name"]),
  );
  return routes.filter(({ name }) => names.has(name));
}

/** It asks for endpoints of the clusters that it has in the same way. */
function ofClusters({ clusters, endpoints }: Resources): JsonObject[] {
  const names = new Set(clusters.map(({ name }) => name));
  return endpoints.filter(({ cluster_name }) => names.has(cluster_name));
}

function patchSidecar<R extends Patchable>(resources: R, patches: Patch[], surroundings: PatchSurroundings): R {
  const inbound = {
    listeners: resources.listeners.filter(isInboundListener),
    clusters: resources.clusters.filter(({ name }) => isInboundCluster(name)),
    routes: [],
  };
  const outbound = {
    listeners: resources.listeners.filter((listener) => !isInboundListener(listener)),
    clusters: resources.clusters.filter(({ name }) => !isInboundCluster(name)),
    routes: resources.routes,
  };
  const inside = patchSide(inbound, patches, { ...surroundings, context: "SIDECAR_INBOUND" });
  const outside = patchSide(outbound, patches, { ...surroundings, context: "SIDECAR_OUTBOUND" });
  return {
    ...resources,
    listeners: [...outside.listeners, ...inside.listeners],
    clusters: [...outside.clusters, ...inside.clusters],
    routes: outside.routes,
  };
}

function patchSide<R extends Patchable>(
  resources: R,
  patches: Patch[],
  side: PatchSurroundings & { context: PatchContext },
): R {
  return {
    ...resources,
    listeners: patchListeners(resources.listeners, patches, side.context),
    clusters: patchClusters(resources.clusters, patches, side),
    routes: resources.routes.map((routes) => patchRouteConfiguration(routes, patches, side)),
  };
}

/** The one that everything is redirected to, and those that a Sidecar's ingress has beside it. */
function isInboundListener(listener: JsonObject): boolean {
  return listener["traffic_direction"] === "INBOUND";
}

function isInboundCluster(name: unknown): boolean {
  return typeof name === "string" && (name.startsWith("inbound|") || name === inboundPassthroughCluster);
}
