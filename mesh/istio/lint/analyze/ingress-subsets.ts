import { fullHost } from "../services.ts";
import type { World } from "../world.ts";

/** Routes of a gateway that miss the subset which another VirtualService of the host chooses (IST0140). */
export function analyzeIngressSubsets(world: World): void {
  const chosen = subsetsByHost(world);
  for (const { spec, place, object } of world.resources.VirtualService) {
    if (!spec.gateways?.length) continue;
    spec.http?.forEach(({ route }, routeIndex) => {
      route?.forEach(({ destination }, index) => {
        if (!destination?.host || destination.subset) return;
        const other = chosen.get(fullHost(destination.host, object.metadata.namespace));
        if (other === undefined) return;
        const message = `${other} sends ${destination.host} to a subset; requests from this gateway do not pass through it`;
        const at = place.in("http", routeIndex, "route", index, "destination");
        at.find("IST0140", message, "write the subset here, too");
      });
    });
  }
}

/** Hosts that a VirtualService of their own sends to a subset, with its name. */
function subsetsByHost(world: World): Map<string, string> {
  const chosen = new Map<string, string>();
  for (const { spec, object } of world.resources.VirtualService) {
    const { namespace, name } = object.metadata;
    const hosts = new Set(spec.hosts?.map((host) => fullHost(host, namespace)));
    for (const { route } of spec.http ?? []) {
      for (const { destination } of route ?? []) {
        const host = fullHost(destination?.host ?? "", namespace);
        if (destination?.subset && hosts.has(host)) chosen.set(host, `${namespace}/${name}`);
      }
    }
  }
  return chosen;
}
