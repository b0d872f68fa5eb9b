import { isJwtClaim } from "../checks/header-names.ts";
import { selects } from "../field.ts";
import type { Gateway } from "../kinds/gateway/schema.ts";
import type { VirtualService } from "../kinds/virtual-service/schema.ts";
import type { Place } from "../place.ts";
import type { Resource } from "../resources.ts";
import type { World } from "../world.ts";
import { fullGatewayName, gatewaysByName } from "./gateway-references.ts";

/** Routes on a token's claims where no RequestAuthentication reads the token (IST0149). */
export function analyzeClaims(world: World): void {
  const gateways = gatewaysByName(world);
  for (const resource of world.resources.VirtualService) {
    const place = claimOf(resource);
    if (!place) continue;
    for (const name of resource.spec.gateways ?? []) {
      const gateway = gateways.get(fullGatewayName(name, resource.object.metadata.namespace));
      if (!gateway || isAuthenticated(gateway, world)) continue;
      const message = `no RequestAuthentication reads tokens at the gateway ${name}, so the route never matches`;
      place.find("IST0149", message, "write a RequestAuthentication that selects the gateway's pods");
    }
  }
}

function claimOf({ spec, place }: Resource<VirtualService>): Place | undefined {
  for (const [routeIndex, { match }] of (spec.http ?? []).entries()) {
    for (const [index, { headers, withoutHeaders }] of (match ?? []).entries()) {
      for (const [field, map] of [
        ["headers", headers],
        ["withoutHeaders", withoutHeaders],
      ] as const) {
        const claim = Object.keys(map ?? {}).find(isJwtClaim);
        if (claim !== undefined) return place.in("http", routeIndex, "match", index, field, claim);
      }
    }
  }
  return undefined;
}

/** Judged by the gateway's selector: its pods often come from elsewhere. */
function isAuthenticated(gateway: Resource<Gateway>, world: World): boolean {
  const labels = gateway.spec.selector ?? {};
  const namespaces = new Set([
    world.mesh.rootNamespace,
    gateway.object.metadata.namespace,
    ...world.workloads.filter((workload) => selects(labels, workload.labels)).map(({ namespace }) => namespace),
  ]);
  return world.resources.RequestAuthentication.some(
    ({ spec, object }) =>
      namespaces.has(object.metadata.namespace) && selects(spec.selector?.matchLabels ?? {}, labels),
  );
}
