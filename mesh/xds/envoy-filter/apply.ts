import type { Compilation } from "../compilation.ts";
import type { JsonObject } from "../json.ts";
import { inboundPassthroughCluster, virtualInbound } from "../names.ts";
import { patchClusters } from "./clusters.ts";
import { patchListeners } from "./listeners.ts";
import { type Patch, type PatchContext, patchesFor } from "./patches.ts";
import { patchRouteConfiguration, type RouteWork } from "./routes.ts";

interface Resources {
  listeners: JsonObject[];
  clusters: JsonObject[];
  routes: JsonObject[];
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
  return proxy.type === "router"
    ? patchSide(resources, patches, { ...surroundings, context: "GATEWAY" })
    : patchSidecar(resources, patches, surroundings);
}

function patchSidecar<R extends Resources>(resources: R, patches: Patch[], surroundings: PatchSurroundings): R {
  const inbound = {
    listeners: resources.listeners.filter(({ name }) => isInboundListener(name)),
    clusters: resources.clusters.filter(({ name }) => isInboundCluster(name)),
    routes: [],
  };
  const outbound = {
    listeners: resources.listeners.filter(({ name }) => !isInboundListener(name)),
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

function patchSide<R extends Resources>(
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

function isInboundListener(name: unknown): boolean {
  return name === virtualInbound;
}

function isInboundCluster(name: unknown): boolean {
  return typeof name === "string" && (name.startsWith("inbound|") || name === inboundPassthroughCluster);
}
