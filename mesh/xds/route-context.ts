import type { Destination } from "#mesh/istio/virtual-service.ts";
import type { Compilation } from "./compilation.ts";
import { outboundCluster } from "./names.ts";
import type { RouteContext } from "./route.ts";
import type { Service } from "./service.ts";
import { destinationRuleFor } from "./sidecar-scope.ts";

/** What a VirtualService's routes on a port of the mesh are made with. */
export function routeContext(
  compilation: Compilation,
  port: number,
  registry: ReadonlyMap<string, Service>,
): RouteContext {
  const { scope, proxy, mesh, findings } = compilation;
  return {
    proxy,
    port,
    gateways: new Set(["mesh"]),
    isTls: false,
    defaultRetry: mesh.settings.fields.defaultHttpRetryPolicy,
    appendForwardedHost: compilation.headers.forwardedHost,
    clusterOf: (destination) => clusterOf(destination, registry.get(destination.host ?? ""), port),
    destinationRule: (hostname) => destinationRuleFor(scope, proxy, hostname)?.spec,
    findings,
  };
}

/**
 * The cluster of a destination. Without a port it is the service's only one, else that of the listener, even where the service
 * has no such port.
 */
export function clusterOf(destination: Destination, service: Service | undefined, listenerPort: number): string {
  if (!destination.host) return "UnknownService";
  const host = service?.externalName || destination.host;
  const [only, ...others] = service?.ports ?? [];
  const inferred = only && others.length === 0 ? only.number : listenerPort;
  return outboundCluster({ port: destination.port?.number ?? inferred, subset: destination.subset ?? "", host });
}
