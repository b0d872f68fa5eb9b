import { isVisibleFrom } from "../visibility.ts";
import type { Context } from "./context.ts";

/** Routes that delegate to nothing (M032). */
export function checkDelegates({ world, routes }: Context): void {
  const known = new Map(world.resources.VirtualService.map((resource) => [keyOf(resource.object.metadata), resource]));
  const namespaces = new Set(world.resources.VirtualService.map(({ object }) => object.metadata.namespace));
  for (const { route, place, resource } of routes) {
    const { delegate } = route;
    if (!delegate) continue;
    const own = resource.object.metadata.namespace;
    const namespace = delegate.namespace || own;
    const target = known.get(keyOf({ namespace, name: delegate.name ?? "" }));
    const at = place.in("delegate");
    const dropped = "so the route is dropped";
    if (!target) {
      if (!namespaces.has(namespace)) continue;
      at.find(
        "M032",
        `there is no VirtualService ${namespace}/${delegate.name}, ${dropped}`,
        "correct the delegate's name",
      );
    } else if (target.spec.hosts?.length) {
      at.find("M032", `${namespace}/${delegate.name} has hosts of its own, ${dropped}`, "remove its hosts");
    } else if (!isVisibleFrom(own, { namespace, exportTo: target.spec.exportTo })) {
      at.find(
        "M032",
        `${namespace}/${delegate.name} is not exported to ${own}, ${dropped}`,
        `add ${own} to its exportTo`,
      );
    }
  }
}

function keyOf({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}
